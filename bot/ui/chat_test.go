package ui

import (
	"errors"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"okolo/persistence/model"
)

// chat plays the rim for one person: it runs Step, gives the results of effects back in
// order, as the runtime does, and keeps the messages that the person has on screen. Between
// two inputs the state goes through its stored form, as if the session left memory every
// time. What the database would say is given by the test, as world.
//
// Words are given by the name of a sentence, in the language of the chat, or literally.
type chat struct {
	t        tester
	state    State
	context  Context
	world    world
	lang     string
	messages map[int64]Message
	newest   int64
	pressed  map[string]bool // message and data of the presses that acted
	answer   *Answer         // to the last press
	inline   *AnswerInline   // to the last inline query
	sent     int             // messages sent by the last input
	edited   []int64         // messages edited by the last input
	log      strings.Builder
	lose     map[Slot]bool   // sends that fail
	sessions map[int64]State // of the others, see comes
}

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Failed() bool
	Cleanup(func())
}

// world is what the database answers, and what was asked of it.
type world struct {
	found     []model.Found
	events    map[int64]model.Seen
	mine      []model.Seen
	readErr   error
	mutedAll  bool
	write     func(model.Command) (model.Answer, error)
	stats     string
	alike     int64
	attendees []model.Attendee
	club      CommunityLoaded             // the only group
	roles     map[int64]Role              // of people in it
	reports   map[int64][]model.Complaint // by event
	bans      []model.Ban                 // the latest first
	asked     []any
	written   []model.Command
}

// monday is when the tests take place: Monday 23 November 2026, 12:00 in Berlin.
var monday = time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)

var (
	berlin = model.Point{Lat: 52.52, Lon: 13.405}
	moscow = model.Point{Lat: 55.75, Lon: 37.61}
)

func newChat(t tester, lang string) *chat {
	c := &chat{
		t: t, state: Fresh(), lang: lang,
		context:  Context{From: model.Person{ID: 7, Name: "Ann", Lang: lang}, Self: Self{Username: "okolo_bot"}, Now: monday, Update: 1000},
		messages: make(map[int64]Message), pressed: make(map[string]bool), newest: 100,
		lose: make(map[Slot]bool),
	}
	c.world.events = make(map[int64]model.Seen)
	c.world.write = func(command model.Command) (model.Answer, error) { return model.Answer{}, errors.New("not expected") }
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the chat:\n%s", c.log.String())
		}
	})
	return c
}

// both runs a conversation in each language.
func both(t *testing.T, talk func(t *testing.T, c *chat)) {
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) { talk(t, newChat(t, lang)) })
	}
}

// words returns a sentence by its name as a person sees it, without what is filled in later;
// text that is no name is returned as it is.
func (c *chat) words(text string) string {
	s := tongues[c.lang].sentences[text]
	if s == nil {
		return text
	}
	longest := ""
	for _, p := range s[0] {
		if v := shown(p.text); len(v) > len(longest) {
			longest = v
		}
	}
	return longest
}

func (c *chat) says(text string) {
	c.t.Helper()
	fmt.Fprintf(&c.log, "\n> %s\n", text)
	switch p, title, ok := ParsePlace(text); {
	case c.context.Group.ID != 0:
		c.input(func(x Context) any { return GroupCommand{Context: x, Name: text[1:]} })
	case strings.HasPrefix(text, "/"):
		name, arg, _ := strings.Cut(text[1:], " ")
		c.input(func(x Context) any { return Command{Context: x, Name: name, Arg: arg} })
	case ok:
		c.input(func(x Context) any {
			return Location{Context: x, Point: p, Zone: "Europe/Berlin", Title: title, Typed: text}
		})
	default:
		c.input(func(x Context) any { return Text{Context: x, Text: text} })
	}
}

func (c *chat) sendsLocation(p model.Point, zone string) { c.t.Helper(); c.sendsVenue(p, zone, "") }

func (c *chat) sendsVenue(p model.Point, zone, title string) {
	c.t.Helper()
	fmt.Fprintf(&c.log, "\n> 📍 %v %s\n", p, title)
	c.input(func(x Context) any { return Location{Context: x, Point: p, Zone: zone, Title: title} })
}

// presses presses the button with that label on the newest message that has one.
func (c *chat) presses(label string) {
	c.t.Helper()
	label = c.words(label)
	for id := c.newest; id > 100; id-- {
		for _, b := range buttons(c.messages[id]) {
			if strings.Contains(b.Text, label) && b.calls() {
				c.pressesData(id, b.Data)
				return
			}
		}
	}
	c.t.Fatalf("no button %q in the chat", label)
}

// pressesOn presses a button of a certain message.
func (c *chat) pressesOn(id int64, label string) {
	c.t.Helper()
	c.pressesData(id, c.data(id, label))
}

// data returns the data of a button.
func (c *chat) data(id int64, label string) string {
	c.t.Helper()
	label = c.words(label)
	for _, b := range buttons(c.messages[id]) {
		if strings.Contains(b.Text, label) {
			return b.Data
		}
	}
	c.t.Fatalf("message %d has no button %q: %v", id, label, labels(c.messages[id]))
	return ""
}

func (c *chat) pressesData(id int64, data string) {
	c.t.Helper()
	key := fmt.Sprint(id, data)
	label := data
	for _, b := range buttons(c.messages[id]) {
		if b.Data == data {
			label = b.Text
		}
	}
	fmt.Fprintf(&c.log, "\n> [%s] on message %d\n", label, id)
	repeatable := c.input(func(x Context) any {
		x.Message, x.Callback = id, fmt.Sprint("cb", x.Update)
		if c.context.Group.ID != 0 {
			return GroupPress{Context: x, Data: data}
		}
		if c.pressed[key] {
			return Duplicate{Of: Press{Context: x, Data: data}}
		}
		return Press{Context: x, Data: data}
	})
	c.pressed[key] = c.pressed[key] || !repeatable
	if c.answer == nil {
		c.t.Fatalf("the press was not answered")
	}
}

// moves changes the place of a live location that the person shares.
func (c *chat) moves(p model.Point, zone string) {
	c.t.Helper()
	fmt.Fprintf(&c.log, "\n> 📍 moves to %v\n", p)
	c.input(func(x Context) any { return Moved{Context: x, Point: p, Zone: zone} })
}

// asksInline types a query behind the bot's name, in any chat.
func (c *chat) asksInline(query string) []InlineResult {
	c.t.Helper()
	fmt.Fprintf(&c.log, "\n> @okolo_bot %s\n", query)
	c.inline = nil
	c.input(func(x Context) any { return InlineQuery{Context: x, ID: "q1", Query: query} })
	if c.inline == nil {
		c.t.Fatalf("the inline query was not answered")
	}
	return c.inline.Results
}

// input runs one turn to its end and reports whether it was repeatable.
func (c *chat) input(make func(Context) any) bool {
	c.t.Helper()
	c.context.Update++
	c.answer, c.sent, c.edited, c.world.asked = nil, 0, nil, nil
	before, writes, in := c.state, len(c.world.written), make(c.context)
	turn, emit := c.run(c.step(in))
	wrote := writes < len(c.world.written)
	if p, ok := in.(Press); ok {
		if edits := edits(emit, p.Message); turn.Repeatable == edits || !turn.Repeatable && !edits && !wrote {
			c.t.Fatalf("may act again: %v, edits the pressed message: %v, wrote: %v", turn.Repeatable, edits, wrote)
		}
	}
	switch _, duplicate := in.(Duplicate); {
	case turn.Repeatable && !wrote && !c.asksToSend() && !reflect.DeepEqual(c.state, before):
		c.t.Fatalf("a press that may act again changed\n%+v to\n%+v", before, c.state)
	case duplicate && c.state.Revision != before.Revision:
		c.t.Fatalf("a duplicate shows revision %d after %d", c.state.Revision, before.Revision)
	case c.state.Blank(): // everything was forgotten
	case c.state.Revision != before.Revision && c.state.Revision != max(before.Revision, pressed(in))+1:
		c.t.Fatalf("one input leads from revision %d to %d", before.Revision, c.state.Revision)
	}
	for _, e := range emit {
		c.emit(e)
	}
	return turn.Repeatable
}

// pressed is the revision on a button that was pressed; 0: none was, or it cannot be one.
func pressed(in any) uint32 {
	p, ok := in.(Press)
	if d, err := decode(p.Data); ok && err == nil && d.revision < maxRevision {
		return d.revision
	}
	return 0
}

// run gives a turn the results that it awaits, and returns its last Step and all it emits.
func (c *chat) run(turn Turn) (last Turn, emit []any) {
	c.t.Helper()
	for queue := turn.Await; ; queue = append(queue[1:], turn.Await...) {
		emit = append(emit, turn.Emit...)
		if len(queue) == 0 {
			return turn, emit
		}
		turn = c.step(c.result(queue[0]))
	}
}

// asksToSend reports whether the last input asked for new messages.
func (c *chat) asksToSend() bool {
	return slices.ContainsFunc(c.world.asked, func(e any) bool { _, ok := e.(Send); return ok })
}

// edits reports whether one of the effects edits a message.
func edits(effects []any, message int64) bool {
	return slices.ContainsFunc(effects, func(e any) bool {
		edit, ok := e.(Edit)
		return ok && edit.ID == message
	})
}

// step runs Step and holds what it decides against what must always be true.
func (c *chat) step(in any) Turn {
	c.t.Helper()
	before, compare := stored(c.t, c.state), stored(c.t, c.state)
	turn := Step(before, in)
	if !reflect.DeepEqual(before, compare) {
		c.t.Fatalf("%T changed the state it was given", in)
	}
	checkTurn(c.t, turn)
	c.state = stored(c.t, turn.Next)
	if !reflect.DeepEqual(c.state, turn.Next) {
		c.t.Fatalf("%T left a state that is not the same after it was stored:\n%+v\n%+v", in, turn.Next, c.state)
	}
	return turn
}

// result carries an effect out that has a result.
func (c *chat) result(effect any) any {
	c.t.Helper()
	c.world.asked = append(c.world.asked, effect)
	switch do := effect.(type) {
	case FindNearby:
		return NearbyFound{Context: do.Context, Found: c.world.found, Err: c.world.readErr}
	case LoadEvents:
		in := EventsLoaded{Context: do.Context, Err: c.world.readErr}
		for _, id := range do.IDs {
			if e, ok := c.world.events[id]; ok && in.Err == nil {
				in.Events = append(in.Events, e)
			}
		}
		return in
	case LoadMine:
		return MineLoaded{Context: do.Context, Events: c.world.mine, Err: c.world.readErr}
	case FindAlike:
		return AlikeFound{Context: do.Context, Event: c.world.alike, Err: c.world.readErr}
	case LoadCommunity:
		in := c.world.club
		in.Context, in.Err = do.Context, c.world.readErr
		if in.Chat.ID != do.Chat {
			in.Known = false
		}
		if do.Role {
			in.Role = c.world.roles[do.From.ID]
		}
		if do.Group.Anonymous {
			in.Role = Admin
		}
		if do.Events > 0 {
			in.Events = c.upcoming()
		}
		return in
	case LoadAttendance:
		return AttendanceLoaded{Context: do.Context, Event: do.Event, Attendees: c.world.attendees, Err: c.world.readErr}
	case Mute:
		e, ok := c.world.events[do.Event]
		if !ok || e.Part == model.Absent {
			return Muted{Mute: do, Err: model.ErrNotFound}
		}
		e.Muted = do.Muted
		c.world.events[do.Event] = e
		return Muted{Mute: do, Err: c.world.readErr}
	case LoadMutedAll:
		return MutedAllLoaded{Context: do.Context, Muted: c.world.mutedAll, Err: c.world.readErr}
	case MuteAll:
		if c.world.readErr == nil {
			c.world.mutedAll = do.Muted
		}
		return MutedAll{MuteAll: do, Err: c.world.readErr}
	case Forget:
		return Forgotten{Context: do.Context, Err: c.world.readErr}
	case LoadCase:
		return c.loadCase(do)
	case LoadBans:
		bans := c.world.bans[min(do.Skip, len(c.world.bans)):]
		return BansLoaded{Context: do.Context, Bans: bans[:min(do.Limit, len(bans))], Err: c.world.readErr}
	case LoadStats:
		return StatsLoaded{Context: do.Context, Lines: c.world.stats, Err: c.world.readErr}
	case Write:
		c.world.written = append(c.world.written, do.Command)
		answer, err := c.world.write(do.Command)
		return Written{Context: do.Context, Command: do.Command, Answer: answer, Err: err}
	case Send:
		return Sent{Slot: do.Slot, ID: c.send(do.Slot, do.Message), Tap: do.Tap, At: c.context.Now}
	}
	c.t.Fatalf("awaits %T, which has no result", effect)
	return nil
}

func (c *chat) send(slot Slot, m Message) int64 {
	if c.lose[slot] {
		return 0
	}
	c.newest++
	c.sent++
	c.messages[c.newest] = m
	c.print(c.newest, "", m)
	return c.newest
}

// emit carries an effect out that has no result, but for an edit of what is gone.
func (c *chat) emit(effect any) {
	c.t.Helper()
	switch do := effect.(type) {
	case Edit:
		old, ok := c.messages[do.ID]
		if !ok && (do.Slot == SlotMap || do.Slot == SlotList) {
			c.run(c.step(Gone{Context: do.Context, ID: do.ID}))
			return
		}
		if !ok {
			c.step(Sent{Slot: do.Slot, ID: c.send(do.Slot, do.Message), Gone: do.ID})
			return
		}
		if (old.Map == nil) != (do.Message.Map == nil) {
			c.t.Fatalf("message %d cannot be edited from a picture to a text or back", do.ID)
		}
		c.edited = append(c.edited, do.ID)
		c.messages[do.ID] = do.Message
		c.print(do.ID, " edited", do.Message)
	case Answer:
		if c.answer != nil {
			c.t.Fatalf("the press was answered twice: %+v, %+v", *c.answer, do)
		}
		c.answer = &do
		fmt.Fprintf(&c.log, "(%s)\n", do.Text)
	case AnswerInline:
		c.inline = &do
		for _, r := range do.Results {
			fmt.Fprintf(&c.log, "(%s · %s)\n", r.Title, r.Description)
			c.print(0, "", r.Message)
		}
	default:
		c.t.Fatalf("emits %T", effect)
	}
}

// sees checks that the newest message that shows a screen, or that was sent, shows all this.
func (c *chat) sees(texts ...string) {
	c.t.Helper()
	c.seesOn(c.newest, texts...)
}

func (c *chat) seesOn(id int64, texts ...string) {
	c.t.Helper()
	m, ok := c.messages[id]
	if !ok {
		c.t.Fatalf("there is no message %d", id)
	}
	all := shown(m.Text) + "\n" + strings.Join(labels(m), "\n")
	for _, text := range texts {
		if text = c.words(text); !strings.Contains(all, text) {
			c.t.Fatalf("message %d does not show %q:\n%s", id, text, all)
		}
	}
}

func (c *chat) seesNot(texts ...string) {
	c.t.Helper()
	m := c.messages[c.newest]
	all := shown(m.Text) + "\n" + strings.Join(labels(m), "\n")
	for _, text := range texts {
		if text = c.words(text); strings.Contains(all, text) {
			c.t.Fatalf("message %d shows %q:\n%s", c.newest, text, all)
		}
	}
}

// hears checks the answer to the last press: a toast.
func (c *chat) hears(text string) {
	c.t.Helper()
	if text = c.words(text); c.answer == nil || c.answer.Alert || !strings.Contains(c.answer.Text, text) {
		c.t.Fatalf("the press was answered %+v, not %q", c.answer, text)
	}
}

// isTold checks the answer to the last press: an alert, with nothing else changed.
func (c *chat) isTold(text string) {
	c.t.Helper()
	if text = c.words(text); c.answer == nil || !c.answer.Alert || !strings.Contains(c.answer.Text, text) {
		c.t.Fatalf("the press was answered %+v, not the alert %q", c.answer, text)
	}
	if c.sent != 0 || len(c.edited) != 0 {
		c.t.Fatalf("%d messages were sent and %v edited beside the alert", c.sent, c.edited)
	}
}

// did checks how many messages the last input sent, and which it edited.
func (c *chat) did(sent int, edited ...int64) {
	c.t.Helper()
	slices.Sort(c.edited)
	if c.sent != sent || !slices.Equal(c.edited, edited) {
		c.t.Fatalf("%d messages were sent and %v edited, want %d and %v", c.sent, c.edited, sent, edited)
	}
}

func (c *chat) print(id int64, what string, m Message) {
	fmt.Fprintf(&c.log, "%d%s:", id, what)
	if m.Map != nil {
		fmt.Fprintf(&c.log, " 🗺 %d km, %d pins", m.Map.Radius/1000, len(m.Map.Pins))
	}
	if m.Venue != nil {
		fmt.Fprintf(&c.log, " 📍 %v, %s, %s", m.Venue.Point, m.Venue.Title, m.Venue.Address)
	}
	if m.Document != nil {
		fmt.Fprintf(&c.log, " 📎 %s, %d bytes", m.Document.Name, len(m.Document.Content))
	}
	fmt.Fprintf(&c.log, "\n%s\n", shown(m.Text))
	for _, row := range m.Buttons {
		for _, b := range row {
			fmt.Fprintf(&c.log, "[%s] ", b.Text)
		}
		c.log.WriteString("\n")
	}
	if m.Keyboard != nil {
		fmt.Fprintf(&c.log, "⌨ [%s] %s\n", m.Keyboard.Location, m.Keyboard.Hint)
	}
}

// stored returns a state as it comes back from a snapshot.
func stored(t tester, s State) State {
	t.Helper()
	b, err := cbor.Marshal(s)
	if err != nil {
		t.Fatalf("encode the state: %v", err)
	}
	var back State
	if err := cbor.Unmarshal(b, &back); err != nil {
		t.Fatalf("decode the state: %v", err)
	}
	return back
}

// checkTurn holds a turn against Telegram's limits and the rules of effects.
func checkTurn(t tester, turn Turn) {
	t.Helper()
	if turn.Repeatable && len(turn.Await) > 0 {
		t.Fatalf("a turn that awaits %T is not over", turn.Await[0])
	}
	for _, e := range append(slices.Clone(turn.Await), turn.Emit...) {
		switch do := e.(type) {
		case Send:
			checkMessage(t, do.Message)
		case Edit:
			checkMessage(t, do.Message)
			if do.Message.Keyboard != nil || do.ID == 0 {
				t.Fatalf("an edit that Telegram refuses: %+v", do)
			}
		case Answer:
			if units(do.Text) > maxAnswer || !utf8.ValidString(do.Text) || do.Callback == "" || do.Alert && do.Text == "" {
				t.Fatalf("an answer that Telegram refuses: %d units, %+v", units(do.Text), do)
			}
		case AnswerInline:
			ids := make(map[string]bool)
			for _, r := range do.Results {
				if r.ID == "" || len(r.ID) > 64 || ids[r.ID] || r.Title == "" || len(do.Results) > 50 {
					t.Fatalf("an inline result that Telegram refuses: %+v", r)
				}
				ids[r.ID] = true
				checkMessage(t, r.Message)
			}
		case LoadEvents:
			if n := len(do.IDs); n == 0 || n > PageSize {
				t.Fatalf("%d events are asked for", n)
			}
		}
	}
}

func checkMessage(t tester, m Message) {
	t.Helper()
	if m.Venue != nil && (m.Venue.Title == "" || m.Venue.Address == "") {
		t.Fatalf("a venue that Telegram refuses: %+v", m.Venue)
	}
	if d := m.Document; d != nil && d.Name != "" && len(d.Content) > 0 && m.Text == "" {
		return
	}
	limit := maxMessage
	if m.Map != nil {
		limit = maxCaption
	}
	if n := units(shown(m.Text)); n == 0 || n > limit {
		t.Fatalf("a message of %d units:\n%s", n, m.Text)
	}
	checkHTML(t, m.Text)
	for _, row := range m.Buttons {
		if len(row) == 0 || len(row) > 8 {
			t.Fatalf("a row of %d buttons", len(row))
		}
	}
	for _, b := range buttons(m) {
		if b.Text == "" || !utf8.ValidString(b.Text) {
			t.Fatalf("a button without a label: %+v", b)
		}
		if !b.calls() {
			continue
		}
		if n := len(b.Data); n < 1 || n > 64 {
			t.Fatalf("button data of %d bytes: %q", n, b.Data)
		}
		if _, err := decode(b.Data); err != nil {
			t.Fatalf("button data %q: %v", b.Data, err)
		}
	}
}

// calls reports whether the button calls the bot back.
func (b Button) calls() bool { return b.URL == "" && b.Inline == "" }

var tags = regexp.MustCompile(`<(?:b|code|pre|a href="https://[^"<>]*")>|</(?:b|code|pre|a)>`)

// checkHTML checks that text is HTML that Telegram reads: known tags, well nested, and
// nothing else that looks like one.
func checkHTML(t tester, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("not valid UTF-8: %q", text)
	}
	var open []string
	for _, tag := range tags.FindAllString(text, -1) {
		if name, closing := strings.CutPrefix(tag, "</"); closing {
			if len(open) == 0 || open[len(open)-1] != "<"+name {
				t.Fatalf("%s closes nothing in %q", tag, text)
			}
			open = open[:len(open)-1]
		} else {
			name, _, _ := strings.Cut(strings.TrimSuffix(tag, ">"), " ")
			open = append(open, name+">")
		}
	}
	rest := tags.ReplaceAllString(text, "")
	if len(open) > 0 || strings.ContainsAny(rest, "<>") {
		t.Fatalf("not HTML for Telegram: %q", text)
	}
	for _, part := range strings.Split(rest, "&")[1:] {
		name, _, ok := strings.Cut(part, ";")
		if !ok || !slices.Contains([]string{"lt", "gt", "amp", "#34", "#39"}, name) {
			t.Fatalf("an entity that Telegram does not read in %q", text)
		}
	}
}

// shown returns what a person sees of HTML.
func shown(text string) string { return html.UnescapeString(tags.ReplaceAllString(text, "")) }

// units counts as Telegram does.
func units(text string) int { return len(utf16.Encode([]rune(text))) }

func buttons(m Message) []Button {
	return slices.Concat(m.Buttons...)
}

func labels(m Message) []string {
	var all []string
	for _, b := range buttons(m) {
		all = append(all, b.Text)
	}
	return all
}

// event makes an event in Berlin, tonight at seven.
func event(id int64, title string, change ...func(*model.Seen)) model.Seen {
	starts := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	e := model.Seen{Event: model.Event{
		ID: id, Kind: model.Personal, Owner: 99, Status: model.Open,
		Details: model.Details{
			Title: title, Category: "music", Starts: starts, Ends: starts.Add(2 * time.Hour),
			Zone: "Europe/Berlin", Place: "Club", Point: model.Point{Lat: 52.5 + float64(id)/1000, Lon: 13.4},
		},
	}}
	for _, f := range change {
		f(&e)
	}
	return e
}

// lives puts n events into the world, found by the search in the order of their ids, from 1.
func (c *chat) lives(n int) {
	c.world.found = nil
	for i := range n {
		id := int64(i + 1)
		kind := [...]model.Kind{model.Personal, model.Community, model.Imported}[i%3]
		c.world.events[id] = event(id, fmt.Sprintf("Event %d", id), func(e *model.Seen) { e.Kind = kind })
		c.world.found = append(c.world.found, model.Found{ID: id, Kind: kind, Metres: 100 * (i + 1)})
	}
}

// joins has the world carry out what changes an event as the database does.
func (c *chat) joins() {
	c.world.write = func(command model.Command) (model.Answer, error) {
		if id, ok, err := c.judges(command); ok {
			return model.Answer{Event: id}, err
		}
		var id int64
		part := model.Absent
		switch command := command.(type) {
		case model.JoinEvent:
			id, part = command.Event, model.Going
			if e := c.world.events[id]; e.Capacity > 0 && e.Going >= e.Capacity && e.Part != model.Going {
				part = model.Waiting
			}
		case model.LeaveEvent:
			id = command.Event
		case model.CancelEvent:
			id = command.Event
		case model.EditEvent:
			id = command.Event
		case model.ReportEvent:
			id = command.Event
		case model.TellJoined:
			id = command.Event
		}
		e, ok := c.world.events[id]
		switch {
		case !ok:
			return model.Answer{}, model.ErrNotFound
		case e.Status != model.Open:
			return model.Answer{}, model.ErrClosed
		case e.Ends.Before(c.context.Now):
			return model.Answer{}, model.ErrPast
		}
		switch command := command.(type) {
		case model.TellJoined:
			if e.Owner != command.By.ID {
				return model.Answer{}, model.ErrNotOwner
			}
			return model.Answer{Event: id, Part: e.Part}, command.Validate()
		case model.ReportEvent:
			return model.Answer{Event: id, Part: e.Part}, nil
		case model.CancelEvent:
			if e.Owner != command.By.ID {
				return model.Answer{}, model.ErrNotOwner
			}
			e.Status, part = model.Cancelled, e.Part
		case model.EditEvent:
			d := command.Apply(e.Details)
			switch err := command.Validate(); {
			case e.Owner != command.By.ID:
				return model.Answer{}, model.ErrNotOwner
			case err != nil:
				return model.Answer{}, err
			case d.Capacity > 0 && d.Capacity < e.Going:
				return model.Answer{}, model.ErrOverCapacity
			case !d.Starts.Equal(e.Starts) && d.Starts.Before(c.context.Now):
				return model.Answer{}, model.ErrPast
			}
			e.Details, part = d, e.Part
		}
		e.Going += count(part == model.Going) - count(e.Part == model.Going)
		e.Waiting += count(part == model.Waiting) - count(e.Part == model.Waiting)
		e.Part = part
		c.world.events[id] = e
		return model.Answer{Event: id, Part: part}, nil
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// saves has the world make events of drafts, once each.
func (c *chat) saves() {
	made := make(map[int64]int64)
	c.world.write = func(command model.Command) (model.Answer, error) {
		create := command.(model.CreateUserEvent)
		if err := create.Validate(); err != nil {
			return model.Answer{}, err
		}
		if id := made[create.Draft]; id != 0 {
			return model.Answer{Event: id, Replayed: true}, nil
		}
		id := int64(500 + len(made))
		made[create.Draft] = id
		c.world.events[id] = model.Seen{Event: model.Event{
			ID: id, Kind: model.Personal, Owner: create.By.ID, Status: model.Open, Details: create.Details,
		}}
		return model.Answer{Event: id}, nil
	}
}

// last returns the last write.
func last[T model.Command](c *chat) T {
	c.t.Helper()
	if len(c.world.written) == 0 {
		c.t.Fatalf("nothing was written")
	}
	command, ok := c.world.written[len(c.world.written)-1].(T)
	if !ok {
		c.t.Fatalf("the last write is %T", c.world.written[len(c.world.written)-1])
	}
	return command
}

// asked returns the last question of a kind that the last input asked.
func asked[T any](c *chat) T {
	c.t.Helper()
	for _, e := range slices.Backward(c.world.asked) {
		if q, ok := e.(T); ok {
			return q
		}
	}
	var none T
	c.t.Fatalf("did not ask for %T but for %v", none, c.world.asked)
	return none
}
