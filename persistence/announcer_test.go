package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
)

const club = -100

// createIn makes an event of a community.
func createIn(chat, owner, draft int64, change ...func(*model.Details)) model.CreateCommunityEvent {
	d := details()
	for _, c := range change {
		c(&d)
	}
	return model.CreateCommunityEvent{By: person(owner), Community: chat, CommunityTitle: "Club", Draft: draft, Details: d}
}

func startAnnouncer(t *testing.T, s *persistence.Store, epoch uint64, pace time.Duration, m *messenger) (stop func()) {
	t.Helper()
	end := s.StartAnnouncer(bot, epoch, pace, m)
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := end(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// calls returns what was announced so far.
func (m *messenger) calls() []model.Announcement {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.announced)
}

// answer has announcements answered by a function from now on.
func (m *messenger) answer(f func(model.Announcement) (int64, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.announces = f
}

// settled waits until nothing is due.
func settled(t *testing.T, url string) {
	t.Helper()
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM announcements WHERE due_at IS NOT NULL AND shown < version") == 0
	})
}

// An announcement is owed if and only if the create that causes it has committed.
func TestAnnouncementsAreOwedWithTheCreate(t *testing.T) {
	_, w, url := setUp(t)
	owed := func(want int, when string) {
		t.Helper()
		if n := number(t, url, "SELECT count(*) FROM announcements"); n != want {
			t.Fatalf("%d announcements %s, want %d", n, when, want)
		}
	}
	refused := func(update int64, c model.Command, want error) {
		t.Helper()
		if _, err := w.Do(t.Context(), key(update), c); err == nil || want != nil && !errors.Is(err, want) {
			t.Fatalf("%+v: %v, want %v", c, err, want)
		}
	}
	first := do(t, w, 1, createIn(club, 1, 1))
	owed(1, "after a create")
	do(t, w, 1, createIn(club, 1, 1))
	do(t, w, 2, createIn(club, 1, 1)) // the same draft, pressed again
	create(t, w, 3, 1, 2)             // a personal event
	owed(1, "after replays and a personal event")
	do(t, w, 4, model.SetCommunity{By: person(1), Community: club, Settings: model.Settings{Creators: model.Nobody}})
	refused(5, createIn(club, 2, 1), model.ErrNotAllowed)
	do(t, w, 6, model.SetCommunity{By: person(1), Community: club, Settings: model.Settings{Creators: model.Everyone, Quiet: true}})
	quiet := do(t, w, 7, createIn(club, 2, 1))
	do(t, w, 8, model.JoinEvent{By: person(3), Event: quiet.Event})
	owed(1, "in a quiet chat")
	do(t, w, 9, model.SetCommunity{By: person(1), Community: club, Settings: model.Settings{Creators: model.Everyone}})
	do(t, w, 10, model.LeaveCommunity{By: person(1), Community: club})
	do(t, w, 11, createIn(club, 2, 2))
	owed(1, "in a chat that the bot left")
	do(t, w, 12, model.EnterCommunity{By: person(1), Community: club})
	do(t, w, 13, createIn(club, 2, 3))
	owed(2, "where the bot is back")

	// PostgreSQL refuses the one or the other: then there is neither.
	const veto = `CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`
	execute(t, url, veto)
	for i, table := range []string{"writes", "announcements"} {
		execute(t, url, "CREATE TRIGGER veto BEFORE INSERT ON "+table+" FOR EACH ROW EXECUTE FUNCTION veto()")
		refused(20+int64(i), createIn(club, 4, int64(1+i)), nil)
		execute(t, url, "DROP TRIGGER veto ON "+table)
	}
	owed(2, "after a create that was rolled back")
	if n := number(t, url, "SELECT count(*) FROM events WHERE owner = 4"); n != 0 {
		t.Errorf("%d events without their announcement", n)
	}

	// What people do to the event is a new version each; what changes nothing is not.
	version := func(want int, when string) {
		t.Helper()
		if n := number(t, url, "SELECT version FROM announcements WHERE event = $1", first.Event); n != want {
			t.Fatalf("version %d after %s, want %d", n, when, want)
		}
	}
	one := 1
	version(1, "the create")
	do(t, w, 30, model.JoinEvent{By: person(2), Event: first.Event})
	do(t, w, 30, model.JoinEvent{By: person(2), Event: first.Event})
	do(t, w, 31, model.JoinEvent{By: person(2), Event: first.Event})
	version(2, "a join, three times")
	do(t, w, 32, model.EditEvent{By: person(1), Event: first.Event, Edit: model.Edit{Capacity: &one}})
	version(3, "an edit")
	do(t, w, 33, model.JoinEvent{By: person(3), Event: first.Event})
	version(4, "someone waits")
	do(t, w, 34, model.LeaveEvent{By: person(2), Event: first.Event})
	version(6, "one leaves and one is let in")
	do(t, w, 35, model.HideEvent{By: person(9), Event: first.Event, Hidden: true})
	do(t, w, 36, model.HideEvent{By: person(9), Event: first.Event})
	version(8, "it was hidden and shown")
	do(t, w, 37, model.CancelEvent{By: person(1), Event: first.Event})
	do(t, w, 38, model.CancelEvent{By: person(1), Event: first.Event})
	version(9, "it was called off, twice")
}

// An announcement is sent once and then edited. What happens while one is being shown, or while
// its chat rests, is shown together.
func TestAnnouncementsFollow(t *testing.T) {
	s, w, url := setUp(t)
	do(t, w, 1, model.EnterCommunity{By: person(1), Community: club, Title: "Club", Topic: 5})
	event := do(t, w, 2, createIn(club, 1, 1)).Event
	var m messenger
	startAnnouncer(t, s, 1, 50*time.Millisecond, &m)
	settled(t, url)
	want := model.Announcement{Event: event, Chat: model.Chat{ID: club, Title: "Club", Topic: 5, Settings: model.Settings{Creators: model.Everyone}}}
	if calls := m.calls(); len(calls) != 1 || calls[0] != want {
		t.Fatalf("announced %+v, want %+v once", calls, want)
	}
	begun, release := make(chan struct{}), make(chan struct{})
	m.answer(func(a model.Announcement) (int64, error) {
		select {
		case begun <- struct{}{}:
			<-release
		default:
		}
		return a.Message, nil
	})
	do(t, w, 3, model.JoinEvent{By: person(2), Event: event})
	<-begun
	for i := range int64(50) {
		do(t, w, 10+i, model.JoinEvent{By: person(10 + i), Event: event})
	}
	close(release)
	settled(t, url)
	if calls := m.calls(); len(calls) != 3 || calls[1].Message != 7 || calls[2].Message != 7 {
		t.Errorf("announced %+v, want one edit while the first went on, and one of all that came", calls)
	}
	if n := number(t, url, "SELECT count(*) FROM announcements WHERE message = 7 AND shown = version AND version = 52 AND attempts = 0"); n != 1 {
		t.Error("not everything is shown")
	}
	if stats := s.AnnouncementStats(); stats.Sent != 1 || stats.Edited != 2 || stats.Repeated != 0 || stats.Missed != 0 {
		t.Errorf("%+v", stats)
	}
}

// In one chat announcements come at a pace; other chats do not wait for it.
func TestAnnouncementsKeepPace(t *testing.T) {
	const pace = 300 * time.Millisecond
	s, w, url := setUp(t)
	for i := range int64(4) {
		do(t, w, 1+i, createIn(club, 1, 1+i))
		do(t, w, 11+i, createIn(club-1-i, 1, 11+i))
	}
	var mu sync.Mutex
	times := map[int64][]time.Time{}
	m := messenger{announces: func(a model.Announcement) (int64, error) {
		mu.Lock()
		defer mu.Unlock()
		times[a.Chat.ID] = append(times[a.Chat.ID], time.Now())
		return a.Event, nil
	}}
	startAnnouncer(t, s, 1, pace, &m)
	settled(t, url)
	mu.Lock()
	defer mu.Unlock()
	if len(times) != 5 || len(times[club]) != 4 {
		t.Fatalf("announced in %v", times)
	}
	for i := range 3 {
		if gap := times[club][i+1].Sub(times[club][i]); gap < pace {
			t.Errorf("the next came after %v, want at least %v", gap, pace)
		}
	}
	for i := range int64(4) {
		if times[club-1-i][0].After(times[club][2]) {
			t.Error("a chat waited for another one's pace")
		}
	}
}

// Where the process ends between sending and noting it, that one is sent again, which is counted.
func TestAnnouncementSentAndNotNoted(t *testing.T) {
	s, w, url := setUp(t)
	first := do(t, w, 1, createIn(club, 1, 1)).Event
	var m messenger
	stop := startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	stop()
	second := do(t, w, 2, createIn(club, 1, 2)).Event
	connect(t, url, func(conn *pgx.Conn) error {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			return err
		}
		sent := make(chan error, 1)
		m.answer(func(model.Announcement) (int64, error) { // from here on nothing can be noted
			_, err := tx.Exec(context.Background(), "SELECT FROM announcements FOR UPDATE")
			sent <- err
			return 8, nil
		})
		end := s.StartAnnouncer(bot, 1, time.Millisecond, &m)
		if err := <-sent; err != nil {
			return err
		}
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := end(now); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped at once: %v", err)
		}
		// What the process has sent and not heard of would be carried out once the rows are free.
		endOthers(t, url, conn)
		return tx.Rollback(t.Context())
	})
	m.answer(nil)
	startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	events := map[int64]int{}
	for _, a := range m.calls() {
		if events[a.Event]++; a.Message != 0 {
			t.Errorf("%+v is no new message", a)
		}
	}
	if events[first] != 1 || events[second] != 2 {
		t.Errorf("announced %v, want %d once and %d twice", events, first, second)
	}
	if stats := s.AnnouncementStats(); stats.Repeated != 1 {
		t.Errorf("%+v", stats)
	}
}

// endOthers ends every connection to the database but one, and what they carry out.
func endOthers(t *testing.T, url string, but *pgx.Conn) {
	t.Helper()
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"+
			" WHERE datname = current_database() AND backend_type = 'client backend' AND pid NOT IN (pg_backend_pid(), $1)", but.PgConn().PID()) == 0
	})
}

// What becomes of announcements that cannot be shown.
func TestAnnouncementsThatFail(t *testing.T) {
	s, w, url := setUp(t)
	var update int64
	next := func() int64 { update++; return update }
	event := do(t, w, next(), createIn(club, 1, 1)).Event
	var fails atomic.Pointer[error]
	var message atomic.Int64
	m := messenger{announces: func(a model.Announcement) (int64, error) {
		if err := fails.Load(); err != nil && (a.Message != 0 || !errors.Is(*err, model.ErrMessageGone)) {
			return 0, *err
		}
		return message.Add(1), nil
	}}
	startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	state := func() string {
		t.Helper()
		settled(t, url)
		var message, sent, attempts int
		var shown, ended bool
		connect(t, url, func(conn *pgx.Conn) error {
			return conn.QueryRow(context.Background(), "SELECT message, sent, attempts, shown = version, ended_at IS NOT NULL FROM announcements WHERE event = $1",
				event).Scan(&message, &sent, &attempts, &shown, &ended)
		})
		return fmt.Sprintf("message %d sent %d attempts %d shown %v ended %v", message, sent, attempts, shown, ended)
	}
	check := func(when, want string) {
		t.Helper()
		if got := state(); got != want {
			t.Fatalf("%s: %s, want %s", when, got, want)
		}
	}
	joins := int64(10)
	change := func() {
		t.Helper()
		joins++
		do(t, w, next(), model.JoinEvent{By: person(joins), Event: event})
	}
	with := func(err error) {
		if err == nil {
			fails.Store(nil)
		} else {
			fails.Store(&err)
		}
	}
	check("at first", "message 1 sent 1 attempts 0 shown true ended false")

	with(model.ErrMayNotWrite)
	change()
	check("no right", "message 1 sent 1 attempts 0 shown false ended false")
	calls := len(m.calls())
	with(nil)
	change()
	check("no right, at the next change", "message 2 sent 1 attempts 0 shown true ended false")
	with(model.ErrMayNotWrite)
	change()
	check("no right again", "message 2 sent 1 attempts 0 shown false ended false")
	with(nil)
	do(t, w, next(), model.EnterCommunity{By: person(1), Community: club})
	check("promoted", "message 3 sent 1 attempts 0 shown true ended false")
	if n := len(m.calls()); n != calls+3 {
		t.Errorf("%d calls, want %d: what is refused was tried again without a reason", n, calls+3)
	}

	with(model.ErrChatLeft)
	change()
	check("left", "message 3 sent 1 attempts 0 shown false ended false")
	if c, err := s.Community(t.Context(), club); err != nil || !c.Left {
		t.Errorf("%+v, %v, want one that the bot left", c, err)
	}
	calls = len(m.calls())
	with(nil)
	change()
	check("a change after that", "message 3 sent 1 attempts 0 shown false ended false")
	if n := len(m.calls()); n != calls {
		t.Error("announced to a chat that the bot left")
	}
	do(t, w, next(), model.EnterCommunity{By: person(1), Community: club})
	check("back", "message 4 sent 1 attempts 0 shown true ended false")

	with(&model.LaterError{After: 200 * time.Millisecond})
	before := time.Now()
	change()
	waitFor(t, func() bool { return s.AnnouncementStats().Missed > 0 })
	with(nil)
	check("later", "message 5 sent 1 attempts 0 shown true ended false")
	if d := time.Since(before); d < 200*time.Millisecond {
		t.Errorf("tried again after %v", d)
	}

	with(errors.New("telegram is away"))
	missed := s.AnnouncementStats().Missed
	change()
	waitFor(t, func() bool { return s.AnnouncementStats().Missed > missed })
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM announcements WHERE attempts = 1 AND due_at > now()") == 1
	})
	execute(t, url, "UPDATE announcements SET attempts = 7, due_at = now()")
	check("given up", "message 5 sent 1 attempts 0 shown false ended false")
	with(nil)
	change()
	check("after that", "message 6 sent 1 attempts 0 shown true ended false")

	with(model.ErrMessageGone)
	change()
	check("gone", "message 7 sent 2 attempts 0 shown true ended false")
	change()
	check("gone again", "message 0 sent 2 attempts 0 shown false ended true")
	change()
	do(t, w, next(), model.EnterCommunity{By: person(1), Community: club})
	check("for ever", "message 0 sent 2 attempts 0 shown false ended true")
	want := persistence.AnnouncementStats{Sent: 2, Edited: 5, Dropped: 1, Missed: 2, Gone: 2, Left: 1, Refused: 2, GivenUp: 1}
	got := s.AnnouncementStats()
	got.Chats, got.ChatsBound = 0, 0
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// What nobody wants is not sent: of a chat that has become quiet, of events that are off. What was
// sent before is kept up to date.
func TestAnnouncementsNotWanted(t *testing.T) {
	s, w, url := setUp(t)
	sent := do(t, w, 1, createIn(club, 1, 1)).Event
	var m messenger
	stop := startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	stop()
	do(t, w, 2, createIn(club, 1, 2))
	off := do(t, w, 3, createIn(club-1, 1, 3)).Event
	do(t, w, 4, model.CancelEvent{By: person(1), Event: off})
	do(t, w, 5, model.SetCommunity{By: person(1), Community: club, Settings: model.Settings{Creators: model.Everyone, Quiet: true}})
	do(t, w, 6, model.JoinEvent{By: person(2), Event: sent})
	startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	calls := m.calls()
	if len(calls) != 2 || calls[1].Event != sent || calls[1].Message != 7 {
		t.Errorf("announced %+v, want the first event, and an edit of that", calls)
	}
}

// A process that is not the bot's owner any more announces nothing, and none announces for
// another bot.
func TestAnnouncementsOfTheOwner(t *testing.T) {
	s, w, url := setUp(t)
	for range 2 {
		if _, err := s.Epoch(t.Context(), bot); err != nil {
			t.Fatal(err)
		}
	}
	// First in the same chat, so that it would be announced first.
	if _, err := w.Do(t.Context(), model.Key{Bot: bot + 1, Update: 1}, createIn(club, 1, 2)); err != nil {
		t.Fatal(err)
	}
	do(t, w, 1, createIn(club, 1, 1))
	var deposed, owner messenger
	startAnnouncer(t, s, 1, time.Millisecond, &deposed)
	startAnnouncer(t, s, 2, time.Millisecond, &owner)
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM announcements WHERE message <> 0 AND bot = $1", bot) == 1
	})
	if d, o := len(deposed.calls()), len(owner.calls()); d != 0 || o != 1 {
		t.Errorf("%d announced by the deposed, %d by the owner", d, o)
	}
}

// The events of a person who is forgotten go, but for those that a group still sees: their
// announcements have to say that they are off.
func TestAnnouncementsOfTheForgotten(t *testing.T) {
	s, w, url := setUp(t)
	shown := do(t, w, 1, createIn(club, 1, 1)).Event
	var m messenger
	stop := startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	stop()
	unsent := do(t, w, 2, createIn(club, 1, 2)).Event
	do(t, w, 3, model.ForgetPerson{By: person(1), Events: []int64{shown, unsent}})
	if err := s.Erase(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	startAnnouncer(t, s, 1, time.Millisecond, &m)
	settled(t, url)
	if calls := m.calls(); len(calls) != 2 || calls[1].Event != shown || calls[1].Message != 7 {
		t.Errorf("announced %+v, want the first event and that it is off", calls)
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE id = $1 AND owner = 0 AND status = 'cancelled'", shown); n != 1 {
		t.Error("the event that the group sees is not there as nobody's")
	}
	if n := number(t, url, "SELECT count(*) FROM events"); n != 1 {
		t.Errorf("%d events are left, want 1", n)
	}
}
