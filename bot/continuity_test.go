package bot_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"okolo/actors"
	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/ui"
)

// stop is a screen in the way of a person: how they come to it, and the button that they press
// there, with what it leads to.
type stop struct {
	come func(v *visit.Visitor, event string) sandbox.Message
	next string
	sees func(sandbox.Message) bool
}

// stops are the screens by the words of the statistics.
var stops = map[string]stop{
	"home": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/start")
		return v.See("the menu", has("Create"))
	}, "Mine", contains("Your events")},
	"nearby": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Locate(berlin.Lat, berlin.Lon)
		return v.See("the list", has("tomorrow"))
	}, "tomorrow", has("• tomorrow •")},
	"event": {openCard, "Join", contains("You are going")},
	"mine": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/mine")
		return v.See("their events", contains("Your events"))
	}, "Menu", contains("What would you like")},
	"wizard": {func(v *visit.Visitor, _ string) sandbox.Message { return preview(v, "Unfinished") }, "Back", contains("When does it begin")},
	"categories": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Locate(berlin.Lat, berlin.Lon)
		return press(v, v.See("the list", has("tomorrow")), "everything", has("music"))
	}, "music", has("• today •")},
	"call_off": {func(v *visit.Visitor, _ string) sandbox.Message {
		return press(v, create(v, "To be kept"), "Call it off", has("keep it"))
	}, "keep it", has("Call it off")},
	"report": {func(v *visit.Visitor, event string) sandbox.Message {
		return press(v, openCard(v, event), "Report", has("spam"))
	}, "spam", has("Join")},
	"attendance": {func(v *visit.Visitor, _ string) sandbox.Message {
		m := press(v, create(v, "With guests"), "Join", has("Who comes"))
		return press(v, m, "Who comes", contains("1. "))
	}, "Back", has("Who comes")},
	"tell": {func(v *visit.Visitor, _ string) sandbox.Message {
		m := press(v, create(v, "With readers"), "Join", has("Write to all"))
		return press(v, m, "Write to all", contains("pass on"))
	}, "Back", has("Write to all")},
	"case": {func(v *visit.Visitor, event string) sandbox.Message {
		v.Say("/event " + event)
		return v.See("the event as operators see it", has("Hide"))
	}, "Delete", contains("for good")},
	"delete": {func(v *visit.Visitor, event string) sandbox.Message {
		v.Say("/event " + event)
		return press(v, v.See("the event as operators see it", has("Hide")), "Delete", has("Yes, delete it"))
	}, "Back", has("Hide")},
	"bans": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/banlist")
		return v.See("who is banned", contains("Banned"))
	}, "Menu", contains("What would you like")},
	"privacy": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/privacy")
		return v.See("what is kept", has("Delete everything"))
	}, "Delete everything", has("Yes, delete it")},
	"forget": {askForget, "Yes, delete it", has("Delete for ever")},
	"forget_sure": {func(v *visit.Visitor, event string) sandbox.Message {
		return press(v, askForget(v, event), "Yes", has("for ever"))
	}, "for ever", contains("is deleted")},
	"group": {func(v *visit.Visitor, _ string) sandbox.Message {
		return v.See("the greeting", has("Events"))
	}, "Events", contains("None so far")},
	"group_settings": {func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/settings")
		return v.See("the settings", has("• each their own •"))
	}, "nobody", has("• ➕ nobody •")},
}

func openCard(v *visit.Visitor, event string) sandbox.Message {
	v.Say("/start " + event)
	return v.See("the card", has("Join"))
}

func askForget(v *visit.Visitor, _ string) sandbox.Message {
	v.Say("/forget")
	return v.See("the question", has("Yes, delete it"))
}

func press(v *visit.Visitor, m sandbox.Message, label string, sees func(sandbox.Message) bool) sandbox.Message {
	v.Press(m, label)
	return v.SeeEdited(m, "what "+label+" leads to", sees)
}

// TestContinuity: on whatever screen people are when their sessions leave memory, and for whatever
// reason, the next button goes on as if nothing had happened.
func TestContinuity(t *testing.T) {
	var rss atomic.Uint64
	for reason, c := range map[string]struct {
		sessions func(*actors.Config)
		leave    func(w *world) // has all sessions leave that have not
	}{
		"idle": {func(c *actors.Config) { c.IdleLife, c.SweepEvery = 2*time.Second, 20*time.Millisecond }, func(*world) {}},
		"size": {func(c *actors.Config) { c.MaxSessions = 1 }, func(*world) {}},
		"memory": {func(c *actors.Config) {
			c.GuardEvery, c.RSS = 20*time.Millisecond, func() (uint64, error) { return rss.Load(), nil }
		}, func(*world) { rss.Store(4 << 30) }},
		"operator": {nil, func(w *world) { _, err := w.bot.Runtime().Purge(w.t.Context()); check(w.t, err) }},
		"shutdown": {nil, func(w *world) { check(w.t, w.stop()); w.startBot(w.options) }},
	} {
		t.Run(reason, func(t *testing.T) {
			rss.Store(1 << 20)
			names := ui.ScreenNames()
			var operators []int64 // anybody may come to any screen
			for i := range names {
				operators = append(operators, int64(100+i))
			}
			w := newWorld(t, worldOptions{sessions: c.sessions, operators: operators})
			host := w.visitor(1, "Host", "en")
			create(host, "Continued")
			check(t, host.Err())
			event := deepLink(query[int64](w, `SELECT id FROM events`))
			visitors, at := make([]*visit.Visitor, len(names)), make([]sandbox.Message, len(names))
			for i, name := range names {
				s, ok := stops[name]
				if !ok {
					t.Fatalf("nobody comes to the screen %q", name)
				}
				visitors[i] = w.visitor(int64(100+i), "Guest", "en")
				if strings.HasPrefix(name, "group") {
					visitors[i] = visitors[i].In(w.group(visitors[i], sandbox.NewGroup{}))
				}
				at[i] = s.come(visitors[i], event)
				if err := visitors[i].Err(); err != nil {
					t.Fatalf("on the way to %s: %v", name, err)
				}
			}
			for i := range names { // who came later leave later, and some the guard lets stay
				late := w.visitor(int64(200+i), "Late", "en")
				late.Say("/help")
				late.See("the help", contains("What I can do"))
				check(t, late.Err())
			}
			w.eventually("%v sessions are in memory", func() (any, bool) {
				c.leave(w)
				s, err := w.bot.Stats(t.Context())
				return s.Sessions.Sessions, err == nil && s.Sessions.Sessions <= len(names)
			})
			rss.Store(1 << 20)
			for i, v := range visitors {
				press(v, at[i], stops[names[i]].next, stops[names[i]].sees)
				if err := v.Err(); err != nil {
					t.Errorf("%s: %v", names[i], err)
				}
			}
			if s, err := w.bot.Stats(t.Context()); err != nil || s.Sessions.SnapshotsGivenUp+s.Sessions.SnapshotsDamaged > 0 {
				t.Errorf("snapshots were given up or damaged: %+v, %v", s.Sessions, err)
			}
		})
	}
}
