package bot_test

import (
	"fmt"
	"strings"
	"testing"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
)

// announced makes an event of a group, of a title other than those that the wizard gets, and returns its id and announcement.
func (w *world) announced(by, there *visit.Visitor, group int64, title string) (event int64, m sandbox.Message) {
	w.t.Helper()
	by.Say("/start g_" + base36(-group))
	by.See("the question for a title", contains("the title"))
	w.draft(by, "en")
	check(w.t, by.Err())
	event = query[int64](w, `UPDATE events SET title = $1 WHERE title = 'Blitz' RETURNING id`, title)
	m = there.See("the announcement", has("Details"))
	check(w.t, there.Err())
	return event, m
}

// TestAnnouncement: what happens to an event is to be seen in its announcement: that it was called
// off, hidden by an operator, or is over.
func TestAnnouncement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{Supergroup: true})
	there := anna.In(id)
	there.See("the greeting", has("Create"))
	event, m := w.announced(anna, there, id, "Classical")

	card := anna.Last(has("Call it off"))
	anna.Press(card, "Call it off")
	card = anna.SeeEdited(card, "the question", has("Yes"))
	anna.Press(card, "Yes")
	there.SeeEdited(m, "that it is off", func(m sandbox.Message) bool {
		_, joins := m.Button("Join")
		return strings.Contains(m.Text, "called off") && !joins
	})
	if told := there.PressData(m.ID, "join", fmt.Sprintf("1J:%s~0", base36(event))); !strings.Contains(told, "called off") {
		t.Errorf("who would join is told %q", told)
	}

	event, m = w.announced(anna, there, id, "Rapid")
	w.eventually("%v: it is due when the event is over", func() (any, bool) {
		due := query[bool](w, `SELECT coalesce(due_at > now() AND shown = version, false) FROM announcements WHERE event = $1`, event)
		return due, due
	})
	query[int](w, `UPDATE events SET starts = now() - interval '3 hours', ends = now() - interval '1 hour' WHERE id = $1 RETURNING 1`, event)
	query[int](w, `UPDATE announcements SET due_at = now() WHERE event = $1 RETURNING 1`, event)
	there.SeeEdited(m, "that it is over", contains("is over"))

	event, m = w.announced(anna, there, id, "Bullet")
	query[int](w, `WITH hidden AS (UPDATE events SET status = 'hidden' WHERE id = $1 RETURNING id)
		UPDATE announcements a SET version = version + 1, due_at = now() FROM hidden WHERE a.event = hidden.id RETURNING 1`, event)
	there.SeeEdited(m, "that it is gone", contains("no longer there"))
	for _, v := range []*visit.Visitor{anna, there} {
		check(t, v.Err())
	}
}

// TestAnnouncementInItsPlace: an announcement is in the group's language, in the topic that an
// administrator chose, and where that is closed, outside of it.
func TestAnnouncementInItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{Forum: true})
	topic, err := anna.Person.CreateTopic(t.Context(), id, "Chess")
	if err != nil {
		t.Fatal(err)
	}
	there := anna.In(id)
	there.See("the greeting", has("Create"))
	check(t, there.Err())
	query[int](w, `UPDATE communities SET lang = 'ru', topic = $2 WHERE id = $1 RETURNING 1`, id, topic.ID)
	anna.Say("/start g_" + base36(-id))
	anna.See("the question for a title", contains("the title"))
	w.draft(anna, "en")
	m := there.See("the announcement", has("Пойду"))
	check(t, there.Err())
	if m.Thread != topic.ID {
		t.Errorf("it is in topic %d, not %d", m.Thread, topic.ID)
	}
	query[int](w, `WITH other AS (UPDATE events SET title = 'Another') UPDATE communities SET topic = 999999 WHERE id = $1 RETURNING 1`, id) // deleted since
	anna.Say("/start g_" + base36(-id))
	anna.See("the question for a title", contains("the title"))
	w.draft(anna, "en")
	if m = there.See("the announcement", has("Пойду")); m.Thread != 0 {
		t.Errorf("it is in topic %d", m.Thread)
	}
	check(t, there.Err())
	check(t, anna.Err())
}
