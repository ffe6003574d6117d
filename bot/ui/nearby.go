package ui

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	"okolo/persistence/model"
)

// radii are the radiuses offered, in km.
var radii = []int32{1, 2, 5, 10, 25, 50, 100}

// mapEnd is the latitude where Web Mercator, the projection of the map, ends.
const mapEnd = 85.05

// location starts a search, or answers the wizard's question where.
func (s State) location(in Location) Turn {
	asked := s.answering() && s.Draft.Step == StepWhere
	switch {
	case in.Typed != "" && s.answering() && !asked:
		return s.wizardText(in.Context, in.Typed) // "25.12 18.00" is a date there
	case !in.Point.Valid() && asked:
		return s.showWizard(in.Context, "off_globe")
	case !in.Point.Valid():
		return s.tell(in.Context, "off_globe")
	case asked:
		return s.wizardPlace(in.Context, in.Point, in.Zone, in.Title)
	}
	s.Here, s.Zone = in.Point, in.Zone
	return s.search(in.Context)
}

// search looks around Here with the filters as they are.
func (s State) search(c Context) Turn {
	if s.Zone == "" {
		return s.tell(c, "need_location")
	}
	s.Page = 0
	return s.find(c)
}

// find looks for what the page that the list is on shows.
func (s State) find(c Context) Turn {
	s.Screen, s.Moved = ScreenNearby, false
	from, to := s.Days.span(c.Now.In(zone(s.Zone)))
	return Turn{Next: s, Await: []any{FindNearby{Context: c, Search: model.Search{
		Point: s.Here, Radius: int(s.Radius), From: from, To: to, Category: s.Category,
	}}}}
}

// span returns the part of time that the days cover, seen from now; what is on now counts
// as today.
func (d Days) span(now time.Time) (from, to time.Time) {
	midnight := func(days int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, now.Location())
	}
	switch d {
	case Tomorrow:
		return midnight(1), midnight(2)
	case Week:
		return now, midnight(7)
	}
	return now, midnight(1)
}

// nearbyFound prepares what was found for display.
func (s State) nearbyFound(in NearbyFound) Turn {
	if in.Err != nil {
		return s.tell(in.Context, "cannot_read")
	}
	s.Search++
	s.Counts, s.Prepared = Counts{}, Prepare(in.Found)
	for _, f := range in.Found {
		switch f.Kind {
		case model.Community:
			s.Counts.Community++
		case model.Imported:
			s.Counts.Imported++
		default:
			s.Counts.People++
		}
	}
	s.Page = min(s.Page, s.lastPage())
	return s.showNearby(in.Context)
}

// showNearby loads the events of the current page; presentNearby shows them.
func (s State) showNearby(c Context) Turn {
	switch {
	case s.Zone == "":
		return s.showHome(c)
	case s.Moved:
		return s.search(c)
	}
	s.Screen = ScreenNearby
	ids := s.page()
	if len(ids) == 0 {
		return s.presentNearby(c, nil)
	}
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: ids}}}
}

// presentNearby shows the map and the list: in place where the press came from the list of
// the newest pair, as two new messages otherwise. Where some of the page's events have vanished
// since the search, it searches anew, once.
func (s State) presentNearby(c Context, events []model.Seen) Turn {
	if len(events) < len(s.page()) && !c.renewed {
		c.renewed = true
		return s.find(c)
	}
	picture := Message{Map: s.nearbyMap(c, events), Text: s.nearbyCaption(c)}
	list := s.nearbyList(c, events)
	key := picture.key()
	if c.Message != 0 && c.Message == s.ListMessageID && s.MapMessageID != 0 {
		t := Turn{Next: s, Emit: []any{Edit{Slot: SlotList, ID: c.Message, Message: list, Context: c}}}
		t.Next.Message = c.Message
		if key != s.MapShown {
			t.Next.MapShown = key
			t.Emit = append(t.Emit, Edit{Slot: SlotMap, ID: s.MapMessageID, Message: picture, Context: c})
		}
		t.Emit = append(t.Emit, c.answer()...)
		return t
	}
	s.MapShown = key
	return Turn{
		Next: s,
		Await: []any{
			Send{Slot: SlotMap, Message: picture, Tap: c.tap},
			Send{Slot: SlotList, Message: list, Tap: c.tap},
		},
		Emit: c.answer(),
	}
}

func (s State) nearbyMap(c Context, events []model.Seen) *Map {
	m := &Map{Centre: s.Here, Radius: int(s.Radius), Lang: s.tongue(c).lang, Pins: make([]Pin, 0, len(events))}
	for _, e := range events {
		m.Pins = append(m.Pins, Pin{Point: e.Point, Number: s.number(e.ID), Kind: e.Kind})
	}
	return m
}

func (s State) nearbyCaption(c Context) string {
	t := s.tongue(c)
	text := t.html("map_caption", "Radius", s.Radius/1000, "Days", s.days(t))
	if math.Abs(s.Here.Lat) > mapEnd {
		text += "\n" + t.html("map_ends")
	}
	return text
}

// nearbyList is the text and the buttons below the map.
func (s State) nearbyList(c Context, events []model.Seen) Message {
	t := s.tongue(c)
	var b strings.Builder
	b.Grow(1024)
	b.WriteString(t.html("nearby_title", "Radius", s.Radius/1000, "Days", s.days(t), "Category", t.category(s.Category)))
	if len(events) == 0 {
		b.WriteString("\n\n" + t.html("nearby_empty"))
	} else {
		b.WriteString("\n" + t.count("nearby_found", s.Counts.total(),
			"People", s.Counts.People, "Community", s.Counts.Community, "Imported", s.Counts.Imported) + "\n")
	}
	for _, e := range events {
		d, _ := s.distance(e.ID)
		fmt.Fprintf(&b, "\n<b>%d.</b> %s\n%s · %s · %s", s.number(e.ID), escape(e.Title),
			escape(t.moment(e.Starts.In(zone(e.Zone)), c.Now)), escape(t.distance(d)), escape(t.category(e.Category)))
		switch {
		case e.Status == model.Cancelled:
			b.WriteString(" · ❌ " + t.html("card_cancelled"))
		case e.Going > 0:
			b.WriteString(" · " + t.count("going", e.Going))
		}
		b.WriteByte('\n')
	}
	return Message{Text: b.String(), Buttons: s.nearbyButtons(t, events)}
}

func (s State) nearbyButtons(t *tongue, events []model.Seen) [][]Button {
	rows := make([][]Button, 0, 5)
	if s.Prepared.Len() == 0 && s.canWiden() {
		rows = append(rows, []Button{{Text: t.say("button_wider"), Data: s.encode(actWider, int64(s.Search))}})
	}
	if len(events) > 0 {
		rows = append(rows, s.numberButtons(events))
	}
	if s.lastPage() > 0 {
		rows = append(rows, s.pageButtons())
	}
	return append(rows, s.radiusButtons(t), s.dayButtons(t), []Button{
		{Text: t.category(s.Category), Data: s.encode(actCategories, int64(s.Search))},
		s.createButton(t),
		{Text: t.say("button_mine"), Data: s.encode(actMine)},
	})
}

func (s State) numberButtons(events []model.Seen) []Button {
	row := make([]Button, len(events))
	for i, e := range events {
		row[i] = Button{Text: strconv.Itoa(s.number(e.ID)), Data: s.encode(actEvent, e.ID, int64(ScreenNearby))}
	}
	return row
}

func (s State) pageButtons() []Button {
	to := func(label string, page int16) Button {
		return Button{Text: label, Data: s.encode(actPage, int64(s.Search), int64(page))}
	}
	last := s.lastPage()
	return []Button{
		to("◀", max(s.Page-1, 0)),
		to(fmt.Sprintf("%d / %d", s.Page+1, last+1), s.Page),
		to("▶", min(s.Page+1, last)),
	}
}

func (s State) radiusButtons(t *tongue) []Button {
	row := make([]Button, 0, 3)
	add := func(label string, km int32) {
		if km > 0 {
			row = append(row, Button{Text: t.say(label, "Radius", km), Data: s.encode(actRadius, int64(s.Search), int64(km))})
		}
	}
	smaller, wider := s.radiusBeside()
	add("button_radius_smaller", smaller)
	row = append(row, Button{Text: t.say("button_again"), Data: s.encode(actAgain, int64(s.Search))})
	add("button_radius_wider", wider)
	return row
}

func (s State) dayButtons(t *tongue) []Button {
	row := make([]Button, spans)
	for d := range spans {
		text := t.say(dayNames[d])
		if d == s.Days {
			text = "• " + text + " •"
		}
		row[d] = Button{Text: text, Data: s.encode(actDays, int64(s.Search), int64(d))}
	}
	return row
}

// nearbyPress handles the buttons of the list. Those of an earlier search show the newest
// one instead, and say so.
func (s State) nearbyPress(c Context, d data) Turn {
	if s.Zone == "" {
		return s.tell(c, "need_location")
	}
	if uint32(d.arg(0)) != s.Search {
		c.Toast = s.tongue(c).say("old_list")
		c.Message = 0
		return s.showNearby(c)
	}
	switch d.action {
	case actPage:
		s.Page = int16(min(max(d.arg(1), 0), int64(s.lastPage())))
		return s.showNearby(c)
	case actRadius:
		km := min(max(d.arg(1), int64(radii[0])), int64(radii[len(radii)-1]))
		s.Radius = int32(km) * 1000
	case actDays:
		s.Days = Days(min(max(d.arg(1), 0), int64(spans-1)))
	case actWider:
		s = s.wider()
	case actCategories:
		return s.showCategories(c)
	case actCategory:
		s.Category = ""
		if i := d.arg(1); i > 0 && i <= int64(len(model.Categories)) {
			s.Category = model.Categories[i-1]
		}
	}
	return s.search(c)
}

// wider returns s with filters that find more: the next radius, the whole week, any category.
func (s State) wider() State {
	if _, km := s.radiusBeside(); km > 0 {
		s.Radius = 1000 * km
	}
	s.Days, s.Category = Week, ""
	return s
}

// canWiden reports whether there are filters that find more.
func (s State) canWiden() bool {
	to := s.wider()
	return to.Radius != s.Radius || to.Days != s.Days || to.Category != s.Category
}

// showCategories offers the categories in place of the list.
func (s State) showCategories(c Context) Turn {
	s.Screen = ScreenCategories
	t := s.tongue(c)
	choices := []Button{{Text: t.category(""), Data: s.encode(actCategory, int64(s.Search), 0)}}
	for i, k := range model.Categories {
		choices = append(choices, Button{Text: t.category(k), Data: s.encode(actCategory, int64(s.Search), int64(i+1))})
	}
	return s.present(c, Message{Text: t.html("choose_category"), Buttons: grid(choices, 3)})
}

// radiusBeside returns the next smaller and the next wider radius, in km; 0: there is none.
func (s State) radiusBeside() (smaller, wider int32) {
	for _, r := range radii {
		if r*1000 < s.Radius {
			smaller = r
		}
		if r*1000 > s.Radius {
			return smaller, r
		}
	}
	return smaller, 0
}

var dayNames = [spans]string{"today", "tomorrow", "week"}

func (s State) days(t *tongue) string { return t.say(dayNames[s.Days]) }

// number returns an event's number in the whole list, from 1.
func (s State) number(event int64) int {
	number := 0
	for id := range s.Prepared.All() {
		if number++; id == event {
			return number
		}
	}
	return 0
}

// key is a hash of all that a map message shows, to leave out an edit that changes nothing.
func (m Message) key() uint32 {
	h := fnv.New32a()
	b := make([]byte, 0, 512)
	b = append(b, m.Text...)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(m.Map.Centre.Lat))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(m.Map.Centre.Lon))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Map.Radius))
	for _, p := range m.Map.Pins {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.Lat))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p.Lon))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.Number))
		b = append(b, p.Kind...)
	}
	_, _ = h.Write(b) // never fails
	return h.Sum32()
}

// grid lays buttons out in rows of n.
func grid(buttons []Button, n int) [][]Button {
	var rows [][]Button
	for len(buttons) > n {
		rows = append(rows, buttons[:n])
		buttons = buttons[n:]
	}
	return append(rows, buttons)
}
