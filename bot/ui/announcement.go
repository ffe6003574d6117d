package ui

import (
	"time"

	"okolo/persistence/model"
)

// Announcement is the message that shows an event in its group, as it stands. lang is the
// group's, or else the organiser's.
func Announcement(lang string, self Self, e model.Seen, now time.Time) Message {
	t := tongueOf(lang)
	details := Button{Text: t.say("button_details"), URL: self.deepLink(e.ID)}
	m := Message{Text: t.announcement(e, now), Buttons: [][]Button{{details}}}
	if e.Status == model.Open && e.Ends.After(now) {
		m.Buttons = [][]Button{groupPart(t, e.ID), {details}}
	}
	return m
}

// AnnouncementGone takes the place of the announcement of an event that nobody may see any more.
func AnnouncementGone(lang string) Message {
	return Message{Text: tongueOf(lang).html("event_gone")}
}

// GroupReminder tells a group that an event of theirs begins soon.
func GroupReminder(lang string, self Self, r model.Reminder, e model.Event, now time.Time) Message {
	t := tongueOf(lang)
	m := Reminder(Reader{Lang: lang}, r.Kind, e, now)
	m.Thread = r.Topic
	m.Text += "\n" + t.seats(e)
	m.Buttons = [][]Button{groupPart(t, e.ID), {{Text: t.say("button_details"), URL: self.deepLink(e.ID)}}}
	return m
}

// groupPart are the buttons by which each person in a group joins and leaves.
func groupPart(t *tongue, event int64) []Button {
	return []Button{
		{Text: t.say("button_join"), Data: State{}.encode(actGroupJoin, event)},
		{Text: t.say("button_leave"), Data: State{}.encode(actGroupLeave, event)},
	}
}

// announcement is the card of an event in words that hold on other days, too.
func (t *tongue) announcement(e model.Seen, now time.Time) string {
	text := t.card(e, escape(t.dates(e.Details, now)), placeName(e.Event))
	if e.Status == model.Open && !e.Ends.After(now) {
		text = "🏁 <b>" + t.html("announcement_over") + "</b>\n\n" + text
	}
	return text
}
