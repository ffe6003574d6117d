package ui

import (
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"okolo/persistence/model"
)

// Whatever a snapshot holds, Step does not panic on it. What it leaves can be read again.
func TestAnySnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type plain State
		raw, err := cbor.Marshal(rapid.Make[plain]().Draw(t, "state"))
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if err := cbor.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		s = s.Trim(50)
		for range 3 {
			s = Step(s, anyInput(t, s)).Next
			stored(t, s)
		}
	})
}

// anyInput draws an input or a result, also one that the state has not asked for.
func anyInput(t *rapid.T, s State) any {
	c := Context{
		From: model.Person{ID: 7, Name: "Ann", Lang: rapid.SampledFrom(languages).Draw(t, "language")},
		Now:  monday, Update: 1000,
	}
	var events []model.Seen
	for _, id := range s.page() {
		events = append(events, event(id, "Chess"))
	}
	switch rapid.IntRange(0, 8).Draw(t, "input") {
	case 0:
		return Command{Context: c, Name: rapid.SampledFrom(strings.Fields("start nearby create mine cancel")).Draw(t, "command")}
	case 1:
		return Text{Context: c, Text: rapid.SampledFrom([]string{"Chess", "20", "fri 7pm"}).Draw(t, "text")}
	case 2:
		return Location{Context: c, Point: berlin, Zone: "Europe/Berlin"}
	case 3:
		return NearbyFound{Context: c, Found: []model.Found{{ID: 1, Metres: 5}}}
	case 4:
		return EventsLoaded{Context: c, Events: events}
	case 5:
		return MineLoaded{Context: c, Events: events}
	case 6:
		return Written{Context: c, Command: model.JoinEvent{Event: s.Event}, Answer: model.Answer{Event: s.Event}}
	}
	c.Message, c.Callback = rapid.SampledFrom([]int64{s.Message, s.ListMessageID, 5}).Draw(t, "message"), "cb"
	first := int64(s.Search)
	action := rapid.SampledFrom(strings.Fields("h n p r d k c a g e j x b m L w W P C R F E A v z Z y")).Draw(t, "action")
	if action == actWizard && s.Draft != nil {
		first = s.Draft.ID
	}
	press := Press{Context: c, Data: s.encode(action, first, rapid.Int64Range(-1, 9).Draw(t, "argument"))}
	if rapid.Bool().Draw(t, "duplicate") {
		return Duplicate{Of: press}
	}
	return press
}

// What a snapshot holds that is not known costs no more than that.
func TestUnknownInSnapshot(t *testing.T) {
	good := State{
		Lang: "ru", Screen: ScreenWizard, Message: 5, Here: berlin, Zone: "Europe/Berlin", Radius: 10_000, Days: Week,
		Category: "music", Page: 1, Prepared: Prepare(make([]model.Found, 6)), Back: ScreenMine, Headline: "saved",
		Draft: &Draft{ID: 9, Step: StepWhen, Title: "Chess", Category: "games", Point: moscow, Zone: "Europe/Moscow"},
	}
	for name, c := range map[string]struct{ harm, heal func(*State) }{
		"nothing":           {func(*State) {}, func(*State) {}},
		"screen":            {func(s *State) { s.Screen = screens }, func(s *State) { s.Screen = ScreenHome }},
		"screen to go back": {func(s *State) { s.Back = 200 }, func(s *State) { s.Back = ScreenHome }},
		"days":              {func(s *State) { s.Days = spans }, func(s *State) { s.Days = Today }},
		"category":          {func(s *State) { s.Category = "fishing" }, func(s *State) { s.Category = "" }},
		"radius":            {func(s *State) { s.Radius = 0 }, func(s *State) { s.Radius = 5000 }},
		"wide radius":       {func(s *State) { s.Radius = 1 << 30 }, func(s *State) { s.Radius = 5000 }},
		"place":             {func(s *State) { s.Here.Lat = 91 }, func(s *State) { s.Here, s.Zone = model.Point{}, "" }},
		"page below":        {func(s *State) { s.Page = -1 }, func(s *State) { s.Page = 0 }},
		"page above":        {func(s *State) { s.Page = 9 }, func(s *State) { s.Page = 1 }},
		"counts":            {func(s *State) { s.Counts = Counts{-1, -2, -3} }, func(*State) {}},
		"headline":          {func(s *State) { s.Headline = "hooray" }, func(s *State) { s.Headline = "" }},
		"question":          {func(s *State) { s.Draft.Step = WizardSteps }, func(s *State) { s.Draft.Step = StepWhen }},
		"draft's category":  {func(s *State) { s.Draft.Category = "fishing" }, func(s *State) { s.Draft.Category = "" }},
		"draft's place":     {func(s *State) { s.Draft.Point.Lon = 181 }, func(s *State) { s.Draft.Point, s.Draft.Zone = model.Point{}, "" }},
		"draft's length":    {func(s *State) { s.Draft.Length = -1 }, func(*State) {}},
		"prepared":          {func(s *State) { s.Prepared = s.Prepared[:5] }, func(s *State) { s.Prepared, s.Page = nil, 0 }},
		"parked draft":      {func(s *State) { s.Draft.Parked = &Draft{ID: 8} }, func(*State) {}},
		"parked edit": {
			func(s *State) { s.Draft.Event, s.Draft.Parked = 5, &Draft{ID: 8, Event: 6} },
			func(s *State) { s.Draft.Event = 5 },
		},
		"parked draft's question": {
			func(s *State) { s.Draft.Event, s.Draft.Parked = 5, &Draft{ID: 8, Step: WizardSteps} },
			func(s *State) { s.Draft.Event, s.Draft.Parked = 5, &Draft{ID: 8} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			harmed, want := stored(t, good), stored(t, good)
			c.harm(&harmed)
			c.heal(&want)
			if got := stored(t, harmed); !reflect.DeepEqual(got, want) {
				t.Errorf("%+v\nis read as\n%+v\nnot as\n%+v", harmed, got, want)
			}
		})
	}
	if err := new(State).UnmarshalCBOR([]byte{0x81}); err == nil {
		t.Error("what is cut off was read")
	}
}

// A list that was stored before lists were packed is read as what it is now.
func TestPreparedAsBefore(t *testing.T) {
	raw, err := cbor.Marshal(map[int]any{2: ScreenNearby, 9: "Europe/Berlin", 10: 5000, 13: 1, 15: []uint64{
		1<<20 | 5, 7<<20 | 6, 3<<20 | 7, 4<<20 | 7, 5<<20 | 9, (1<<44-1)<<20 | (1<<20 - 1),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var s State
	if err := cbor.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	want := []model.Found{{ID: 1, Metres: 5}, {ID: 7, Metres: 6}, {ID: 3, Metres: 7}, {ID: 4, Metres: 7}, {ID: 5, Metres: 9}, {ID: 1<<44 - 1, Metres: 1<<20 - 1}}
	if got := unpacked(s.Prepared); !reflect.DeepEqual(got, want) || s.Page != 1 || s.Screen != ScreenNearby {
		t.Fatalf("%v on page %d of %+v", got, s.Page, s)
	}
	if again := stored(t, s); !reflect.DeepEqual(again, s) {
		t.Fatalf("%+v is read as %+v", s, again)
	}
}
