package ui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"okolo/persistence/model"
)

// club is the group of these tests.
var club = Group{ID: -100500, Title: "Chess & tea"}

var (
	ann = model.Person{ID: 7, Name: "Ann"} // administers the club
	bo  = model.Person{ID: 8, Name: "Bo"}
	eve = model.Person{ID: 9, Name: "Eve"} // is not in the club
)

// comes has a person go on, in a group or (the zero one) in their own chat with the bot.
func (c *chat) comes(who model.Person, where Group) {
	key := func() int64 {
		if c.context.Group.ID != 0 {
			return c.context.Group.ID
		}
		return c.context.From.ID
	}
	c.sessions[key()] = c.state
	if who.Lang == "" {
		who.Lang = c.lang
	}
	c.context.From, c.context.Group = who, where
	state, known := c.sessions[key()]
	if !known {
		state = Fresh()
	}
	c.state = state
	place := "alone with the bot"
	if where.ID != 0 {
		place = "in " + where.Title
	}
	fmt.Fprintf(&c.log, "\n── %s, %s\n", who.Name, place)
}

// upcoming returns the events of the club as the database does.
func (c *chat) upcoming() (events []model.Seen) {
	for _, e := range c.world.events {
		if e.Community == c.world.club.Chat.ID && e.Status == model.Open && e.Ends.After(c.context.Now) {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b model.Seen) int {
		return 2*a.Starts.Compare(b.Starts) + int(min(max(a.ID-b.ID, -1), 1))
	})
	return events[:min(len(events), maxGroupEvents)]
}

// founds makes the club, with its members, and has the world write what is asked for.
func (c *chat) founds() {
	c.sessions = map[int64]State{}
	c.world.roles = map[int64]Role{ann.ID: Admin, bo.ID: Member}
	c.world.club = CommunityLoaded{Known: true, Chat: model.Chat{
		ID: club.ID, Title: club.Title, Settings: model.Settings{Creators: model.Everyone},
	}}
	c.joins()
	joins, here := c.world.write, &c.world.club
	c.world.write = func(command model.Command) (model.Answer, error) {
		switch command := command.(type) {
		case model.EnterCommunity:
			here.Known, here.Chat.Left, here.Chat.Title = true, false, command.Title
			if command.Topic != 0 {
				here.Chat.Topic = max(command.Topic, 0)
			}
		case model.LeaveCommunity:
			here.Chat.Left = true
		case model.SetCommunity:
			here.Chat.Settings = command.Settings
			return model.Answer{}, command.Settings.Validate()
		case model.CreateCommunityEvent:
			if !here.Chat.Creators.Let(command.Admin) {
				return model.Answer{}, model.ErrNotAllowed
			}
			c.world.events[command.Draft] = model.Seen{Event: model.Event{
				ID: command.Draft, Kind: model.Community, Owner: command.By.ID, Community: command.Community, Status: model.Open, Details: command.Details,
			}}
			return model.Answer{Event: command.Draft}, command.Validate()
		case model.MoveCommunity:
		default:
			return joins(command)
		}
		return model.Answer{}, nil
	}
}

// announces shows an event in the club as it stands, in a new message or in place of one.
func (c *chat) announces(event, message int64) int64 {
	c.t.Helper()
	e, ok := c.world.events[event]
	m := AnnouncementGone(c.lang)
	if ok {
		m = Announcement(c.lang, c.context.Self, e, c.context.Now)
	}
	checkMessage(c.t, m)
	if message == 0 {
		return c.send(SlotNone, m)
	}
	c.messages[message] = m
	c.print(message, " edited", m)
	return message
}

// A group from the hello to the event of its own, word for word.
func TestGroupJourney(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		c.comes(ann, club)
		c.input(func(x Context) any { return GroupEntered{Context: x, Added: true} })
		c.presses("button_group_events")
		c.comes(bo, Group{})
		c.says("/start " + createLinkPrefix + "25jo") // what the button opens
		c.says("Blitz")
		c.presses("category_games")
		c.sendsVenue(berlin, "Europe/Berlin", "Club room")
		c.says("25.12 18:00")
		c.presses("button_capacity")
		c.says("1")
		c.presses("button_confirm")
		id := last[model.CreateCommunityEvent](c).Draft
		announcement := c.announces(id, 0)
		c.comes(ann, club)
		c.pressesOn(announcement, "button_join")
		c.announces(id, announcement)
		c.comes(bo, club)
		e := c.world.events[id]
		e.Part, e.Names = model.Absent, []string{"Ann"}
		c.world.events[id] = e
		c.pressesOn(announcement, "button_join")
		c.announces(id, announcement)
		c.says("/events")
		c.comes(bo, club)
		c.says("/settings")
		c.comes(ann, club)
		c.says("/settings")
		c.presses("button_creators_admins")
		c.presses("button_quiet")
		c.comes(bo, Group{})
		c.says("/start " + createLinkPrefix + "25jo")
		c.transcript(t, "group")
	})
}

// transcript compares what was said with the golden file of that name and the chat's language.
func (c *chat) transcript(t *testing.T, name string) {
	t.Helper()
	name = filepath.Join("testdata", name+"."+c.lang+".txt")
	if *update {
		if err := os.WriteFile(name, []byte(c.log.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if c.log.String() != string(want) {
		t.Fatalf("the visit is no longer that of %s", name)
	}
}

func TestGroupHello(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		c.comes(ann, club)
		c.input(func(x Context) any { return GroupEntered{Context: x, Added: true} })
		c.sees("group_greeting", "button_create")
		c.did(1)
		if w := last[model.EnterCommunity](c); w.Community != club.ID || w.Title != club.Title || w.Topic != 0 {
			t.Errorf("wrote %+v", w)
		}
		c.input(func(x Context) any { return GroupEntered{Context: x} }) // promoted
		c.did(0)
		c.input(func(x Context) any { return GroupLeft{x} })
		c.did(0)
		if w := last[model.LeaveCommunity](c); w.Community != club.ID {
			t.Errorf("wrote %+v", w)
		}
		c.input(func(x Context) any { return GroupMigrated{x, -1, -2} })
		c.did(0)
		if w := last[model.MoveCommunity](c); w.From != -1 || w.To != -2 {
			t.Errorf("wrote %+v", w)
		}
		c.says("/made_for_another_bot")
		c.did(0)
		c.says("/mine")
		c.did(1)
		c.sees("group_private_command")
		// Where the database is away it says hello all the same, and gets to know the group by the
		// first command or press.
		write := c.world.write
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, model.ErrUnavailable }
		c.input(func(x Context) any { return GroupEntered{Context: x} })
		c.did(0)
		c.input(func(x Context) any { return GroupEntered{Context: x, Added: true} })
		c.sees("group_greeting", "button_create")
		c.did(1)
		c.world.readErr = model.ErrUnavailable
		c.says("/events")
		c.sees("cannot_read")
		c.says("/help")
		c.sees("group_greeting")
		c.world.write, c.world.readErr, c.world.club = write, nil, CommunityLoaded{}
		c.presses("button_group_events")
		c.sees("group_events_none")
		if w := last[model.EnterCommunity](c); w.Community != club.ID || w.Title != club.Title {
			t.Errorf("wrote %+v", w)
		}
	})
}

// A group that the database does not know, as the bot was off when it was added, it gets to know
// by the first command.
func TestGroupUnknown(t *testing.T) {
	for name, change := range map[string]func(*CommunityLoaded){
		"unknown": func(in *CommunityLoaded) { *in = CommunityLoaded{} },
		"left":    func(in *CommunityLoaded) { in.Chat.Left = true },
		"renamed": func(in *CommunityLoaded) { in.Chat.Title = "Old" },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, c *chat) {
				c.founds()
				change(&c.world.club)
				c.comes(bo, club)
				c.says("/events")
				c.sees("group_events_none", club.Title)
				if w := last[model.EnterCommunity](c); w.Community != club.ID || w.Title != club.Title {
					t.Errorf("wrote %+v", w)
				}
				c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, model.ErrUnavailable }
				change(&c.world.club)
				c.says("/events")
				c.sees("group_events_none", club.Title)
			})
		})
	}
}

func TestGroupPages(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		for i := range int64(12) {
			c.world.events[i+1] = event(i+1, fmt.Sprintf("Round %d", i+1), func(e *model.Seen) {
				e.Community, e.Starts = club.ID, e.Starts.Add(time.Duration(i)*time.Hour)
			})
		}
		c.comes(bo, Group{ID: club.ID, Title: club.Title, Thread: 33, Forum: true})
		c.says("/events")
		c.sees("1. Round 1", "5. Round 5", "1 / 3", "🙋 5")
		if m := c.messages[c.newest]; m.Thread != 33 || !strings.Contains(m.Text, `<a href="https://t.me/okolo_bot?start=e_1">`) {
			t.Errorf("into the topic %d: %s", m.Thread, m.Text)
		}
		list := c.newest
		c.presses("▶")
		c.did(0, list)
		c.sees("6. Round 6", "10. Round 10", "2 / 3")
		c.presses("🙋 7")
		c.hears("joined")
		c.sees("6. Round 6")
		if w := last[model.JoinEvent](c); w.Event != 7 || w.By.ID != bo.ID {
			t.Errorf("wrote %+v", w)
		}
		c.presses("▶")
		c.sees("12. Round 12", "3 / 3")
		c.presses("▶")
		c.sees("3 / 3")
		c.pressesData(list, c.state.encode(actGroupEvents, -7))
		c.sees("1 / 3")
		c.presses("🙋 3")
		c.did(0, list)
		c.world.readErr = errDown
		c.pressesOn(list, "▶")
		c.isTold("cannot_read")
	})
}

// The longest that a page of a group can be is a message that Telegram takes.
func TestLongestGroupPage(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		where := Group{ID: club.ID, Title: strings.Repeat("&", 255)}
		c.world.club.Chat.Title = where.Title
		for i := range int64(maxGroupEvents) {
			c.world.events[1<<40+i] = event(1<<40+i, strings.Repeat("🎷", model.MaxTitle), func(e *model.Seen) {
				e.Community, e.Capacity, e.Starts = club.ID, model.MaxCapacity, e.Starts.AddDate(1, 0, 0)
			})
		}
		c.comes(bo, where)
		for _, words := range []string{"/events", "/settings", "/help"} {
			c.says(words)
			c.did(1)
		}
		e := event(1<<40, strings.Repeat("&", model.MaxTitle), func(e *model.Seen) {
			e.Description, e.Place = strings.Repeat("&", model.MaxDescription), strings.Repeat("&", model.MaxPlace)
			e.Going, e.Waiting, e.Names = 6, 3, slices.Repeat([]string{strings.Repeat("&", model.MaxName)}, 5)
		})
		c.world.events[e.ID] = e
		c.announces(e.ID, 0)
		checkMessage(t, GroupReminder(c.lang, c.context.Self, model.Reminder{Kind: model.DayAhead}, e.Event, monday))
	})
}

// Everybody reads the answer to their press in their own language, whatever that of the message.
func TestGroupPress(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		c.world.events[1] = event(1, "Blitz", func(e *model.Seen) { e.Community, e.Capacity, e.Going = club.ID, 1, 1 })
		c.comes(bo, club)
		m := c.announces(1, 0)
		c.world.club.Lang = map[string]string{"ru": "en", "en": "ru"}[c.lang]
		c.pressesOn(m, "button_join")
		if want := tongues[c.world.club.Lang].say("joined_waiting"); c.answer.Text != want {
			t.Errorf("reads %q, not %q", c.answer.Text, want)
		}
		if w := last[model.JoinEvent](c); w.By.Lang != c.world.club.Lang || w.By.Name != "Bo" {
			t.Errorf("wrote %+v", w)
		}
		c.world.club.Lang = ""
		c.pressesOn(m, "button_leave")
		c.hears("left")
		c.did(0)
		for err, words := range map[error]string{
			model.ErrBanned: "banned", model.ErrClosed: "event_closed", model.ErrNotFound: "event_gone", model.ErrPast: "event_over",
			model.ErrBusy: "busy", model.ErrUnknown: "outcome_unknown", errors.New("?"): "not_done",
		} {
			c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, err }
			c.pressesOn(m, "button_join")
			c.isTold(words)
		}
		c.pressesData(m, "2x")
		c.isTold("old_button")
		c.pressesData(m, State{}.encode(actCallOffYes, 1)) // of a private chat
		c.isTold("old_button")
		c.input(func(x Context) any {
			x.Callback = "cb"
			return Flooded{x}
		})
		c.isTold("slow_down")
	})
}

// A press whose update comes again has its outcome once more; settings stay as they are by then.
func TestGroupPressAgain(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		c.world.events[1] = event(1, "Blitz", func(e *model.Seen) { e.Community = club.ID })
		c.comes(ann, club)
		c.says("/settings")
		again := func(data string) {
			writes := len(c.world.written)
			c.input(func(x Context) any {
				x.Message, x.Callback = c.newest, "again"
				return Duplicate{Of: GroupPress{Context: x, Data: data}}
			})
			if wrote := len(c.world.written) - writes; wrote > 0 && data[1:2] == actGroupSet {
				t.Errorf("%s wrote %d times", data, wrote)
			}
		}
		again(c.data(c.newest, "button_quiet"))
		c.sees("• " + c.words("button_announce") + " •")
		again(State{}.encode(actGroupJoin, 1))
		c.hears("joined")
		again("x")
		c.isTold("old_button")
	})
}

func TestGroupSettings(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		c.comes(bo, club)
		c.says("/settings")
		c.sees("group_admins_only")
		c.comes(ann, club)
		c.says("/settings")
		screen := c.newest
		for _, step := range []struct {
			press string
			want  model.Settings
		}{
			{"button_creators_admins", model.Settings{Creators: model.Admins}},
			{"button_creators_nobody", model.Settings{Creators: model.Nobody}},
			{"button_quiet", model.Settings{Creators: model.Nobody, Quiet: true}},
			{"Русский", model.Settings{Creators: model.Nobody, Quiet: true, Lang: "ru"}},
			{"English", model.Settings{Creators: model.Nobody, Quiet: true, Lang: "en"}},
		} {
			c.presses(step.press)
			c.did(0, screen)
			c.hears("settings_saved")
			if got := c.world.club.Chat.Settings; got != step.want {
				t.Errorf("%s: %+v, want %+v", step.press, got, step.want)
			}
		}
		c.seesOn(screen, "• "+tongues["en"].say("button_quiet")+" •", "• English •")
		c.says("/events")
		if _, there := findButton(c.messages[c.newest], "➕"); there {
			t.Error("nobody may create, and there is the button")
		}
		// Who was an administrator when the message was sent need not be one any more.
		c.world.roles[ann.ID] = Member
		before := c.world.club.Chat.Settings
		c.pressesOn(screen, tongues["en"].say("button_announce"))
		c.isTold("group_admins_only")
		c.comes(bo, club)
		c.pressesOn(screen, tongues["en"].say("button_announce"))
		c.isTold("group_admins_only")
		if got := c.world.club.Chat.Settings; got != before {
			t.Errorf("%+v was changed to %+v", before, got)
		}
		anonymous := club
		anonymous.Anonymous = true
		c.comes(model.Person{ID: 1087968824, Name: "Group"}, anonymous)
		c.says("/settings")
		c.did(1)
		c.seesOn(c.newest, "English")
		c.comes(ann, club)
		c.world.roles[ann.ID] = Admin
		for _, forged := range [][]int64{{99, 1}, {setCreators, 99}, {setCreators, -1}, {setLanguage, 77}, {setQuiet, 5}} {
			c.pressesData(screen, State{}.encode(actGroupSet, forged...))
			if err := c.world.club.Chat.Settings.Validate(); err != nil {
				t.Errorf("%v: %v", forged, err)
			}
		}
	})
}

// In a forum, the announcements go where an administrator says so.
func TestGroupTopic(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		forum := Group{ID: club.ID, Title: club.Title, Forum: true, Thread: 44}
		c.comes(ann, forum)
		c.says("/settings")
		c.presses("button_topic_here")
		c.hears("settings_saved")
		c.sees("• " + c.words("button_topic_here") + " •")
		if w := last[model.EnterCommunity](c); w.Topic != 44 {
			t.Errorf("wrote %+v", w)
		}
		forum.Thread = 0
		c.comes(ann, forum)
		c.says("/settings")
		c.presses("button_topic_here")
		if w := last[model.EnterCommunity](c); w.Topic != model.NoTopic {
			t.Errorf("wrote %+v", w)
		}
	})
}

// The way from the button in the group to an event of the group's.
func TestGroupDraft(t *testing.T) {
	link := "/start " + createLinkPrefix + "25jo"
	both(t, func(t *testing.T, c *chat) {
		c.founds()
		if arg, ok := strings.CutPrefix(c.context.Self.createLink(club.ID), "https://t.me/okolo_bot?start="); !ok || "/start "+arg != link {
			t.Fatalf("the link gives %q", arg)
		}
		c.comes(eve, Group{})
		c.says(link)
		c.sees("group_not_member")
		c.world.roles[eve.ID] = Unseen
		c.says(link)
		c.sees("group_members_unseen")
		c.comes(bo, Group{})
		c.says("/start " + createLinkPrefix + "zz")
		c.sees("group_unknown")
		c.world.club.Chat.Left = true
		c.says(link)
		c.sees("group_unknown")
		c.world.club.Chat.Left = false
		c.world.club.Chat.Creators = model.Admins
		c.says(link)
		c.sees("not_allowed")
		c.world.readErr = errDown
		c.says(link)
		c.sees("cannot_read")
		c.world.readErr = nil
		c.world.club.Chat.Creators = model.Everyone

		c.says("/create") // what was begun becomes one of the group
		c.says("Blitz")
		c.presses("category_games")
		c.sendsLocation(berlin, "Europe/Berlin")
		c.says("25.12 18:00")
		c.sees("ask_confirm")
		old := c.newest
		c.says(link)
		c.sees("Blitz", "draft_for", club.Title, "ask_confirm")
		c.pressesOn(old, "button_confirm")
		c.seesOn(old, "draft_changed")
		c.world.roles[bo.ID] = Outsider // since the wizard opened
		c.presses("button_confirm")
		c.isTold("group_not_member")
		c.world.roles[bo.ID] = Member
		c.world.club.Chat.Creators = model.Nobody
		c.presses("button_confirm")
		c.isTold("not_allowed")
		c.world.club.Chat.Creators = model.Everyone
		c.presses("button_confirm")
		c.sees("saved_for_group", "Blitz")
		if w := last[model.CreateCommunityEvent](c); w.Community != club.ID || w.CommunityTitle != club.Title || w.Admin || w.Title != "Blitz" {
			t.Errorf("wrote %+v", w)
		}
		c.presses("button_edit")
		c.presses("button_title")
		c.says("Rapid")
		c.says(link)
		c.sees("finish_edit_first", "Rapid")

		c.comes(ann, Group{})
		c.world.club.Chat.Creators, c.world.club.Chat.Quiet = model.Admins, true
		c.says(link)
		c.says("Tea")
		c.presses("category_food")
		c.sendsLocation(berlin, "Europe/Berlin")
		c.says("25.12 18:00")
		c.presses("button_confirm")
		c.sees("saved_for_quiet_group")
		if w := last[model.CreateCommunityEvent](c); !w.Admin {
			t.Errorf("wrote %+v", w)
		}
	})
}

// An announcement stays for days, so it says no "today"; and whoever cannot join any more finds no
// button to.
func TestAnnouncement(t *testing.T) {
	for _, lang := range languages {
		say := tongues[lang].say
		e := event(1, "Blitz <3", func(e *model.Seen) { e.Going, e.Waiting, e.Capacity, e.Names = 2, 1, 2, []string{"Bo", "Cy"} })
		for name, c := range map[string]struct {
			change func(*model.Seen)
			now    time.Time
			shows  string
			joins  bool
		}{
			"open":      {func(*model.Seen) {}, monday, "19:00–21:00", true},
			"cancelled": {func(e *model.Seen) { e.Status = model.Cancelled }, monday, say("card_cancelled"), false},
			"under way": {func(*model.Seen) {}, e.Ends.Add(-time.Minute), "Bo, Cy", true},
			"over":      {func(*model.Seen) {}, e.Ends, say("announcement_over"), false},
			"next year": {func(*model.Seen) {}, monday.AddDate(-1, 0, 0), "2026 19:00", true},
		} {
			shownEvent := e
			c.change(&shownEvent)
			m := Announcement(lang, Self{Username: "okolo_bot"}, shownEvent, c.now)
			checkMessage(t, m)
			text := shown(m.Text)
			if comes := strings.Contains(text, tongues[lang].html("card_going_of", "Going", 2, "Capacity", 2)); comes != (shownEvent.Status == model.Open) {
				t.Errorf("%s: that people come is said: %v\n%s", name, comes, text)
			}
			_, joins := findButton(m, "🙋")
			_, leaves := findButton(m, "👋")
			if !strings.Contains(text, c.shows) || joins != c.joins || leaves != c.joins {
				t.Errorf("%s: %v %v\n%s", name, joins, leaves, text)
			}
			if strings.Contains(text, say("today")) || strings.Contains(text, say("tomorrow")) || !strings.Contains(text, "Blitz <3") {
				t.Errorf("%s:\n%s", name, text)
			}
			if details, ok := findButton(m, say("button_details")); !ok || details.URL != "https://t.me/okolo_bot?start=e_1" {
				t.Errorf("%s: %+v", name, m.Buttons)
			}
		}
		m := GroupReminder(lang, Self{Username: "okolo_bot"}, model.Reminder{Kind: model.HourAhead, Topic: 5}, e.Event, monday)
		checkMessage(t, m)
		if _, mutes := findButton(m, "🔕"); mutes || !strings.Contains(m.Text, "2") || m.Thread != 5 {
			t.Errorf("the reminder: %+v", m)
		}
	}
}

func findButton(m Message, label string) (Button, bool) {
	for _, b := range buttons(m) {
		if strings.Contains(b.Text, label) {
			return b, true
		}
	}
	return Button{}, false
}
