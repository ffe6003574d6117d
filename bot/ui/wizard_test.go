package ui

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"okolo/persistence/model"
)

// create talks through the wizard up to the preview.
func (c *chat) create(title string) {
	c.t.Helper()
	c.says("/create")
	c.says(title)
	c.presses("category_games")
	c.sendsVenue(berlin, "Europe/Berlin", "Café <Ö>")
	c.says("25.12 18:00")
	c.sees("ask_confirm")
}

func TestCreate(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		steps := 0
		do := func(f func()) { steps++; f() }
		do(func() { c.says("/start") })
		do(func() { c.presses("button_create") })
		wizard := c.newest
		c.did(0, wizard)
		c.sees("wizard_title", "ask_title", "button_discard")
		c.seesNot("button_step_back", "button_keep")
		do(func() { c.says("  Chess   <in> the park  ") })
		c.did(1)
		c.sees("📝 Chess <in> the park", "ask_category", "button_step_back")
		do(func() { c.presses("category_games") })
		c.sees("🏷 ", "category_games", "ask_where")
		c.seesNot("button_here")
		do(func() { c.sendsVenue(berlin, "Europe/Berlin", "Café <Ö>") })
		c.sees("📍 Café <Ö>", "ask_when", "today_at", "tomorrow_at")
		do(func() { c.presses("19:00") })
		c.sees("🕒 ", "19:00–21:00 (CET, Europe/Berlin)", "ask_confirm", "button_confirm", "button_capacity", "button_description")
		do(func() { c.presses("button_confirm") })
		c.sees("saved", "Chess <in> the park", "button_call_off")
		if steps > 8 {
			t.Fatalf("took %d steps", steps)
		}
		got := last[model.CreateUserEvent](c)
		want := model.Details{
			Title: "Chess <in> the park", Category: "games", Place: "Café <Ö>", Point: berlin, Zone: "Europe/Berlin",
			Starts: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC),
		}
		want.Ends = want.Starts.Add(2 * time.Hour)
		got.Starts, got.Ends = got.Starts.UTC(), got.Ends.UTC()
		if got.Details != want || got.By.ID != 7 || got.By.Lang != c.lang || got.Draft == 0 {
			t.Fatalf("wrote %+v, want %+v", got, want)
		}
		c.presses("button_back")
		c.sees("home", "button_create")
		c.seesNot("saved", "button_resume")
	})
}

// An end that was named holds, also when another beginning is chosen.
func TestCreateUntil(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.create("Chess")
		c.presses("button_step_back")
		c.says("25.12 18:00-23:30")
		c.sees("18:00–23:30", "ask_confirm")
		c.presses("button_step_back")
		c.presses("19:00")
		c.sees("19:00 – ", "00:30", "ask_confirm")
		c.presses("button_confirm")
		if got := last[model.CreateUserEvent](c); got.Ends.Sub(got.Starts) != 5*time.Hour+30*time.Minute {
			t.Fatalf("wrote %v to %v", got.Starts, got.Ends)
		}
	})
}

func TestCreatedIsInTheList(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.lives(2)
		c.sendsLocation(berlin, "Europe/Berlin")
		c.create("Chess")
		c.presses("button_confirm")
		c.sees("saved")
		c.world.found = append(c.world.found, model.Found{ID: 500, Metres: 300})
		c.presses("button_back")
		c.did(2)
		c.sees("3. Chess")
	})
}

func TestOptionalFields(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.create("Chess")
		c.presses("button_capacity")
		c.sees("ask_capacity", "button_step_back")
		for _, text := range []string{"many", "-1", "1.5", "100001", "1e3", "", "99999999999999999999"} {
			c.says(text)
			c.sees("ask_capacity", "capacity_not_understood")
		}
		c.presses("button_step_back")
		c.sees("ask_confirm")
		c.presses("button_capacity")
		c.says("21")
		c.sees("👥 ", "21", "ask_confirm")
		c.presses("button_description")
		c.says(strings.Repeat("ж", 2001))
		c.sees("description_too_long", "2001", "2000", "ask_description")
		c.says("Line 1\r\n\x00<b>Line 2 \u202e")
		c.sees("💬 Line 1\n<b>Line 2", "ask_confirm")
		c.presses("button_confirm")
		if got := last[model.CreateUserEvent](c); got.Capacity != 21 || got.Description != "Line 1\n<b>Line 2" {
			t.Fatalf("wrote %+v", got)
		}
	})
}

func TestWrongAnswers(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		wrong := func(step WizardStep, texts ...string) {
			t.Helper()
			c.did(1)
			c.sees(texts...)
			if c.state.Screen != ScreenWizard || c.state.Draft.Step != step {
				t.Fatalf("a wrong answer at step %d leads to step %d of screen %d", step, c.state.Draft.Step, c.state.Screen)
			}
		}
		c.says("/create")
		c.says(strings.Repeat("x", 10_000))
		wrong(StepTitle, "title_too_long", "10000", "120", "ask_title")
		for _, text := range []string{"", " \n ", "\u200b\u200d", "\x00\x01", "\u202e\u202d", "\xff\xfe"} {
			c.says(text)
			wrong(StepTitle, "title_missing", "ask_title")
		}
		c.says("12.5, 13.5") // coordinates are a title here
		c.sees("📝 12.5, 13.5")
		c.presses("button_step_back")
		c.says("<b>Tea</b> & 👨‍👩‍👧")
		c.sees("📝 <b>Tea</b> & 👨‍👩‍👧")

		for _, text := range []string{"chess", "", "🎵", "✨"} {
			c.says(text)
			wrong(StepCategory, "choose_by_button", "ask_category", "category_walks")
		}
		for _, text := range []string{c.words("category_walks"), strings.ToUpper(c.words("category_walks")[len("🚶 "):])} {
			c.says(text) // who types it means it
			if k := c.state.Draft.Category; k != "walks" {
				t.Errorf("%q is taken for %q", text, k)
			}
			c.presses("button_step_back")
		}
		c.presses("category_walks")

		c.says(strings.Repeat("y", 201))
		wrong(StepWhere, "place_too_long", "201", "200", "ask_where")
		c.says("The old & new mill")
		wrong(StepWhere, "📍 The old & new mill", "place_needs_point")
		c.says("91, 13.5")
		wrong(StepWhere, "off_globe", "The old & new mill", "ask_where")
		c.sendsLocation(model.Point{Lat: -91}, "Etc/GMT")
		wrong(StepWhere, "off_globe")
		c.sendsLocation(berlin, "Europe/Berlin")
		c.sees("📍 The old & new mill", "ask_when")

		for text, trouble := range map[string]string{
			"soon": "when_not_understood", "19": "when_not_understood", "25:00": "when_not_understood",
			strings.Repeat("19:30 ", 100): "when_not_understood",
			"tomorrow":                    "when_no_hour", "завтра вечером": "when_no_hour", "31.02 10:00": "when_no_such",
		} {
			c.says(text)
			wrong(StepWhen, trouble, "ask_when")
		}
		for _, text := range []string{"today 11:59", "22.11 18:00", "1999-12-31 23:59", "вчера 10:00"} {
			c.says(text)
			wrong(StepWhen, "in_the_past", "ask_when")
		}
		c.says("2029-01-01 10:00")
		wrong(StepWhen, "too_far_ahead", "ask_when")
		c.says("25.12 18.00") // which reads like coordinates
		c.sees("18:00–20:00", "ask_confirm")
		c.says("yes")
		wrong(StepPreview, "choose_by_button", "ask_confirm")
		c.input(func(x Context) any { return Unsupported{x} })
		wrong(StepPreview, "unsupported")
		c.says("/bogus")
		wrong(StepPreview, "unknown_command")
		if len(c.world.written) != 0 {
			t.Fatalf("wrote %+v", c.world.written)
		}
	})
}

func TestForgedChoices(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.says("/create")
		wizard, draft := c.newest, c.state.Draft.ID
		press := func(args ...int64) {
			t.Helper()
			c.pressesData(wizard, c.state.encode(actWizard, append([]int64{draft}, args...)...))
		}
		press(wizConfirm)
		c.sees("ask_title")
		press(wizKeep)
		c.sees("ask_title")
		press(wizBack)
		c.sees("ask_title")
		press(wizWhen, monday.Unix()+3600)
		c.sees("ask_where")
		press(wizHere)
		c.isTold("need_location")
		for _, i := range []int64{-1, 8, 1 << 40} {
			press(wizCategory, i)
			c.isTold("old_button")
		}
		press(99)
		c.isTold("old_button")
		press(-1)
		c.isTold("old_button")
		c.presses("button_step_back")
		c.presses("button_step_back")
		c.says("Chess")
		press(wizConfirm)
		c.did(0, wizard)
		c.seesOn(wizard, "ask_category")
		c.pressesOn(wizard, "category_games")
		c.sendsLocation(berlin, "Europe/Berlin")
		for _, at := range []int64{-1 << 63, -1, 0, monday.Unix(), 1<<63 - 1, 1 << 62, 1 << 40} {
			press(wizWhen, at)
			if s := c.state.Draft; s.Step != StepWhen || s.Starts != 0 {
				t.Fatalf("%d is taken for a moment", at)
			}
		}
		if len(c.world.written) != 0 {
			t.Fatalf("wrote %+v", c.world.written)
		}
		other := c.state.encode(actWizard, draft+1, wizConfirm)
		c.pressesData(wizard, other)
		c.isTold("draft_gone")
	})
}

func TestBackAndKeep(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.create("Chess")
		for _, question := range []string{"ask_when", "ask_where", "ask_category", "ask_title"} {
			c.presses("button_step_back")
			c.sees(question, "Chess", "Café <Ö>", "18:00", "button_keep")
		}
		c.seesNot("button_step_back")
		c.says("Go") // the others have their answers
		c.sees("📝 Go", "ask_confirm")
		c.presses("button_step_back")
		c.presses("button_keep")
		c.sees("ask_confirm", "18:00")

		// Another place: the hour is that on the clocks there, and the old name goes.
		c.presses("button_step_back")
		c.presses("button_step_back")
		c.sendsLocation(moscow, "Europe/Moscow")
		c.sees("55.75000, 37.61000", "18:00–20:00 (MSK, Europe/Moscow)", "ask_confirm")
		c.seesNot("Café")
		c.presses("button_step_back")
		c.presses("button_step_back")
		c.says("Gorky Park") // a new name needs its point
		c.sees("place_needs_point")
		c.seesNot("button_keep")
		c.sendsLocation(moscow, "Europe/Moscow")
		c.sees("📍 Gorky Park", "18:00–20:00 (MSK", "ask_confirm")
		c.presses("button_confirm")
		if got := last[model.CreateUserEvent](c); got.Title != "Go" || got.Zone != "Europe/Moscow" || got.Starts.UTC().Hour() != 15 {
			t.Fatalf("wrote %+v", got)
		}
	})
}

func TestHere(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.sendsLocation(moscow, "Europe/Moscow")
		c.says("/create")
		c.says("Chess")
		c.presses("category_games")
		c.presses("button_here")
		c.sees("55.75000, 37.61000", "ask_when")
		if d := c.state.Draft; d.Point != moscow || d.Zone != "Europe/Moscow" {
			t.Fatalf("the draft is at %+v", d)
		}
	})
}

// atEachStep runs a test with a draft at each step of the wizard.
func atEachStep(t *testing.T, test func(t *testing.T, c *chat)) {
	for step := StepTitle; step < WizardSteps; step++ {
		t.Run(wizardQuestions[step], func(t *testing.T) {
			both(t, func(t *testing.T, c *chat) {
				c.saves()
				c.says("/create")
				for c.state.Draft.Step < min(step, StepPreview) {
					switch c.state.Draft.Step {
					case StepTitle:
						c.says("Chess")
					case StepCategory:
						c.presses("category_games")
					case StepWhere:
						c.sendsLocation(berlin, "Europe/Berlin")
					case StepWhen:
						c.says("25.12 18:00")
					}
				}
				switch step {
				case StepCapacity:
					c.presses("button_capacity")
				case StepDescription:
					c.presses("button_description")
				}
				c.sees(wizardQuestions[step])
				if c.state.Draft.Step != step {
					t.Fatalf("at step %d", c.state.Draft.Step)
				}
				test(t, c)
			})
		})
	}
}

func TestDiscardAtEachStep(t *testing.T) {
	atEachStep(t, func(t *testing.T, c *chat) {
		wizard := c.newest
		c.presses("button_discard")
		c.did(0, wizard)
		c.hears("draft_discarded")
		c.sees("home", "button_create")
		if c.state.Draft != nil || len(c.world.written) != 0 {
			t.Fatalf("the draft is %+v", c.state.Draft)
		}
	})
	atEachStep(t, func(t *testing.T, c *chat) {
		wizard := c.newest
		data := c.data(wizard, "button_discard")
		c.says("/cancel")
		c.did(1)
		c.sees("draft_discarded", "home", "button_create")
		c.pressesData(wizard, data)
		c.isTold("draft_gone")
		c.says("/cancel")
		c.sees("nothing_to_cancel")
	})
}

func TestBackAtEachStep(t *testing.T) {
	atEachStep(t, func(t *testing.T, c *chat) {
		step := c.state.Draft.Step
		if step == StepTitle {
			c.seesNot("button_step_back")
			return
		}
		c.presses("button_step_back")
		c.hears("")
		c.sees(wizardQuestions[(&Draft{Step: min(step, StepDescription)}).before()])
	})
}

func TestResumeAtEachStep(t *testing.T) {
	atEachStep(t, func(t *testing.T, c *chat) {
		step, draft := c.state.Draft.Step, c.state.Draft.ID
		for _, leave := range []func(){
			func() { c.says("/start"); c.sees("button_resume"); c.presses("button_resume") },
			func() { c.says("/mine"); c.sees("button_resume"); c.presses("button_resume") },
			func() { c.says("/help"); c.says("/create") },
			func() { c.says("/start"); c.says("/create") },
		} {
			leave()
			c.sees(wizardQuestions[step])
			if c.state.Draft.ID != draft || c.state.Draft.Step != step {
				t.Fatalf("resumed %+v", c.state.Draft)
			}
		}
	})
}

func TestConfirmRefused(t *testing.T) {
	for name, refusal := range map[string]struct {
		err  error
		told string
	}{
		"unavailable": {model.ErrUnavailable, "not_saved"},
		"busy":        {model.ErrBusy, "busy"},
		"unknown":     {model.ErrUnknown, "outcome_unknown"},
		"invalid":     {&model.InvalidError{Field: "title", Reason: "too long"}, "invalid_draft"},
		"wrapped":     {fmt.Errorf("write: %w", model.ErrBusy), "busy"},
		"other":       {errDown, "not_saved"},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, c *chat) {
				c.create("Chess")
				before := c.state
				c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, refusal.err }
				for range 2 { // the same button acts again
					c.presses("button_confirm")
					c.isTold(refusal.told)
				}
				if len(c.world.written) != 2 || *c.state.Draft != *before.Draft || c.state.Screen != ScreenWizard {
					t.Fatalf("the draft was %+v and is %+v", before.Draft, c.state.Draft)
				}
				c.saves()
				c.presses("button_confirm")
				c.sees("saved", "Chess")
			})
		})
	}
}

func TestConfirmPast(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.create("Chess")
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, model.ErrPast }
		c.presses("button_confirm")
		c.did(0, c.newest)
		c.sees("in_the_past", "ask_when", "Chess")
		c.says("26.12 18:00")
		c.sees("ask_confirm")
		c.saves()
		c.presses("button_confirm")
		c.sees("saved")
	})
}

func TestConfirmTwice(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.create("Chess")
		preview := c.newest
		confirm := c.data(preview, "button_confirm")
		c.pressesData(preview, confirm)
		c.sees("saved", "Chess")
		c.pressesData(preview, confirm) // the second tap
		c.did(0, preview)
		c.sees("saved", "Chess")
		c.hears("")
		if len(c.world.written) != 1 {
			t.Fatalf("wrote %d times", len(c.world.written))
		}
		// An older preview of the draft, or the same after a long time.
		c.pressed = map[string]bool{}
		c.pressesData(preview, confirm)
		c.sees("Chess", "button_call_off")
		if c.seesNot("saved"); len(c.world.written) != 1 || c.state.Event != 500 {
			t.Fatalf("wrote %d times, opened %d", len(c.world.written), c.state.Event)
		}
		// Also where another draft has begun: that one is kept.
		c.says("/create")
		c.says("Go")
		c.pressed = map[string]bool{}
		c.pressesData(preview, confirm)
		c.seesOn(preview, "Chess", "button_call_off")
		c.says("/create")
		c.sees("Go", "ask_category")
	})
}

// TestConfirmStale: a preview publishes what it shows, or shows what there is now.
func TestConfirmStale(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.create("Chess")
		old := c.newest
		c.says("/create")
		c.presses("button_capacity")
		c.says("3")
		c.sees("ask_confirm", "3")
		newest := c.newest
		c.pressesOn(old, "button_confirm")
		c.did(0, old)
		c.seesOn(old, "draft_changed", "ask_confirm", "3")
		if len(c.world.written) != 0 {
			t.Fatalf("wrote %+v", c.world.written)
		}
		c.pressesOn(newest, "button_confirm") // shows the draft as it is, too
		c.sees("saved")
		c.pressesOn(old, "button_confirm")
		if e := c.world.written[0].(model.CreateUserEvent); len(c.world.written) != 1 || e.Capacity != 3 {
			t.Fatalf("wrote %+v", c.world.written)
		}
	})
}

func TestConfirmReplayed(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.create("Chess")
		c.world.events[500] = event(500, "Chess as it was")
		c.world.write = func(model.Command) (model.Answer, error) {
			return model.Answer{Event: 500, Replayed: true, Changed: true}, nil
		}
		c.presses("button_confirm")
		c.sees("saved_before", "Chess as it was")
	})
}

func TestSavedButUnread(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.create("Chess")
		write := c.world.write
		c.world.write = func(command model.Command) (model.Answer, error) {
			c.world.readErr = errDown
			return write(command)
		}
		c.presses("button_confirm")
		c.isTold("saved")
		c.isTold("done_but_cannot_read")
		if c.state.Draft != nil || c.state.LastEvent != 500 {
			t.Fatalf("what was saved is still a draft: %+v", c.state)
		}
		c.world.readErr = nil
		c.presses("button_confirm")
		c.sees("Chess", "button_call_off")
		if len(c.world.written) != 1 {
			t.Fatalf("wrote %d times", len(c.world.written))
		}
	})
}

func TestCommunityEvent(t *testing.T) {
	c := newChat(t, "en")
	c.world.events[9] = event(9, "Council")
	c.create("Council")
	create := model.CreateCommunityEvent{Draft: c.state.Draft.ID}
	turn := Step(c.state, Written{Context: c.context, Command: create, Answer: model.Answer{Event: 9}})
	if turn.Next.Draft != nil || turn.Next.LastEvent != 9 {
		t.Fatalf("after a community event: %+v", turn.Next)
	}
	turn = Step(c.state, Written{Context: c.context, Command: create, Err: model.ErrPast})
	if turn.Next.Draft == nil || turn.Next.Draft.Step != StepWhen {
		t.Fatalf("after a refused community event: %+v", turn.Next.Draft)
	}
}

func TestLongestWizard(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.saves()
		c.lives(1)
		c.sendsLocation(berlin, "Europe/Berlin")
		c.says("/create")
		c.says(strings.Repeat("🎷", model.MaxTitle))
		c.presses("category_walks")
		c.sendsVenue(berlin, "America/Argentina/ComodRivadavia", strings.Repeat("🏛", 3*model.MaxPlace))
		c.says("25.12.2027 18:00")
		c.presses("button_capacity")
		c.says("100000")
		c.presses("button_description")
		c.says(strings.Repeat("&👩‍🚀", model.MaxDescription/4))
		c.sees("ask_confirm", "👩‍🚀&…")
		c.presses("button_description")
		c.says(strings.Repeat("x", 4096))
		c.sees("description_too_long")
		c.presses("button_step_back")
		c.presses("button_confirm")
		got := last[model.CreateUserEvent](c)
		if n := utf8.RuneCountInString(got.Description); n != model.MaxDescription {
			t.Fatalf("the description that was saved has %d characters", n)
		}
		if n := utf8.RuneCountInString(got.Place); n != model.MaxPlace {
			t.Fatalf("the place that was saved has %d characters", n)
		}
	})
}

// A duplicate of any input changes nothing that matters.
func TestDuplicates(t *testing.T) {
	atEachStep(t, func(t *testing.T, c *chat) {
		c.lives(7)
		for _, in := range []any{
			Command{Context: c.context, Name: "start"}, Text{Context: c.context, Text: "Chess"},
			Location{Context: c.context, Point: moscow, Zone: "Europe/Moscow"}, Unsupported{c.context}, Sent{Slot: SlotMap, ID: 5}, nil,
		} {
			turn := Step(c.state, Duplicate{Of: in})
			if fmt.Sprint(turn.Next) != fmt.Sprint(c.state) || len(turn.Await)+len(turn.Emit) != 0 {
				t.Fatalf("a duplicate of %T has the effects %v", in, append(turn.Await, turn.Emit...))
			}
		}
		before := stored(t, c.state)
		data := c.state.encode(actHome)
		c.pressed[fmt.Sprint(c.newest, data)] = true
		c.pressed[fmt.Sprint(50, data)] = true
		c.pressesData(50, data) // on a message that is not the screen
		c.did(0)
		if c.state.Message == c.newest {
			c.pressesData(c.newest, data)
			c.sees(wizardQuestions[c.state.Draft.Step])
			c.hears("done_before")
		}
		if !reflect.DeepEqual(c.state, before) {
			t.Fatalf("duplicates changed %+v to %+v", before, c.state)
		}
	})
}
