package bot

import (
	"context"
	"fmt"
	"time"

	"okolo/actors"
	"okolo/bot/sender"
	"okolo/bot/staticmap"
	"okolo/bot/ui"
	"okolo/persistence"
)

// Stats is all that an operator can ask a bot for, at one moment. The tags say for each field
// which metric it is and what it means; see package ops.
type Stats struct {
	Sessions actors.Stats            `json:"sessions" metric:""`
	Ingress  IngressStats            `json:"ingress" metric:"updates"`
	Writes   persistence.WriterStats `json:"writes" metric:"writer"`
	Database DatabaseStats           `json:"database" metric:"database"`
	Notices  NoticeStats             `json:"notices" metric:"notices"`
	Groups   GroupStats              `json:"groups" metric:"groups"`
	Sending  sender.Stats            `json:"sending" metric:"sender"`
	Outbox   OutboxStats             `json:"outbox" metric:"outbox"`
	Maps     staticmap.Stats         `json:"maps" metric:"maps"`
	Reads    ReadStats               `json:"reads" metric:"reads"`
}

// IngressStats is about the updates from Telegram. Counts are since the start.
type IngressStats struct {
	Mode                   string  `json:"mode" metric:"-" help:"How updates come: polling or webhook."`
	Received               uint64  `json:"received" metric:"received_total" help:"Updates taken from Telegram."`
	Unsettled              int64   `json:"unsettled" metric:"unsettled" help:"Updates taken from Telegram and not settled yet."`
	Bound                  int     `json:"unsettled_bound" metric:"unsettled_max" help:"Most updates that may be unsettled."`
	OldestUnsettledSeconds float64 `json:"oldest_unsettled_seconds" metric:"oldest_unsettled_seconds" help:"How long ago the oldest unsettled update came; 0: there is none."`
	Kept                   uint64  `json:"kept" metric:"kept_total" help:"Updates committed to the inbox, because they did not settle soon."`
	SetAside               int64   `json:"set_aside" metric:"set_aside" help:"Updates that were begun too often without an end; see okolo inbox."`
	Ignored                uint64  `json:"ignored" metric:"ignored_total" help:"Updates of a kind the bot has no use for, or that were in the inbox already."`
	Flooded                uint64  `json:"flooded" metric:"flooded_total" help:"Updates of people who hammer, which were not acted on."`
	Watched                int     `json:"people_watched" metric:"people_watched" help:"People whose rate is watched, those who wrote last."`
	WatchedBound           int     `json:"people_watched_bound" metric:"people_watched_max" help:"Most people whose rate is watched."`
	Forged                 uint64  `json:"forged" metric:"forged_total" help:"Presses with data that no version of the bot has made."`
	Refused                uint64  `json:"refused" metric:"refused_total" help:"Actions refused because the person has no right to them."`
	Unreadable             uint64  `json:"unreadable" metric:"unreadable_total" help:"Updates in a form that this program does not know."`
	Undelivered            uint64  `json:"undelivered" metric:"messages_undelivered_total" help:"Messages given up."`
	Resent                 uint64  `json:"resent" metric:"messages_resent_total" help:"Screens sent anew because their message was gone."`
	WordsOnly              uint64  `json:"words_only" metric:"messages_words_only_total" help:"Messages sent or edited without their map, pin or file, which Telegram did not take."`
	Blocked                uint64  `json:"blocked" metric:"messages_blocked_total" help:"Messages to people who blocked the bot."`
	Offset                 int64   `json:"confirmed_offset" metric:"-" help:"Every update below it is settled or in the inbox."`

	Webhook WebhookStats `json:"webhook" metric:"webhook"`
}

// WebhookStats is about the requests by which Telegram brings updates; all 0 where they are fetched.
// Counts are since the start.
type WebhookStats struct {
	Taken     uint64 `json:"taken" metric:"taken_total" help:"Updates that the webhook took."`
	InFlight  int    `json:"in_flight" metric:"in_flight" help:"Updates of the webhook that are neither settled nor in the inbox."`
	Bound     int    `json:"in_flight_bound" metric:"in_flight_max" help:"Most updates of the webhook that may be neither."`
	Again     uint64 `json:"again" metric:"again_total" help:"Requests whose update has to come again, because it was not settled in time."`
	Refused   uint64 `json:"refused" metric:"refused_total" help:"Requests refused because too many updates are in flight."`
	Malformed uint64 `json:"malformed" metric:"malformed_total" help:"Requests of Telegram's that hold no update, or too large a one."`
	Strangers uint64 `json:"strangers" metric:"strangers_total" help:"Requests that are not Telegram's: another path or method, or not the secret."`
	Pending   int64  `json:"pending" metric:"pending" help:"Updates that wait at Telegram, as of ten seconds ago."`
}

// OutboxStats is about replies that could not be delivered at once. Counts are since the start.
type OutboxStats struct {
	Waiting   int    `json:"waiting" metric:"replies" help:"Replies that wait to be delivered."`
	Bound     int    `json:"waiting_bound" metric:"replies_max" help:"Most replies that may wait."`
	Chats     int    `json:"chats" metric:"chats" help:"Chats that replies wait for."`
	Delivered uint64 `json:"delivered" metric:"delivered_total" help:"Replies delivered later, or refused by Telegram for good."`
	Expired   uint64 `json:"expired" metric:"expired_total" help:"Replies that waited for too long."`
	Full      uint64 `json:"full" metric:"full_total" help:"Replies given up because too many wait."`
}

// DatabaseStats is about the connections, which reads and writes have apart.
type DatabaseStats struct {
	Reads  persistence.PoolStats `json:"reads" metric:",pool=reads"`
	Writes persistence.PoolStats `json:"writes" metric:",pool=writes"`
}

// NoticeStats is about the messages that nobody asked for.
type NoticeStats struct {
	persistence.NoticeStats
	Reminders     persistence.ReminderStats     `json:"reminders" metric:"reminders"`
	Digests       persistence.DigestStats       `json:"digests" metric:"digests"`
	Announcements persistence.AnnouncementStats `json:"announcements" metric:"announcements"`
}

// GroupStats is about groups that have the bot. Counts are since the start.
type GroupStats struct {
	Refused      uint64 `json:"messages_refused" metric:"messages_refused_total" help:"Messages to groups that do not let the bot write, or removed it."`
	Dropped      uint64 `json:"messages_dropped" metric:"messages_dropped_total" help:"Messages asked for in groups faster than Telegram lets the bot write there, and not sent."`
	Admins       int    `json:"administrators_remembered" metric:"administrators_remembered" help:"Groups whose administrators are remembered."`
	AdminsBound  int    `json:"administrators_remembered_bound" metric:"administrators_remembered_max" help:"Most groups whose administrators are remembered."`
	AdminsHits   uint64 `json:"administrators_known" metric:"administrators_known_total" help:"Questions who administers a group that were answered from memory."`
	AdminsMisses uint64 `json:"administrators_asked" metric:"administrators_asked_total" help:"Questions who administers a group that Telegram was asked."`
	Asks         int    `json:"asks_waiting" metric:"asks_waiting" help:"Questions to Telegram about members of groups that wait."`
	AsksBound    int    `json:"asks_waiting_bound" metric:"asks_waiting_max" help:"Most questions to Telegram that may wait."`
}

// ReadStats is about the queue of reads of the database, and about what was read or uploaded
// and is remembered.
type ReadStats struct {
	Waiting       int    `json:"waiting" metric:"waiting" help:"Reads of the database that wait."`
	WaitingBound  int    `json:"waiting_bound" metric:"waiting_max" help:"Most reads that may wait."`
	Workers       int    `json:"workers" metric:"workers" help:"Reads under way at most."`
	Pictures      int    `json:"pictures_remembered" metric:"pictures_remembered" help:"Uploaded pictures whose ids are remembered."`
	PicturesBound int    `json:"pictures_remembered_bound" metric:"pictures_remembered_max" help:"Most pictures whose ids are remembered."`
	Reused        uint64 `json:"pictures_reused" metric:"pictures_reused_total" help:"Maps shown by the id of a picture uploaded before, neither drawn nor uploaded."`
	Zones         int    `json:"time_zones_remembered" metric:"time_zones_remembered" help:"Time zones loaded."`
	ZonesBound    int    `json:"time_zones_remembered_bound" metric:"time_zones_remembered_max" help:"Most time zones that are kept."`
}

// Stats asks every part of the bot.
func (b *Bot) Stats(ctx context.Context) (Stats, error) {
	sessions, err := b.runtime.Stats(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("ask the sessions: %w", err)
	}
	waiting, bound := b.readers.waiting()
	zones, zonesBound := ui.Zones()
	watched, watchedBound := b.flood.size()
	unsettled, age := b.intake.open(time.Now())
	var pools DatabaseStats
	pools.Reads, pools.Writes = b.Store.PoolStats()
	return Stats{
		Sessions: sessions,
		Ingress: IngressStats{
			Mode: b.mode(), Webhook: b.webhook.stats(),
			Received: b.ingress.received.Load(), Unsettled: unsettled, Bound: maxTaken,
			Kept: b.inbox.kept.Load(), SetAside: b.inbox.aside.Load(),
			Offset: b.ingress.offset.Load(), OldestUnsettledSeconds: age, Ignored: b.counts.ignored.Load(), Unreadable: b.counts.unreadable.Load(),
			Flooded: b.counts.flooded.Load(), Forged: b.counts.forged.Load(), Refused: b.counts.refused.Load(), Watched: watched, WatchedBound: watchedBound,
			Undelivered: b.counts.undelivered.Load(), Resent: b.counts.resent.Load(), WordsOnly: b.counts.wordsOnly.Load(), Blocked: b.counts.blocked.Load(),
		},
		Writes:   b.Writer.Stats(),
		Database: pools,
		Notices:  NoticeStats{b.Store.NoticeStats(), b.Store.ReminderStats(), b.Store.DigestStats(), b.Store.AnnouncementStats()},
		Groups:   b.groupStats(),
		Sending:  b.sender.Stats(),
		Outbox:   b.outbox.stats(),
		Maps:     b.Maps.Stats(),
		Reads: ReadStats{
			Waiting: waiting, WaitingBound: bound, Workers: readersPerBot,
			Pictures: b.pictures.ids.Len(), PicturesBound: picturesKept, Reused: b.pictures.reused.Load(),
			Zones: zones, ZonesBound: zonesBound,
		},
	}, nil
}

func (b *Bot) groupStats() GroupStats {
	asks, asksBound := b.askers.waiting()
	return GroupStats{
		Refused: b.counts.groupMute.Load(), Dropped: b.counts.groupBusy.Load(),
		Admins: b.admins.chats.Len(), AdminsBound: adminsTable,
		AdminsHits: b.admins.hits.Load(), AdminsMisses: b.admins.misses.Load(),
		Asks: asks, AsksBound: asksBound,
	}
}

func (b *Bot) mode() string {
	if b.webhook != nil {
		return "webhook"
	}
	return "polling"
}

func (w *webhook) stats() WebhookStats {
	if w == nil {
		return WebhookStats{}
	}
	return WebhookStats{
		Taken: w.taken.Load(), InFlight: w.inFlight(), Bound: maxInFlight, Again: w.again.Load(), Refused: w.refused.Load(),
		Malformed: w.malformed.Load(), Strangers: w.strangers.Load(), Pending: w.pending.Load(),
	}
}

// statsText is the digest of the statistics, for an operator's chat.
func (b *Bot) statsText(ctx context.Context) (string, error) {
	s, err := b.Stats(ctx)
	if err != nil {
		return "", err
	}
	return s.digest(), nil
}
