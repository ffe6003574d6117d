package model

// MaxReason is the most code points of the reason of a report.
const MaxReason = 500

// ReportEvent tells the operators that something is wrong with an event. A second report by the
// same person replaces the first.
type ReportEvent struct {
	By     Person
	Event  int64
	Reason string
}

// HideEvent takes an event out of everybody's sight, or puts it back. Who may, the caller knows.
type HideEvent struct {
	By     Person
	Event  int64
	Hidden bool
}

// BanPerson keeps a person from creating, editing, joining and reporting, or lets them again.
// Who may, the caller knows.
type BanPerson struct {
	By     Person
	Person int64
	Banned bool
	Reason string // for the operators
}

// SetCommunity changes the settings of a community. Who may, the caller knows.
type SetCommunity struct {
	By        Person
	Community int64 // Telegram chat id
	Title     string
	Settings  Settings
}

// Settings of a community.
type Settings struct {
	Creators Creators
	Lang     string // "ru" or "en"; empty: each person's own
	Quiet    bool   // the bot writes no announcements into the chat
}

// Creators says who may create events of a community.
type Creators string

// Those who may create events of a community.
const (
	Everyone Creators = "everyone"
	Admins   Creators = "admins"
	Nobody   Creators = "nobody"
)

// Valid reports whether c is one of those above.
func (c Creators) Valid() bool { return c == Everyone || c == Admins || c == Nobody }

// Let reports whether someone may create events.
func (c Creators) Let(admin bool) bool { return c == Everyone || c == Admins && admin }

// Validate checks the limits of the settings.
func (s Settings) Validate() error {
	switch {
	case !s.Creators.Valid():
		return &InvalidError{"creators", "unknown"}
	case s.Lang != "" && s.Lang != "ru" && s.Lang != "en":
		return &InvalidError{"lang", "unknown"}
	}
	return nil
}

// Actor implements [Command].
func (c ReportEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c HideEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c BanPerson) Actor() Person { return c.By }

// Actor implements [Command].
func (c SetCommunity) Actor() Person { return c.By }

// Validate checks the limits of the report.
func (c ReportEvent) Validate() error {
	if !text(c.Reason, MaxReason) {
		return &InvalidError{"reason", "too long or not text"}
	}
	return nil
}
