package crowd

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/cmd/loadtest/verify"
)

func newCrowd(t testing.TB, o Options) *Crowd {
	t.Helper()
	o.Ledger, o.Folder = verify.NewLedger("test"), t.TempDir()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestPersonIsSmall: of a million people's 4 GB, what the crowd itself keeps is a small part.
func TestPersonIsSmall(t *testing.T) {
	const people, most = 200_000, 500
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	c := newCrowd(t, Options{People: people, Mix: Everybody, Rate: 1})
	each := (heap() - before) / people
	if each > most {
		t.Errorf("a person takes %d bytes, and %d at most was meant", each, most)
	}
	t.Logf("%d bytes a person", each)
	runtime.KeepAlive(c)
}

// TestSameSeedSamePeople: who they are depends on the seed alone.
func TestSameSeedSamePeople(t *testing.T) {
	kinds := func(seed uint64) (list []Persona) {
		c := newCrowd(t, Options{People: 1000, Seed: seed, Mix: Everybody, Rate: 1})
		for _, s := range c.shards {
			for i := range s.people {
				list = append(list, s.people[i].persona)
			}
		}
		return list
	}
	if !slices.Equal(kinds(1), kinds(1)) {
		t.Error("the same seed makes other people")
	}
	if slices.Equal(kinds(1), kinds(2)) {
		t.Error("another seed makes the same people")
	}
	counts := map[Persona]int{}
	for _, p := range kinds(3) {
		counts[p]++
	}
	for p, n := range Everybody {
		if got := counts[Persona(p)]; n > 0 && (got < 5*n || got > 20*n) {
			t.Errorf("%d of 1000 are %s, of a share of %d %%", got, Persona(p), n)
		}
	}
}

// TestEverybodyInTurn: without Zipf all come before anybody comes twice.
func TestEverybodyInTurn(t *testing.T) {
	c := newCrowd(t, Options{People: 1001, Mix: Everybody, Rate: 1})
	for _, s := range c.shards {
		seen := map[uint32]bool{}
		for range s.people {
			p := s.somebody()
			if p == nil || seen[p.self] {
				t.Fatalf("somebody came twice, after %d of %d", len(seen), len(s.people))
			}
			seen[p.self] = true
		}
	}
}

// TestTimetable: the entries come in order of time.
func TestTimetable(t *testing.T) {
	var tt timetable
	lot := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		tt.add(entry{due: lot.Int64N(500)})
	}
	last := int64(-1)
	for len(tt) > 0 {
		e := tt.take()
		if e.due < last {
			t.Fatalf("%d after %d", e.due, last)
		}
		last = e.due
	}
}

// TestRead: people read the screen by its words.
func TestRead(t *testing.T) {
	row := func(labels ...string) (bs []sandbox.Button) {
		for _, l := range labels {
			bs = append(bs, sandbox.Button{Text: l, Data: "d" + l})
		}
		return bs
	}
	for _, c := range []struct {
		m    sandbox.Message
		want screen
		has  []role
	}{
		{sandbox.Message{Text: "Nearby · 10 km · week · ✨ everything\n7 events", Buttons: [][]sandbox.Button{row("1", "2"), row("◀", "2 / 10", "▶"), row("➖ 5 km", "➕ 25 km"), row("today", "tomorrow", "• week •")}},
			screen{sight: list, radius: 10, days: roleWeek, page: 2, pages: 10}, []role{roleNumber, rolePrevious, roleNext, roleSmaller, roleWider, roleToday}},
		{sandbox.Message{Text: "✅ Saved. Your event is published.\n\nMine\n🚶 walks\n🕒 tomorrow 19:30–21:30 (CET, Europe/Berlin)", Buttons: [][]sandbox.Button{row("🙋 Join"), row("❌ Call it off"), row("‹ Back")}},
			screen{sight: saved, title: "Mine", category: 6, minute: 19*60 + 30}, []role{roleJoin, roleCallOff, roleBack}},
		{sandbox.Message{Text: "❌ called off\n\nMine\n🚶 walks\n🕒 tomorrow\n\n👥 1 had joined: P1\n🙋 You had joined."}, screen{sight: card, title: "Mine", off: true, part: "going", category: 6, minute: -1}, nil},
		{sandbox.Message{Text: "New event\n\n📝 My title\n\nWhat kind of event is it?", Buttons: [][]sandbox.Button{row("🎵 music", "📌 other")}},
			screen{sight: askCategory, title: "My title"}, []role{roleCategory}},
		{sandbox.Message{Text: "New event\n\nWhen does it begin, by…", Buttons: [][]sandbox.Button{row("tomorrow 19:05")}}, screen{sight: askWhen}, []role{roleTime}},
		{sandbox.Message{Text: "Hello, P7!\nI know…"}, screen{sight: greeting, title: "P7"}, nil},
		{sandbox.Message{Text: "Too much is going on right now."}, screen{sight: trouble}, nil},
		{sandbox.Message{Photo: &sandbox.Photo{}}, screen{sight: picture}, nil},
		{sandbox.Message{Text: "words"}, screen{}, nil},
	} {
		got := read(&c.m)
		if got != c.want {
			t.Errorf("%q is read as %+v, not %+v", c.m.Text, got, c.want)
		}
		b := new(packer).pack(&c.m, &got)
		for _, r := range c.has {
			if b.count(r) == 0 {
				t.Errorf("%q: the button %c is not found", c.m.Text, r)
			}
		}
	}
	m := sandbox.Message{Buttons: [][]sandbox.Button{row("tomorrow 19:05")}}
	if b, ok := new(packer).pack(&m, &screen{sight: askWhen}).nth(roleTime, 0); !ok || b.arg != 19*60+5 || b.data != "dtomorrow 19:05" {
		t.Errorf("the suggested moment is read as %+v", b)
	}
}

// TestJournal: a story is told in order, of those who are asked for.
func TestJournal(t *testing.T) {
	c := newCrowd(t, Options{People: 2, FirstID: 10, Mix: Everybody, Rate: 1})
	c.journal.note(10, "says ", "one")
	c.Shown(11, sandbox.Message{ID: 5, Text: "for another"})
	c.Shown(10, sandbox.Message{ID: 6, Text: strings.Repeat("ж", 1000), Edited: 1, Buttons: [][]sandbox.Button{{{Text: "B"}}}})
	c.Answered(10, "77", sandbox.CallbackAnswer{Text: "toast"})
	stories, err := c.Stories([]int64{10})
	if err != nil || len(stories) != 1 {
		t.Fatalf("%v %v", stories, err)
	}
	lines := strings.Split(strings.TrimSpace(stories[10]), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "says one") || !strings.Contains(lines[1], "edited: #6 ж") || !strings.Contains(lines[2], "answers press 77: toast") {
		t.Errorf("the story is %q", lines)
	}
}

// FuzzRead: whatever a bot shows, people do not fall over it.
func FuzzRead(f *testing.F) {
	f.Add("Nearby · 5 km · today", "1 / 2", "data")
	f.Add("New event\n📝 x", "19:00", "")
	f.Add("✅ \n🕒 ", "‹ Back", strings.Repeat("x", 64))
	f.Fuzz(func(t *testing.T, text, label, data string) {
		m := sandbox.Message{Text: text, Buttons: [][]sandbox.Button{{{Text: label, Data: data}, {Text: label, Data: data}}}}
		s := read(&m)
		b := new(packer).pack(&m, &s)
		b.each(func(x button) bool {
			if x.data != data {
				t.Errorf("%q became %q", data, x.data)
			}
			return true
		})
	})
}

// TestNotice: what the bot says unasked is known, by the event it is about.
func TestNotice(t *testing.T) {
	for text, title := range map[string]string{
		"❌ Sample 1, run, which you joined, was called off. It would have been:\n\n🕒 today":      "Sample 1, run",
		"❌ The operators took Sample 1, run, which you joined, out of here. It is best not to…":  "Sample 1, run",
		"✏️ The organiser changed Event 2 of 3, run, which you joined. Now it is:\n\n🕒 tomorrow": "Event 2 of 3, run",
		"🙋 A place is free: you come to Sample 7, run. If you cannot, please leave it\n\n🕒 x":    "Sample 7, run",
		"⏰ Sample 7, run is coming up.\n\n🕒 x":                                                   "Sample 7, run",
		"⏰ Sample 7, run begins within the hour.\n\n🕒 x":                                         "Sample 7, run",
	} {
		if s := read(&sandbox.Message{Text: text}); s.sight != notice || s.title != title {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
	for _, text := range []string{"❌ called off\n\nMine\n🕒 tomorrow", "⏰ later"} {
		if s := read(&sandbox.Message{Text: text}); s.sight == notice {
			t.Errorf("%q is taken for a notice", text)
		}
	}
}

// TestAbsence: who left in the middle of the wizard returns an hour later, and who kept an old
// button a week later, where time passes fast enough; nobody else stays away.
func TestAbsence(t *testing.T) {
	for speed, want := range map[float64][2]time.Duration{1: {}, 60: {time.Minute, 0}, 1800: {2 * time.Second, 336 * time.Second}} {
		c := newCrowd(t, Options{People: 1, Mix: Everybody, Rate: 1, Speed: speed})
		leaver, presser := person{persona: Leaver, draft: true}, person{persona: OldPresser, old: "x"}
		if got := [2]time.Duration{c.absence(&leaver), c.absence(&presser)}; got != want {
			t.Errorf("at %v times the speed they are away for %v, not %v", speed, got, want)
		}
		for _, p := range []person{{persona: Leaver}, {persona: OldPresser}, {persona: Browser, draft: true, old: "x"}} {
			if d := c.absence(&p); d != 0 {
				t.Errorf("%s is away for %v", p.persona, d)
			}
		}
	}
}

// TestReturn: nobody who is away for an hour comes before it is over, and then they come at once.
func TestReturn(t *testing.T) {
	c := newCrowd(t, Options{People: 2, Mix: Mix{Leaver: 1}, Rate: 1e-9, Speed: 1800})
	c.began = time.Now()
	s := c.shards[0]
	p := &s.people[0]
	s.come(p, 0)
	p.draft = true
	s.leave(p)
	if p.back < int64(2*time.Second) {
		t.Fatalf("they mean to return after %v", time.Duration(p.back))
	}
	if s.somebody() != nil {
		t.Error("who is away was met")
	}
	s.steps = slices.DeleteFunc(s.steps, func(e entry) bool { return e.turn != p.turn })
	if len(s.steps) != 1 || s.steps[0].due != p.back {
		t.Errorf("the timetable has %+v", s.steps)
	}
	c.began = c.began.Add(-3 * time.Second)
	s.act()
	if p.came != 2 {
		t.Errorf("they are back: %+v", p)
	}
}

// looker is a person who looks at page 1 of 3 of a list, message 7, at 5 km and of the week, and presses a button.
func looker(t *testing.T, lenient bool, act deed) (*Crowd, *shard, *person) {
	c := newCrowd(t, Options{People: 1, Mix: Everybody, Rate: 1, Lenient: lenient})
	s := c.shards[0]
	p := &s.people[0]
	m := aList(7, true, "5 km", "1 / 3")
	p.at, p.radius, p.days, p.page, p.pages, p.located, p.left = read(&m), 5, roleWeek, 1, 3, true, 10
	p.searchAt, p.draftAt = 1, 1
	p.act = act
	return c, s, p
}

func aList(id int64, edited bool, radius, page string) sandbox.Message {
	m := sandbox.Message{ID: id, Text: "Nearby · " + radius + " · week · ✨ everything\n7 events", Buttons: [][]sandbox.Button{{{Text: page, Data: "x"}}}}
	if edited {
		m.Edited = 1
	}
	return m
}

// TestAnOlderListOnceMore: after a kill the bot shows again what updates led to that came before the press that
// a person waits for.
func TestAnOlderListOnceMore(t *testing.T) {
	wider := deed{kind: Radius, wants: of(list), arg: 10}
	next := deed{kind: Page, by: roleNext, wants: of(list)}
	for _, x := range []struct {
		act           deed
		older, answer sandbox.Message
	}{
		{wider, aList(7, true, "5 km", "1 / 3"), aList(7, true, "10 km", "1 / 4")},
		{wider, aList(7, true, "2 km", "1 / 1"), aList(7, true, "10 km", "1 / 4")},
		{next, aList(7, true, "5 km", "1 / 3"), aList(7, true, "5 km", "2 / 3")},
		{next, aList(7, true, "5 km", "3 / 3"), aList(7, true, "5 km", "2 / 2")},
		{next, aList(8, false, "5 km", "1 / 3"), aList(9, false, "5 km", "2 / 3")}, // it was sent anew, and then again
		{deed{kind: Locate, wants: of(list)}, aList(7, true, "5 km", "1 / 3"), aList(8, false, "5 km", "1 / 3")},
	} {
		c, s, p := looker(t, true, x.act)
		s.shown(p, &x.older, 1)
		if !p.waiting() {
			t.Errorf("%q is taken for the answer to %s", x.older.Text, x.act.kind)
		}
		s.shown(p, &x.answer, 2)
		if p.waiting() || p.at.message != x.answer.ID || len(c.Outcome().Wrongs) != 0 {
			t.Errorf("the answer to %s is not taken for it: %+v, %v", x.act.kind, p.at, c.Outcome().Wrongs)
		}

		c, s, p = looker(t, true, x.act)
		s.shown(p, &x.older, 1)
		s.giveUp(p)
		if got := c.Outcome().Wrongs[Unanswered]; got != 1 {
			t.Errorf("%d complaints of a list that nobody asked for, after %s", got, x.act.kind)
		}
		if x.act.kind == Locate {
			continue
		}
		c, s, p = looker(t, false, x.act)
		s.shown(p, &x.older, 1)
		if got := c.Outcome().Wrongs[PlaceLost]; got != 1 {
			t.Errorf("where nothing comes twice, %d complaints of it, after %s", got, x.act.kind)
		}
	}
}

// TestAListAfterACrash: where the crash of PostgreSQL excuses that the search is lost, what the list shows is taken.
func TestAListAfterACrash(t *testing.T) {
	c, s, p := looker(t, true, deed{kind: Locate, wants: of(list)})
	c.outages.begin(0)
	c.outages.end(2)
	m := aList(9, false, "25 km", "1 / 3")
	s.shown(p, &m, 3)
	if p.waiting() || p.radius != 25 || len(c.Outcome().Wrongs) != 0 || c.Outcome().Excused != 1 {
		t.Errorf("%+v, %+v", p, c.Outcome())
	}
}

// TestAPressCarriedOutLate: in the outage the list came once more as it was, and the radius changes only when a
// location was sent: that is what the person goes on from. What a bot changes after that is a place lost.
func TestAPressCarriedOutLate(t *testing.T) {
	c, s, p := looker(t, true, deed{kind: Radius, wants: of(list), arg: 2})
	c.outages.begin(0)
	c.outages.end(2)
	see := func(id int64, edited bool, radius string) {
		m := aList(id, edited, radius, "1 / 3")
		s.shown(p, &m, 3) // after the outage
	}
	see(7, true, "5 km") // as it was
	if p.waiting() || p.radius != 5 {
		t.Fatalf("they do not go by what they see: %+v", p)
	}
	p.act = deed{kind: Locate, wants: of(list)}
	see(7, true, "2 km")
	if !p.waiting() {
		t.Fatal("an edited list is taken for the answer to a location")
	}
	see(8, false, "2 km")
	if got := c.Outcome(); p.waiting() || p.radius != 2 || p.at.message != 8 || len(got.Wrongs) != 0 || got.Excused != 2 {
		t.Errorf("waits: %t, %d km, message %d; %+v", p.waiting(), p.radius, p.at.message, got)
	}
	for range 2 { // a bot that does nothing: it is not excused for ever
		p.act = deed{kind: Radius, wants: of(list), arg: 10}
		see(8, true, "2 km")
		s.giveUp(p)
	}
	if got := c.Outcome(); got.Wrongs[Unanswered] != 2 || got.Excused != 2 {
		t.Errorf("%+v, %d excused", got.Wrongs, got.Excused)
	}
}

// TestAnOutageIsExcusedOnce: a bot that shows the list as it was to one press after the other is excused for the
// first, and for what that may still lead to.
func TestAnOutageIsExcusedOnce(t *testing.T) {
	c, s, p := looker(t, true, deed{})
	c.outages.begin(0)
	c.outages.end(2)
	for i := range 4 {
		m := aList(7, true, "5 km", "1 / 3")
		p.act = deed{kind: Radius, wants: of(list), arg: 10}
		s.shown(p, &m, 3)
		if p.waiting() != (i >= 2) {
			t.Errorf("press %d: waits: %t", i+1, p.waiting())
		}
	}
	if got := c.Outcome(); got.Excused != 2 {
		t.Errorf("%d are excused", got.Excused)
	}
}

// TestTheCardBeforeThePress: it comes once more, and does not tell what became of the press.
func TestTheCardBeforeThePress(t *testing.T) {
	parts := map[string]string{"going": "\n🙋 You are going", "": ""}
	for _, x := range []struct {
		kind     Kind
		old, new string
	}{{Join, "", "going"}, {Leave, "going", ""}} {
		c, s, p := looker(t, true, deed{kind: x.kind, title: "Sample 1, test", wants: of(card)})
		c.Ledger.Changing(s.id(p), p.act.title)
		card := func(part string) *sandbox.Message {
			return &sandbox.Message{ID: 7, Edited: 1, Text: "Sample 1, test\n📌 other\n🕒 today 19:00" + parts[part]}
		}
		s.shown(p, card(x.old), 1)
		if !p.waiting() || c.Ledger.Acked() != 0 {
			t.Errorf("%s: the card as it was is taken for the answer", x.kind)
		}
		s.shown(p, card(x.new), 2)
		if p.waiting() || c.Ledger.Acked() != 1 || p.at.part != x.new {
			t.Errorf("%s: %+v, %d acknowledged", x.kind, p.at, c.Ledger.Acked())
		}
	}
}

// TestALocationOnceMore: it made a newer list, so the button is of an older one, and people go on from the newer.
func TestALocationOnceMore(t *testing.T) {
	c, s, p := looker(t, true, deed{kind: Radius, wants: of(list), arg: 10, presses: [3]int64{1}})
	newer := aList(9, false, "5 km", "1 / 3")
	s.shown(p, &newer, 1)
	s.answered(p, &event{callback: 1, at: 2, answer: sandbox.CallbackAnswer{Text: "That list is of an earlier search. Here is your newest one."}})
	if p.waiting() || p.at.message != 9 || p.radius != 5 || len(c.Outcome().Wrongs) != 0 {
		t.Errorf("%+v, %v", p, c.Outcome().Wrongs)
	}
}

// TestAQuestionOnceMore: what the bot asked before does not end what came after it.
func TestAQuestionOnceMore(t *testing.T) {
	for _, lenient := range []bool{true, false} {
		for _, asked := range []sight{askLocation, askCategory, askTitle} {
			c, s, p := looker(t, lenient, deed{kind: Locate, wants: of(list)})
			if asked == askTitle { // a first draft: the bot has not shown yet that it knows it
				p.searchAt, p.draftAt, p.number, p.titled, p.draft = 0, 0, 1, true, true
				p.act, p.at = deed{kind: Answer, wants: of(askCategory)}, screen{sight: askTitle, message: 8}
				s.shown(p, &sandbox.Message{ID: 9, Text: "What is it called? Send me the title."}, 1)
				if p.waiting() != lenient {
					t.Errorf("lenient %t: waits for the answer to a title: %t", lenient, p.waiting())
				}
				continue
			}
			m := sandbox.Message{ID: 9, Text: "Send me a location, with the button below"}
			if asked == askCategory {
				p.act, p.number, p.titled, p.draft = deed{kind: Answer, wants: of(askWhen)}, 1, true, true
				p.at = screen{sight: askWhere, title: s.title(p), message: 8}
				m.Text = "New event\n\n📝 " + s.title(p) + "\n\nWhat kind of event is it?"
			}
			s.shown(p, &m, 1)
			if got := c.Outcome().Wrongs[PlaceLost]; (got == 0) != lenient || p.waiting() != lenient {
				t.Errorf("%q: lenient %t, %d complaints, waits: %t", m.Text, lenient, got, p.waiting())
			}
		}
	}
}

// TestAStepBegunAgain: where what was entered could not be stored and the bot was killed, people go on from the
// question that it asks.
func TestAStepBegunAgain(t *testing.T) {
	for _, excused := range []bool{true, false} {
		c, s, p := looker(t, false, deed{kind: Publish, by: rolePublish, wants: of(saved)})
		p.number, p.titled, p.draft = 1, true, true
		p.at = screen{sight: preview, title: s.title(p), message: 8}
		if excused {
			c.Crashed()
		}
		m := sandbox.Message{ID: 8, Edited: 1, Text: "New event\n\n📝 " + s.title(p) + "\n\nWhere does it take place?"}
		s.shown(p, &m, 3)
		if got := c.Outcome().Wrongs[PlaceLost]; p.waiting() || p.at.sight != askWhere || !p.draft || (got == 0) != excused {
			t.Errorf("excused: %t, %d complaints, sees %+v", excused, got, p.at)
		}
	}
}

// TestNoMoreThanTheOutage: a silence of PostgreSQL excuses what was entered in it, or was on its way to be
// stored; going back further is a place lost.
func TestNoMoreThanTheOutage(t *testing.T) {
	const began = 60_000 // ms
	for back, excused := range map[sight]bool{askWhen: true, askWhere: false, askTitle: false, other: false} {
		c, s, p := looker(t, false, deed{kind: Publish, by: rolePublish, wants: of(saved)})
		p.number, p.titled, p.draft = 1, true, true
		p.at = screen{sight: preview, title: s.title(p), message: 8}
		p.answers = [...]uint32{10_000, 20_000, 30_000, began - 2_001, began - 1_000, 0}
		c.outages.begin(began*int64(time.Millisecond) - int64(storeTime))
		m := sandbox.Message{ID: 8, Edited: 1, Text: "That draft is no longer there."}
		switch back {
		case askWhen:
			m.Text = "New event\n\n📝 " + s.title(p) + "\n\nWhen does it begin?"
		case askWhere:
			m.Text = "New event\n\n📝 " + s.title(p) + "\n\nWhere does it take place?"
		case askTitle:
			m.Text = "What is it called? Send me the title."
		}
		s.shown(p, &m, 3)
		if got := c.Outcome(); (got.Wrongs[PlaceLost] == 0) != excused || (got.Excused == 1) != excused {
			t.Errorf("back to %d: %d complaints, %d excused, want excused: %t", back, got.Wrongs[PlaceLost], got.Excused, excused)
		}
	}
	var o outages
	o.begin(10)
	o.end(20)
	o.begin(30)
	for at, want := range map[int64]bool{9: false, 10: true, 20: true, 21: false, 30: true, 1000: true} {
		if o.excuse(at) != want {
			t.Errorf("what was done at %d is excused: %t", at, !want)
		}
	}
}

// TestALostDraftKeepsTheSearch: who finds their draft gone goes on expecting the search that they had.
func TestALostDraftKeepsTheSearch(t *testing.T) {
	c, s, p := looker(t, true, deed{kind: Publish, by: rolePublish, wants: of(saved)})
	p.radius, p.number, p.titled, p.draft = 25, 1, true, true
	c.Crashed()
	s.shown(p, &sandbox.Message{ID: 8, Text: "That draft is no longer there."}, 3)
	if p.waiting() || p.draft || !p.located || p.radius != 25 || p.days != roleWeek || p.searchAt != 1 {
		t.Errorf("%+v", p)
	}
}

// TestTheCardOfWhatWasEntered: the card of what is saved has to show what the person entered, and last,
// unless a crash may have set them back.
func TestTheCardOfWhatWasEntered(t *testing.T) {
	for _, lenient := range []bool{false, true} {
		for when, want := range map[string]Wrong{"tomorrow 20:00–22:00 (CET, Europe/Berlin)": "", "tomorrow 19:00–21:00": Altered, "today 21:00–23:00": Altered, "soon": Unexpected} {
			c, s, p := publisher(t)
			c.Lenient = lenient
			c.Ledger.Publishing(verify.Event{Owner: s.id(p), Number: 1, Category: "other", Minute: 20 * 60})
			p.act.presses = [3]int64{}
			s.shown(p, &sandbox.Message{ID: 7, Edited: 1, Text: "✅ Saved.\n\n" + s.title(p) + "\n📌 other\n🕒 " + when}, 1)
			if lenient && strings.Contains(when, "19:00") {
				want = ""
			}
			got := c.Outcome().Wrongs
			if n := got[Altered] + got[Unexpected]; (n == 1) != (want != "") || want != "" && got[want] != 1 || c.Ledger.Acked() != 1 {
				t.Errorf("lenient %t, %q: %v, want %q", lenient, when, got, want)
			}
		}
	}
}

// TestACardAfterARefusal: of two presses of one button one is refused, the other changes the card.
func TestACardAfterARefusal(t *testing.T) {
	c, s, p := looker(t, true, deed{})
	card := func(title string, edited int) *sandbox.Message {
		return &sandbox.Message{ID: 7, Edited: edited, Text: title + "\n📌 other\n🕒 today 19:00\n🙋 You are going", Buttons: [][]sandbox.Button{{{Text: "👋 Leave", Data: "l~2"}}}}
	}
	before := read(card("Sample 1, test", 1))
	before.part = ""
	p.at = before
	s.shown(p, card("Sample 2, test", 2), 1)
	if p.at.part != "" {
		t.Error("another event's card is taken for theirs")
	}
	s.shown(p, card("Sample 1, test", 2), 1)
	if b, ok := p.offers.nth(roleLeave, 0); p.at.part != "going" || !ok || b.data != "l~2" || len(c.Outcome().Wrongs) != 0 {
		t.Errorf("they see %+v and may press %+v; %v", p.at, b, c.Outcome().Wrongs)
	}
}

// publisher is a person who has pressed twice for their draft to be published, and waits.
func publisher(t *testing.T) (*Crowd, *shard, *person) {
	c := newCrowd(t, Options{People: 1, Mix: Everybody, Rate: 1})
	s := c.shards[0]
	p := &s.people[0]
	p.draft, p.titled, p.number, p.left = true, true, 1, 10
	c.Ledger.Publishing(verify.Event{Owner: s.id(p), Number: 1, Category: "other", Minute: 19 * 60})
	p.act = deed{kind: Publish, wants: of(saved), presses: [3]int64{1, 2}}
	return c, s, p
}

// TestSavedAfterARefusal: one of two presses is refused while PostgreSQL is away, the other saves.
func TestSavedAfterARefusal(t *testing.T) {
	c, s, p := publisher(t)
	s.answered(p, &event{callback: 1, at: 1, answer: sandbox.CallbackAnswer{Text: "This could not be saved, and your draft is kept."}})
	s.answered(p, &event{callback: 2, at: 1})
	if p.waiting() || c.Ledger.Acked() != 0 {
		t.Fatalf("%+v", p.act)
	}
	theirs := "✅ Saved. Your event is published.\n\nEvent 1 of 7, test\n📌 other\n🕒 today 19:00"
	mine := strings.ReplaceAll(theirs, "Event 1 of 7, test", s.title(p))
	for _, text := range []string{theirs, strings.ReplaceAll(mine, "Event 1", "Event 2")} {
		s.shown(p, &sandbox.Message{ID: 7, Edited: 1, Text: text}, 2)
		if c.Ledger.Acked() != 0 || !p.draft {
			t.Fatalf("%q counts as their draft", text)
		}
	}
	s.shown(p, &sandbox.Message{ID: 7, Edited: 1, Text: mine}, 2)
	if c.Ledger.Acked() != 1 || p.draft || p.at.sight != saved {
		t.Errorf("%d are acknowledged, the draft is kept: %t, sees %+v", c.Ledger.Acked(), p.draft, p.at)
	}
	if wrongs := c.Outcome().Wrongs; wrongs[Misdelivered] != 1 {
		t.Errorf("%v", wrongs)
	}
}

// TestPublishedBefore: who confirms a draft that is an event already sees the event.
func TestPublishedBefore(t *testing.T) {
	c, s, p := publisher(t)
	p.act.presses = [3]int64{}
	m := sandbox.Message{ID: 7, Edited: 1, Text: "Sample 1, test\n📌 other\n🕒 today 19:00"}
	s.shown(p, &m, 1)
	if !p.waiting() {
		t.Fatal("any card is taken for their event's")
	}
	m.Text = s.title(p) + "\n📌 other\n🕒 today 19:00"
	s.shown(p, &m, 1)
	if p.waiting() || c.Ledger.Acked() != 1 {
		t.Errorf("%+v, %d acknowledged", p.act, c.Ledger.Acked())
	}
}

// TestSavedUnseen: it is acknowledged also where it cannot be shown, and then tried again.
func TestSavedUnseen(t *testing.T) {
	c, s, p := publisher(t)
	p.act.presses[1] = 0
	s.answered(p, &event{callback: 1, at: 1, answer: sandbox.CallbackAnswer{Text: "Saved. Your event is published. But I can't show it right now; look under /mine in a moment."}})
	if p.waiting() || p.act.tries != 1 || c.Ledger.Acked() != 1 || !p.draft {
		t.Errorf("%+v, %d acknowledged", p, c.Ledger.Acked())
	}
}
