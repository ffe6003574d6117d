package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/stops"
	"okolo/persistence/pgtest"
)

// TestKilledUnderLoad kills the program (SIGKILL) and starts it again, over and over, while
// people create events. What anybody saw saved is in the database exactly once, and nothing is
// there twice.
func TestKilledUnderLoad(t *testing.T) {
	const people, kills = 30, 4
	api := localTelegram(t)
	database := pgtest.URL(t)
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + database, "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=0", "CHAT_RATE=0", "PERSON_RATE=0"}
	program := startServe(t, env)

	crowd := sandbox.NewPeople(api, nil)
	done, stop := context.WithCancel(t.Context())
	var saved sync.Map
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() { createMany(done, t, crowd, int64(100+i), &saved) })
	}
	for range kills {
		time.Sleep(1500 * time.Millisecond) // of load, between two kills
		if err := program.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = program.cmd.Wait() // it was killed
		program = startServe(t, env)
	}
	time.Sleep(time.Second)
	stop()
	all.Wait()
	program.terminate(t)
	compare(t, database, &saved)
}

// TestKilledInTheWizard kills the program (SIGKILL) at every step of the wizard, as soon as
// people see what they are asked next. Everybody goes on where they were, though none of their
// sessions ever left memory in an orderly way.
func TestKilledInTheWizard(t *testing.T) {
	t.Parallel()
	const people = 12
	api := localTelegram(t)
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + pgtest.URL(t), "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=0", "CHAT_RATE=0", "PERSON_RATE=0"}
	program := startServe(t, env)
	crowd := sandbox.NewPeople(api, nil)
	visitors, asked := make([]*visit.Visitor, people), make([]sandbox.Message, people)
	for i := range people {
		v, err := visit.Join(t.Context(), crowd, sandbox.Profile{ID: int64(500 + i), FirstName: fmt.Sprint("W", i), LanguageCode: "en"}, visit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		visitors[i] = v
	}
	title := func(i int) string { return fmt.Sprintf("Walk number %d", i) }
	steps := []func(i int, v *visit.Visitor, m sandbox.Message) sandbox.Message{
		func(_ int, v *visit.Visitor, _ sandbox.Message) sandbox.Message {
			v.Say("/create")
			return v.See("the question for a title", contains("the title"))
		},
		func(i int, v *visit.Visitor, _ sandbox.Message) sandbox.Message {
			v.Say(title(i))
			return v.See("the question for a category", contains("What kind"))
		},
		func(_ int, v *visit.Visitor, m sandbox.Message) sandbox.Message {
			v.Press(m, "walks")
			return v.SeeEdited(m, "the question where", contains("Where"))
		},
		func(_ int, v *visit.Visitor, _ sandbox.Message) sandbox.Message {
			v.Locate(52.52, 13.405)
			return v.See("the question when", contains("When"))
		},
		func(_ int, v *visit.Visitor, m sandbox.Message) sandbox.Message {
			v.Press(m, "tomorrow 19:00")
			return v.SeeEdited(m, "the preview", contains("Is everything right"))
		},
		func(i int, v *visit.Visitor, m sandbox.Message) sandbox.Message {
			v.Press(m, "Publish")
			return v.SeeEdited(m, "the saved event, with its title", func(m sandbox.Message) bool {
				return contains("Saved.")(m) && contains(title(i))(m)
			})
		},
	}
	for n, step := range steps {
		var all sync.WaitGroup
		for i, v := range visitors {
			all.Go(func() { asked[i] = step(i, v, asked[i]) })
		}
		all.Wait()
		for _, v := range visitors {
			if err := v.Err(); err != nil {
				t.Fatalf("step %d: %v\n%s", n, err, program.log.String())
			}
		}
		if err := program.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = program.cmd.Wait() // it was killed
		program = startServe(t, env)
	}
	program.terminate(t)
}

// TestKilledOnEveryScreen kills the program (SIGKILL) at random moments while people are on their way to
// every screen and every step of the wizard, once more when all are there, and while they press the
// next button. Everybody goes on as if nothing had happened.
func TestKilledOnEveryScreen(t *testing.T) {
	t.Parallel()
	all, err := stops.All()
	if err != nil {
		t.Fatal(err)
	}
	api := localTelegram(t)
	operators := make([]string, len(all)) // anybody may come to any screen
	for i := range all {
		operators[i] = strconv.Itoa(100 + i)
	}
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + pgtest.URL(t), "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0",
		"OPERATOR_IDS=" + strings.Join(operators, ","), "SEND_RATE=0", "CHAT_RATE=0", "PERSON_RATE=0"}
	k := &killer{t: t, env: env, program: startServe(t, env)}
	crowd := sandbox.NewPeople(api, nil)
	join := func(id int64, name string) *visit.Visitor {
		v, err := visit.Join(t.Context(), crowd, sandbox.Profile{ID: id, FirstName: name, LanguageCode: "en"}, visit.Options{Wait: 90 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	host := join(99, "Host")
	share, _ := stops.Create(host, "Continued").Button("Share")
	link := regexp.MustCompile(`start%3D(\w+)`).FindStringSubmatch(share.URL)
	if link == nil {
		t.Fatalf("nothing to share but %+v, %v", share, host.Err())
	}
	visitors, at := make([]*visit.Visitor, len(all)), make([]sandbox.Message, len(all))
	for i, s := range all {
		visitors[i] = join(int64(100+i), fmt.Sprint("V", i))
		if s.Group() {
			made, err := visitors[i].Person.CreateGroup(t.Context(), sandbox.NewGroup{Title: s.Name, Bots: []string{"4242"}})
			if err != nil {
				t.Fatal(err)
			}
			visitors[i] = visitors[i].In(made.ID)
		}
	}
	together := func(what string, do func(i int, s stops.Stop)) {
		k.during(func() {
			var everybody sync.WaitGroup
			for i, s := range all {
				everybody.Go(func() { do(i, s) })
			}
			everybody.Wait()
		})
		for i, v := range visitors {
			if v.Err() != nil {
				t.Fatalf("%s %s: %v\n%s", what, all[i].Name, v.Err(), k.program.log.String())
			}
		}
	}
	together("on the way to", func(i int, s stops.Stop) { at[i] = s.Come(visitors[i], link[1]) })
	k.kill()
	together("after", func(i int, s stops.Stop) {
		v := visitors[i]
		v.Press(at[i], s.Next)
		// In place; or as a new message where the program was killed between a send and what noted it.
		v.SeeAny("what "+s.Next+" leads to", func(m sandbox.Message) bool {
			return (m.ID > at[i].ID || m.ID == at[i].ID && m.Edited > at[i].Edited) && s.Sees(m)
		})
	})
	k.program.terminate(t)
	if t.Logf("killed %d times", k.kills); k.kills < 2 {
		t.Error("nobody was disturbed on the way: this proves little")
	}
}

// killer kills the program and starts it again.
type killer struct {
	t       *testing.T
	env     []string
	program *process
	kills   int
}

func (k *killer) kill() {
	k.t.Helper()
	if err := k.program.cmd.Process.Kill(); err != nil {
		k.t.Fatal(err)
	}
	_ = k.program.cmd.Wait() // it was killed
	k.program = startServe(k.t, k.env)
	k.kills++
}

// during kills the program a few times while people do something, at moments that nobody chose.
func (k *killer) during(do func()) {
	const kills = 4
	ended := make(chan struct{})
	go func() { defer close(ended); do() }()
	for range kills {
		select {
		case <-ended:
			return
		case <-time.After(20*time.Millisecond + rand.N(200*time.Millisecond)):
			k.kill()
		}
	}
	<-ended
}

// createMany creates one event after the other, and notes the titles that were said to be
// saved. A person whose place in the wizard was lost begins again.
func createMany(ctx context.Context, t *testing.T, crowd *sandbox.People, id int64, saved *sync.Map) {
	for n := 0; ctx.Err() == nil; n++ {
		v, err := visit.Join(ctx, crowd, sandbox.Profile{ID: id, FirstName: fmt.Sprint("P", id), LanguageCode: "en"}, visit.Options{Wait: 2 * time.Second})
		if err != nil {
			return // ctx ended
		}
		title := fmt.Sprintf("Event %d of %d", n, id)
		v.Say("/cancel")
		v.Say("/create")
		v.See("the question for a title", contains("the title"))
		v.Say(title)
		m := v.See("the question for a category", contains("What kind"))
		v.Press(m, "walks")
		v.SeeEdited(m, "the question where", contains("Where"))
		v.Locate(52.52, 13.405)
		m = v.See("the question when", contains("When"))
		v.Press(m, "tomorrow 19:00")
		m = v.SeeEdited(m, "the preview", contains("Is everything right"))
		v.Press(m, "Publish")
		if m = v.SeeEdited(m, "the saved event", contains("Saved.")); v.Err() == nil {
			if !contains(title)(m) {
				t.Errorf("%d saw as saved, in place of %q: %s", id, title, m.Text)
			}
			saved.Store(title, true)
		}
	}
}

// compare looks for every title in the database.
func compare(t *testing.T, database string, saved *sync.Map) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), `SELECT title, count(*) FROM events GROUP BY title`)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]int{}
	var title string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&title, &n}, func() error { stored[title] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	seen := 0
	saved.Range(func(key, _ any) bool {
		seen++
		if n := stored[key.(string)]; n != 1 {
			t.Errorf("%q was said to be saved and is there %d times", key, n)
		}
		return true
	})
	for title, n := range stored {
		if n > 1 {
			t.Errorf("%q is there %d times", title, n)
		}
	}
	if seen < 30 {
		t.Errorf("only %d events were saved: this proves little", seen)
	}
	t.Logf("%d events were seen saved, %d are stored", seen, len(stored))
}
