package ui

import (
	"fmt"
	"strings"

	"okolo/persistence/model"
)

// maxGroupEvents is the most events in the list of a group, the soonest ones.
const maxGroupEvents = 50

// showGroupEvents shows a page of a group's events to come.
func (s State) showGroupEvents(c Context, in CommunityLoaded, page int64) Turn {
	s.Screen = ScreenGroup
	t := s.groupTongue(c, in.Chat)
	last := int64(max(0, len(in.Events)-1) / PageSize)
	page = min(max(page, 0), last)
	var b strings.Builder
	b.WriteString(t.html("group_events", "Title", in.Chat.Title))
	if len(in.Events) == 0 {
		b.WriteString("\n\n" + t.html("group_events_none"))
	}
	from := int(page) * PageSize
	var numbers []Button
	for i, e := range in.Events[from:min(from+PageSize, len(in.Events))] {
		n := from + i + 1
		fmt.Fprintf(&b, "\n\n<b>%d.</b> %s\n🕒 %s · %s", n, link(c.Self.deepLink(e.ID), clip(e.Title, mineTitleShown)),
			escape(t.date(e.Starts.In(zone(e.Zone)), c.Now)), t.seats(e.Event))
		numbers = append(numbers, Button{Text: t.say("button_join_number", "N", n), Data: s.encode(actGroupJoin, e.ID, page+1)})
	}
	var rows [][]Button
	if len(numbers) > 0 {
		rows = append(rows, numbers)
	}
	if last > 0 {
		to := func(label string, page int64) Button {
			return Button{Text: label, Data: s.encode(actGroupEvents, page)}
		}
		rows = append(rows, []Button{
			to("◀", max(page-1, 0)), to(fmt.Sprintf("%d / %d", page+1, last+1), page), to("▶", min(page+1, last)),
		})
	}
	if in.Chat.Creators != model.Nobody {
		rows = append(rows, []Button{{Text: t.say("button_create"), URL: c.Self.createLink(c.Group.ID)}})
	}
	return s.present(c, Message{Text: b.String(), Buttons: rows})
}

// seats returns how many come, of how many who can.
func (t *tongue) seats(e model.Event) string {
	if e.Capacity > 0 {
		return t.html("card_going_of", "Going", e.Going, "Capacity", e.Capacity)
	}
	return t.count("going", e.Going)
}
