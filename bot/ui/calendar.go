package ui

import (
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"

	"okolo/persistence/model"
)

// calendarFile is an event as an iCalendar file (RFC 5545). Its times are in UTC: the reader's
// calendar shows them in the reader's zone, and no definition of a zone can be wrong. The UID is
// of the event, so that a newer file replaces what was imported of an older one.
func calendarFile(self Self, e model.Event, now time.Time) Document {
	cal := ics.NewCalendarFor("okolo")
	cal.SetMethod(ics.MethodPublish)
	v := cal.AddEvent(fmt.Sprintf("event-%d@%s.okolo", e.ID, self.Username))
	v.SetDtStampTime(now)
	v.SetStartAt(e.Starts)
	v.SetEndAt(e.Ends)
	v.SetSummary(e.Title)
	v.SetGeo(e.Lat, e.Lon)
	v.SetURL(self.deepLink(e.ID))
	v.SetStatus(ics.ObjectStatusConfirmed)
	if e.Status == model.Cancelled {
		v.SetStatus(ics.ObjectStatusCancelled)
	}
	v.SetLocation(placeName(e))
	if e.Description != "" {
		v.SetDescription(e.Description)
	}
	return Document{Name: fmt.Sprintf("event-%d.ics", e.ID), Content: []byte(cal.Serialize(ics.WithNewLineWindows))}
}
