package persistence

import (
	"strings"
	"testing"
	"time"

	"okolo/persistence/model"
)

// Personal events pay nothing for communities: to create, join and cancel them asks the database
// for nothing about chats and announcements, and changes nothing there.
func TestPersonalEventsKnowNothingOfCommunities(t *testing.T) {
	by := model.Person{ID: 1, Name: "Anna", Lang: "en"}
	starts := time.Now().Add(time.Hour)
	d := model.Details{Title: "Chess", Category: "games", Starts: starts, Ends: starts.Add(time.Hour), Zone: "UTC"}
	var batch []*pending
	for i, c := range []model.Command{
		model.CreateUserEvent{By: by, Draft: 1, Details: d}, model.JoinEvent{By: by, Event: 1}, model.CancelEvent{By: by, Event: 1},
	} {
		p, err := newPending(model.Key{Bot: 1, Update: int64(i)}, c, nil)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, p)
	}
	n := needsOf(batch)
	if len(n.communities)+len(n.moving) > 0 {
		t.Errorf("asks for %+v", n)
	}
	l := newLedger([]int64{1})
	l.now = time.Now()
	for _, p := range batch {
		if l.perform(p); p.err != nil {
			t.Fatalf("%T: %v", p.cmd, p.err)
		}
	}
	if l.announces() {
		t.Error("announces a personal event")
	}
	for _, q := range l.save().QueuedQueries {
		for _, table := range []string{"communities", "announcements", "reminders"} {
			if strings.Contains(q.SQL, " "+table+" ") {
				t.Errorf("changes %s: %s", table, q.SQL)
			}
		}
	}
}
