package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"okolo/persistence/model"
)

func TestCommunity(t *testing.T) {
	s, w, _ := setUp(t)
	check := func(when string, chat int64, want model.Chat) {
		t.Helper()
		if got, err := s.Community(t.Context(), chat); err != nil || got != want {
			t.Fatalf("%s: %+v, %v, want %+v", when, got, err, want)
		}
	}
	do(t, w, 1, model.LeaveCommunity{By: person(1), Community: club})
	if _, err := s.Community(t.Context(), club); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("never seen: %v", err)
	}
	want := model.Chat{ID: club, Title: "Club", Settings: model.Settings{Creators: model.Everyone}}
	do(t, w, 2, model.EnterCommunity{By: person(1), Community: club, Title: "Club"})
	check("entered", club, want)
	do(t, w, 3, model.EnterCommunity{By: person(1), Community: club, Topic: 9})
	want.Topic = 9
	check("told where to write, without a title", club, want)
	do(t, w, 4, model.LeaveCommunity{By: person(1), Community: club})
	want.Left = true
	check("left", club, want)
	do(t, w, 5, model.EnterCommunity{By: person(1), Community: club, Title: "Chess"})
	want.Left, want.Title = false, "Chess"
	check("back", club, want)
	do(t, w, 6, model.EnterCommunity{By: person(1), Community: club, Topic: model.NoTopic})
	want.Topic = 0
	check("told to write in no topic", club, want)
	want.Settings = model.Settings{Creators: model.Admins, Lang: "ru", Quiet: true}
	do(t, w, 7, model.SetCommunity{By: person(1), Community: club, Settings: want.Settings})
	check("set", club, want)
	do(t, w, 8, model.MoveCommunity{By: person(1), From: club, To: club - 1, Title: "Big chess"})
	want.ID, want.Title = club-1, "Big chess"
	check("moved", club-1, want)
	check("moved, by the old id", club, want)
	for i, c := range []model.Command{ // late words about the group that it was
		model.LeaveCommunity{By: person(1), Community: club},
		model.EnterCommunity{By: person(1), Community: club, Title: "Chess", Topic: 4},
		model.MoveCommunity{By: person(1), From: club, To: club - 1, Title: "Chess"},
		model.MoveCommunity{By: person(1), From: club - 1, To: club, Title: "Chess"},
	} {
		do(t, w, 10+int64(i), c)
		check(fmt.Sprintf("%T after the move", c), club, want)
	}
	want.Settings = model.Settings{Creators: model.Everyone}
	do(t, w, 20, model.SetCommunity{By: person(1), Community: club, Settings: want.Settings})
	check("set by the old id", club, want)
	if _, err := w.Do(t.Context(), key(21), model.MoveCommunity{By: person(1), From: club, To: club}); !errors.As(err, new(*model.InvalidError)) {
		t.Errorf("moved to itself: %v", err)
	}
}

// What a community has to come is read page by page; what is off, over or another's is not there.
func TestCommunityEvents(t *testing.T) {
	s, w, url := setUp(t)
	at := func(hours int) func(*model.Details) {
		return func(d *model.Details) {
			d.Starts = tomorrow.Add(time.Duration(hours) * time.Hour)
			d.Ends = d.Starts.Add(time.Hour)
		}
	}
	var want []int64
	for i := range int64(5) {
		want = append(want, do(t, w, 1+i, createIn(club, 1, 1+i, at(int(5-i/2)))).Event) // some at the same time
	}
	want = []int64{want[4], want[2], want[3], want[0], want[1]}
	off, over := do(t, w, 10, createIn(club, 1, 10)).Event, do(t, w, 11, createIn(club, 1, 11)).Event
	do(t, w, 12, model.CancelEvent{By: person(1), Event: off})
	execute(t, url, "UPDATE events SET starts = now() - interval '2 hours', ends = now() - interval '1 hour' WHERE id = $1", over)
	do(t, w, 13, createIn(club-1, 1, 13))
	create(t, w, 14, 1, 14)
	do(t, w, 15, model.JoinEvent{By: person(2), Event: want[0]})
	for _, size := range []int{1, 2, 5, 100} {
		var got []int64
		after := int64(0)
		for {
			page, err := s.CommunityEvents(t.Context(), club, time.Now(), after, size)
			if err != nil || len(page) > size {
				t.Fatalf("%d events, %v", len(page), err)
			}
			for _, e := range page {
				got, after = append(got, e.ID), e.ID
			}
			if len(page) < size {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v in pages of %d, want %v", got, size, want)
		}
	}
	page, err := s.CommunityEvents(t.Context(), club, time.Now(), 0, 1)
	if err != nil || page[0].Going != 1 || !slices.Equal(page[0].Names, []string{"Person 2"}) || page[0].Community != club {
		t.Errorf("%+v, %v", page, err)
	}
}

// A group becomes a supergroup while its members go on, and while it is being announced: nothing
// is lost or doubled, whichever of the two chats tells of it first.
func TestCommunityMovesWhileInUse(t *testing.T) {
	for name, first := range map[string]int64{"the group tells first": 100, "the supergroup tells first": 101} {
		t.Run(name, func(t *testing.T) {
			const people, super = 40, club - 1
			s, w, url := setUp(t)
			do(t, w, 1, model.SetCommunity{By: person(1), Community: club, Title: "Club", Settings: model.Settings{Creators: model.Everyone, Lang: "ru"}})
			var events []int64
			for i := range int64(3) {
				events = append(events, do(t, w, 2+i, createIn(club, 1, 1+i)).Event)
			}
			// Each chat has message ids of its own.
			m := messenger{announces: func(a model.Announcement) (int64, error) { return a.Event - 10*a.Chat.ID, nil }}
			startAnnouncer(t, s, 1, time.Millisecond, &m)
			settled(t, url)
			var all sync.WaitGroup
			submit := func(update int64, c model.Command) {
				all.Add(1)
				w.Submit(key(update), c, func(_ model.Answer, err error) {
					defer all.Done()
					if err != nil {
						t.Errorf("%T: %v", c, err)
					}
				})
			}
			for i := range int64(people) {
				for j, event := range events {
					submit(1000+10*i+int64(j), model.JoinEvent{By: person(10 + i), Event: event})
				}
				switch i {
				case 10: // the new chat is heard of before the move is
					submit(99, model.EnterCommunity{By: person(1), Community: super, Title: "Super"})
				case 15:
					submit(first, model.MoveCommunity{By: person(1), From: club, To: super, Title: "Super"})
				case 16: // who opened the wizard before
					submit(200, createIn(club, 2, 1))
				case 20:
					submit(201-first, model.MoveCommunity{By: person(1), From: club, To: super, Title: "Super"})
					submit(300, model.LeaveCommunity{By: person(1), Community: club})
				}
			}
			all.Wait()
			settled(t, url)
			for what, want := range map[string][2]any{
				"events of the supergroup":        {4, "SELECT count(*) FROM events WHERE community = -101"},
				"people who come":                 {3 * people, "SELECT sum(going) FROM events"},
				"announcements of the supergroup": {4, "SELECT count(*) FROM announcements WHERE chat = -101"},
				"announcements not shown":         {0, "SELECT count(*) FROM announcements WHERE shown < version"},
				"communities":                     {2, "SELECT count(*) FROM communities"},
			} {
				if n := number(t, url, want[1].(string)); n != want[0] {
					t.Errorf("%d %s, want %d", n, what, want[0])
				}
			}
			chat := model.Chat{ID: super, Title: "Super", Settings: model.Settings{Creators: model.Everyone, Lang: "ru"}}
			if got, err := s.Community(t.Context(), club); err != nil || got != chat {
				t.Errorf("%+v, %v, want %+v", got, err, chat)
			}
			anew := map[int64]int{}
			for _, a := range m.calls() {
				if a.Message != 0 && a.Message != a.Event-10*a.Chat.ID {
					t.Errorf("edited message %d of another chat than %d", a.Message, a.Chat.ID)
				}
				if a.Chat.ID == super && a.Message == 0 {
					anew[a.Event]++
				}
			}
			for event, n := range anew { // a message of the group cannot be edited from the supergroup
				if n != 1 {
					t.Errorf("event %d was sent %d times to the supergroup", event, n)
				}
			}
		})
	}
}

// A group is reminded of its events once, wherever it moves meanwhile, unless it wants nothing.
func TestRemindersOfCommunities(t *testing.T) {
	s, w, url := setUp(t)
	soon := func(d *model.Details) {
		d.Starts = time.Now().Add(50 * time.Minute).Truncate(time.Second)
		d.Ends = d.Starts.Add(time.Hour)
	}
	do(t, w, 1, model.EnterCommunity{By: person(1), Community: club, Title: "Club", Topic: 3})
	do(t, w, 2, model.SetCommunity{By: person(1), Community: club, Settings: model.Settings{Creators: model.Everyone, Lang: "ru"}})
	event := do(t, w, 3, createIn(club, 1, 1, soon)).Event
	for i, c := range []model.Command{ // chats that want nothing, each after its create
		createIn(club-10, 1, 2, soon),
		model.SetCommunity{By: person(1), Community: club - 10, Settings: model.Settings{Creators: model.Everyone, Quiet: true}},
		createIn(club-11, 1, 3, soon), model.LeaveCommunity{By: person(1), Community: club - 11},
	} {
		do(t, w, 10+int64(i), c)
	}
	execute(t, url, "UPDATE events SET created_at = now() - interval '3 days'")
	do(t, w, 20, createIn(club, 1, 4, soon)) // knows: it was made just now
	m := messenger{fails: map[int64]bool{club: true}}
	remind := func() { _ = s.RemindOnce(t.Context(), &m) }
	remind()
	do(t, w, 21, model.MoveCommunity{By: person(1), From: club, To: club - 1, Title: "Club"})
	remind()
	remind()
	if len(m.reminders) != 2 {
		t.Fatalf("reminded of %+v, want a failure and a success", m.reminders)
	}
	for i, chat := range []int64{club, club - 1} {
		r := m.reminders[i]
		r.Starts = time.Time{}
		want := model.Reminder{Event: event, Kind: model.HourAhead, Person: chat, Lang: "ru"}
		if chat == club {
			want.Topic = 3 // a group that becomes a supergroup has no topics
		}
		if r != want {
			t.Errorf("%+v, want %+v", r, want)
		}
	}
	do(t, w, 22, model.MoveCommunity{By: person(1), From: club - 1, To: club - 2, Title: "Club"})
	remind() // it was, before it moved
	if n := number(t, url, "SELECT count(*) FROM reminders WHERE person <> -102"); n != 0 || len(m.reminders) != 2 {
		t.Errorf("%d reminders of chats that want none, and reminded of %+v", n, m.reminders)
	}
	execute(t, url, "DELETE FROM reminders")

	// Claimed, and not wanted when its turn comes.
	m.fails[club-2] = true
	remind()
	if len(m.reminders) != 3 {
		t.Fatalf("reminded of %+v, want one more, which failed", m.reminders)
	}
	for i, c := range []model.Command{
		model.SetCommunity{By: person(1), Community: club - 2, Settings: model.Settings{Creators: model.Everyone, Quiet: true}},
		model.SetCommunity{By: person(1), Community: club - 2, Settings: model.Settings{Creators: model.Everyone}},
	} {
		do(t, w, 30+int64(i), c)
		if i == 1 { // as where Telegram says that the bot is not there
			execute(t, url, "UPDATE reminders SET ended_at = NULL")
			if err := s.Blocked(t.Context(), club-2); err != nil {
				t.Fatal(err)
			}
		}
		remind()
	}
	if n := number(t, url, "SELECT count(*) FROM reminders WHERE ended_at IS NOT NULL"); n != 1 || len(m.reminders) != 3 {
		t.Errorf("%d ended, reminded of %+v", n, m.reminders)
	}
}

// Who wants no reminders at all gets none, of whatever they join, until they say otherwise.
func TestMuteAll(t *testing.T) {
	s, w, url := setUp(t)
	muted := func(want bool) {
		t.Helper()
		if got, err := s.MutedAll(t.Context(), 2); err != nil || got != want {
			t.Fatalf("muted: %v, %v, want %v", got, err, want)
		}
	}
	mute := func(on bool) {
		t.Helper()
		if err := s.MuteAll(t.Context(), person(2), on); err != nil {
			t.Fatal(err)
		}
		muted(on)
	}
	muted(false)
	mute(true) // who is not known yet
	mute(true)
	soon := func(d *model.Details) { d.Starts, d.Ends = time.Now().Add(50*time.Minute), time.Now().Add(2*time.Hour) }
	join := func(update int64) {
		t.Helper()
		event := create(t, w, update, 1, update, soon)
		do(t, w, update+1, model.JoinEvent{By: person(2), Event: event})
		execute(t, url, "UPDATE participants SET since = now() - interval '3 days'")
	}
	join(10)
	muted(true) // to join says nothing about it
	var m messenger
	if err := s.RemindOnce(t.Context(), &m); err != nil || len(m.reminders) != 0 {
		t.Errorf("reminded of %+v, %v", m.reminders, err)
	}
	mute(false)
	join(20)
	if err := s.RemindOnce(t.Context(), &m); err != nil || len(m.reminders) != 1 {
		t.Errorf("reminded of %+v, %v, want the second event", m.reminders, err)
	}
	do(t, w, 30, model.BanPerson{By: person(9), Person: 2, Banned: true})
	mute(true)
	if err := s.Erase(context.Background(), 2); err != nil {
		t.Fatal(err)
	}
	muted(false) // it is forgotten, also of who is banned
}
