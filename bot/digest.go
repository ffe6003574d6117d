package bot

import (
	"fmt"
	"strings"
	"time"

	"okolo/actors/histogram"
)

// digest is the statistics in lines that a phone does not wrap, at most 30 letters: what says
// whether all is well. The whole is at the operators' window.
func (s Stats) digest() string {
	var d digest
	d.section("SESSIONS")
	d.line("in memory", "%d of %d", s.Sessions.Sessions, s.Sessions.MaxSessions)
	d.line("waiting", "%d", s.Sessions.UsersWaiting)
	d.line("RSS", "%s", memory(s.Sessions.RSSBytes, s.Sessions.MemoryThresholdBytes))
	d.line("guard", "%s", guard(s))
	d.line("purges", "%d", s.Sessions.Purges)
	d.line("stored", "%d", s.Sessions.SnapshotsSaved)
	d.line("given up", "%d", s.Sessions.SnapshotsGivenUp)
	d.section("UPDATES")
	d.line("received", "%d", s.Ingress.Received)
	d.line("unsettled", "%d", s.Ingress.Unsettled)
	d.line("oldest", "%.1f s", s.Ingress.OldestUnsettledSeconds)
	d.line("repeated", "%d", s.Sessions.InputsRepeated)
	d.line("busy", "%d", s.Sessions.InputsBusy)
	d.line("set aside", "%d", s.Ingress.SetAside)
	d.section("WRITES")
	d.line("commands", "%d", s.Writes.Commands)
	d.line("waiting", "%d", s.Writes.Queued)
	d.line("commit p99", "%s", quantile(s.Writes.CommitSeconds, 0.99))
	d.line("replays", "%d", s.Writes.Replays)
	d.line("failed", "%d", s.Writes.Failed+s.Writes.Rejected)
	d.section("SENDING")
	d.line("sent", "%d", s.Sending.Sent)
	d.line("waiting", "%d", s.Sending.Queued)
	d.line("429", "%d", s.Sending.Floods)
	d.line("outbox", "%d", s.Outbox.Waiting)
	d.line("lost", "%d", s.Ingress.Undelivered+s.Outbox.Expired+s.Outbox.Full)
	d.section("OWED")
	d.line("notices", "%d", s.Notices.Owed)
	d.line("to groups", "%d", s.Notices.Announcements.Owed)
	return d.text.String()
}

// digest is a text of sections.
type digest struct{ text strings.Builder }

func (d *digest) section(name string) { fmt.Fprintln(&d.text, name) }

func (d *digest) line(name, format string, value ...any) {
	fmt.Fprintf(&d.text, " %-10s %s\n", name, fmt.Sprintf(format, value...))
}

func guard(s Stats) string {
	if s.Sessions.MemoryThresholdBytes == 0 {
		return "none"
	}
	return s.Sessions.Guard.String()
}

// memory writes bytes, and their bound where there is one.
func memory(bytes, most uint64) string {
	if most == 0 {
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return fmt.Sprintf("%d of %d MB", bytes>>20, most>>20)
}

// quantile writes a time below which so much of what was measured lies.
func quantile(c histogram.Counts, q float64) string {
	return time.Duration(c.Quantile(q) * float64(time.Second)).Round(100 * time.Microsecond).String()
}
