package ui

import (
	"time"

	"okolo/persistence/model"
)

// Reader is whom a message finds who is not on any screen.
type Reader struct {
	Lang string // such as "ru" or "en-GB"
	Zone string // time zone of the place that they last looked around; empty: not known
}

// Notice tells a reader what has happened to an event. It returns false where that is of no use
// any more: the event is over, or more was told since.
func Notice(r Reader, n model.Notice, e model.Event, now time.Time) (Message, bool) {
	t := tongueOf(r.Lang)
	if n.News == model.NewsDeleted { // of which nothing else is to be seen
		return Message{Text: t.html("notice_deleted", "Title", n.Text)}, true
	}
	if e.Ends.Before(now) || e.Status != model.Open && n.News != model.NewsCancelled {
		return Message{}, false
	}
	var text string
	switch n.News {
	case model.NewsEdited:
		text = t.html("notice_edited", "Title", e.Title) + "\n\n" + t.whenAndWhere(e, t.dates, r.Zone, now)
	case model.NewsCancelled:
		text = t.html("notice_cancelled", "Title", e.Title) + "\n\n" + t.whenAndWhere(e, t.dates, r.Zone, now)
	case model.NewsPromoted:
		text = t.html("notice_promoted", "Title", e.Title) + "\n\n" + t.whenAndWhere(e, t.dates, r.Zone, now)
	case model.NewsMessage:
		text = t.html("notice_message", "Title", e.Title, "Text", n.Text)
	default:
		return Message{}, false
	}
	return Message{Text: text, Buttons: [][]Button{{t.showButton(e)}}}, true
}

// Reminder tells a person who comes to an event that it begins soon.
func Reminder(r Reader, ahead model.Ahead, e model.Event, now time.Time) Message {
	t := tongueOf(r.Lang)
	text := t.html("reminder_day", "Title", e.Title)
	if ahead == model.HourAhead {
		text = t.html("reminder_hour", "Title", e.Title)
	}
	return Message{Text: text + "\n\n" + t.whenAndWhere(e, t.period, r.Zone, now), Buttons: [][]Button{
		{t.showButton(e), {Text: t.say("button_mute"), Data: State{}.encode(actMute, e.ID, 1)}},
	}}
}

// Digest tells an operator of new reports.
func Digest(d model.Digest) Message {
	return Message{Text: tongueOf(d.Lang).count("digest", d.Reports)}
}

// whenAndWhere tells the two things of an event that a person needs to come to it. A notice may be
// read on another day than it was sent.
func (t *tongue) whenAndWhere(e model.Event, say func(model.Details, time.Time) string, zone string, now time.Time) string {
	return "🕒 " + escape(say(e.Details, now)) + t.elsewhere(e.Details, say, zone, now) + "\n📍 " + escape(placeName(e))
}

// elsewhere tells when an event takes place by the clock of another zone, such as the reader's, on a
// line of its own; nothing where that clock shows the same, or none is known.
func (t *tongue) elsewhere(d model.Details, say func(model.Details, time.Time) string, name string, now time.Time) string {
	_, there := d.Starts.In(zone(d.Zone)).Zone()
	_, here := d.Starts.In(zone(name)).Zone()
	if name == "" || here == there {
		return ""
	}
	d.Zone = name
	return "\n🕰 " + t.html("where_you_looked", "When", say(d, now))
}

// showButton puts the card of an event in the place of the message.
func (t *tongue) showButton(e model.Event) Button {
	return Button{Text: t.say("button_show_event"), Data: State{}.encode(actEvent, e.ID)}
}

// tongueOf returns the language of a name such as "ru" or "en-GB".
func tongueOf(lang string) *tongue { return State{Lang: lang}.tongue(Context{}) }
