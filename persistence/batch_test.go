package persistence_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"pgregory.net/rapid"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

func TestWhatMeets(t *testing.T) {
	anna, ben := person(1), person(2)
	for _, c := range []struct {
		what string
		a, b model.Command
		meet bool
	}{
		{"creates of two people", model.CreateUserEvent{By: anna, Draft: 1}, model.CreateUserEvent{By: ben, Draft: 1}, false},
		{"creates of one person", model.CreateUserEvent{By: anna, Draft: 1}, model.CreateUserEvent{By: anna, Draft: 2}, true},
		{"two events", model.JoinEvent{By: anna, Event: 1}, model.LeaveEvent{By: ben, Event: 2}, false},
		{"one event", model.JoinEvent{By: anna, Event: 1}, model.LeaveEvent{By: ben, Event: 1}, true},
		{"one person", model.JoinEvent{By: anna, Event: 1}, model.LeaveEvent{By: anna, Event: 2}, true},
		{"a create and a join", model.CreateUserEvent{By: anna, Draft: 1}, model.JoinEvent{By: ben, Event: 1}, false},
		{"a create and a join of one person", model.CreateUserEvent{By: anna, Draft: 1}, model.JoinEvent{By: anna, Event: 1}, true},
		{"creates for communities", model.CreateCommunityEvent{By: anna, Community: -1}, model.CreateCommunityEvent{By: ben, Community: -2}, true},
		{"a ban", model.BanPerson{By: anna, Person: 3}, model.CreateUserEvent{By: person(3), Draft: 1}, true},
		{"what is forgotten", model.ForgetPerson{By: anna, Events: []int64{1}}, model.JoinEvent{By: ben, Event: 1}, true},
		{"a group that moves", model.JoinEvent{By: anna, Event: 1}, model.MoveCommunity{By: ben, From: -1, To: -2}, true},
	} {
		if persistence.Meet(c.a, c.b, key(1), key(2)) != c.meet || persistence.Meet(c.b, c.a, key(2), key(1)) != c.meet {
			t.Errorf("%s: want %v both ways", c.what, c.meet)
		}
		if !persistence.Meet(c.a, c.b, key(1), key(1)) {
			t.Errorf("%s, under one key: they do not meet", c.what)
		}
	}
}

// While a batch is under way, one that does not meet it is begun, and one that does is not.
func TestTwoBatchesUnderWay(t *testing.T) {
	s := openStore(t, pgtest.URL(t))
	begun, goOn := make(chan int64, 10), make(chan struct{})
	goOnForGood := sync.OnceFunc(func() { close(goOn) })
	system := actor.NewActorSystem()
	w := persistence.WriterPausedBy(system, s, func(commands []model.Command) {
		begun <- commands[0].Actor().ID
		<-goOn
	})
	t.Cleanup(func() {
		goOnForGood()
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		system.Shutdown()
	})
	answered := make(chan error, 10)
	create := func(update, owner, draft int64) {
		w.Submit(key(update), model.CreateUserEvent{By: person(owner), Draft: draft, Details: details()},
			func(_ model.Answer, err error) { answered <- err })
	}
	expect := func(person int64) {
		t.Helper()
		select {
		case next := <-begun:
			if next != person {
				t.Errorf("the next batch is of person %d, want %d", next, person)
			}
		case <-time.After(time.Minute):
			t.Fatal("no batch is begun")
		}
	}
	create(1, 1, 1)
	expect(1)
	create(2, 1, 2) // has to wait for the one above
	create(3, 2, 1) // waits behind it: nothing overtakes
	if n := len(begun); n != 0 {
		t.Errorf("%d batches more are begun", n)
	}
	goOn <- struct{}{}
	expect(1)
	create(4, 3, 1)
	create(5, 4, 1) // as many as there are in the batch that is under way
	expect(3)
	goOnForGood()
	for range 5 {
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
	if stats := w.Stats(); stats.Batches != 3 || stats.LargestBatch != 2 || stats.Commands != 5 {
		t.Errorf("%+v: want 5 commands in 3 batches", stats)
	}
}

// The writer, which has two batches under way where it can, leaves the rows and gives the answers
// that the same commands do one by one; only the ids of the events that they make may differ.
func TestWriterIsAsOneByOne(t *testing.T) {
	serial, live := openTwin(t), openTwin(t)
	w := startWriter(t, live.store, persistence.WriterOptions{Batch: 4})
	for _, twin := range []*twin{serial, live} { // no event that they make is one of those that are joined
		execute(t, twin.url, "SELECT setval(pg_get_serial_sequence('events', 'id'), 1000)")
	}
	rapid.Check(t, func(t *rapid.T) {
		base := time.Now().Truncate(time.Second).UTC()
		var keys []model.Key
		var commands []model.Command
		for i := range int64(3) { // so that there is something to join
			keys = append(keys, key(1000+i))
			commands = append(commands, model.CreateUserEvent{By: person(i + 1), Draft: 9, Details: drawDetails(t, base.Add(24*time.Hour))})
		}
		for _, twin := range []*twin{serial, live} {
			twin.empty()
			twin.commit = persistence.Committer(twin.store, 1, 2, 3)
			twin.commit(context.Background(), len(commands), keys, commands)
		}
		for range rapid.IntRange(10, 40).Draw(t, "commands") {
			keys = append(keys, key(rapid.Int64Range(1, 200).Draw(t, "update")))
			commands = append(commands, drawCommand(t, base))
		}
		want := serial.commit(context.Background(), 1, keys, commands)
		got := submitAll(w, keys, commands)
		wantNames, gotNames := serial.names(), live.names()
		for i := range commands {
			a, b := got[i].answer, want[i].Answer
			a.Event, b.Event = gotNames.of(a.Event), wantNames.of(b.Event)
			if a != b || fmt.Sprint(got[i].err) != fmt.Sprint(want[i].Err) {
				t.Fatalf("command %d, %T %+v:\n  of the writer %+v %v\n  one by one %+v %v", i, commands[i], commands[i], a, got[i].err, b, want[i].Err)
			}
		}
		if got, want := gotNames.in(live.rows()), wantNames.in(serial.rows()); got != want {
			t.Fatalf("rows of the writer:\n%s\none by one:\n%s", got, want)
		}
	})
}
