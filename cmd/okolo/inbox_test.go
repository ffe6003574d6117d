package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/pgtest"
)

// TestUpdateThatKills: an update in whose handling the program is killed (SIGKILL), twice beside
// others and three times by itself, is set aside at the sixth start; others sent with it are not. An operator sees it and replays it.
func TestUpdateThatKills(t *testing.T) {
	t.Parallel()
	telegram, env, api := telegramFor(t)
	faults := func(f sandbox.Faults) {
		if err := telegram.SetFaults(f); err != nil {
			t.Fatal(err)
		}
	}
	startServe(t, env).terminate(t) // so that the bot is known
	anna, err := visit.Join(t.Context(), sandbox.NewPeople(api, nil), sandbox.Profile{ID: 1, FirstName: "Anna", LanguageCode: "en"}, visit.Options{Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}

	// The program never gets to the end of the update: Telegram does not answer before it is killed.
	faults(sandbox.Faults{Calls: map[string]sandbox.CallFaults{"sendMessage": {Latency: 10 * time.Minute}}})
	anna.Say("/help")
	for range 5 {
		calls := telegram.Stats().Faults.Delayed
		program := startServe(t, env)
		for deadline := time.Now().Add(time.Minute); telegram.Stats().Faults.Delayed == calls; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the update was not handled:\n%s", program.log.String())
			}
		}
		if err := program.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = program.cmd.Wait() // it was killed
	}
	faults(sandbox.Faults{})
	program := startServe(t, env)
	program.logs(t, "is set aside")
	anna.Say("/start")
	anna.See("the menu", func(m sandbox.Message) bool { _, ok := m.Button("Create"); return ok })

	code, out, errs := okolo(t, env, "inbox")
	if code != exitOK || !strings.Contains(out, "/help") {
		t.Fatalf("okolo inbox: %d\n%s%s", code, out, errs)
	}
	update := strings.Fields(strings.Split(out, "\n")[1])[0]
	if code, out, errs = okolo(t, env, "inbox", "--replay", update); code != exitOK || !strings.Contains(out, "nothing is set aside") {
		t.Errorf("okolo inbox --replay: %d\n%s%s", code, out, errs)
	}
	anna.See("the help", contains("What I can do"))
	if code, out, _ = okolo(t, env, "inbox", "--drop", update); code != exitOK || !strings.Contains(out, "0 of 1") {
		t.Errorf("okolo inbox --drop: %d\n%s", code, out)
	}
	if err := anna.Err(); err != nil {
		t.Errorf("%v\n%s", err, program.log.String())
	}
	program.terminate(t)
}

// TestInnocentsThroughKills: fifty people have updates in hand while the program is killed (SIGKILL) ten times,
// each time soon after its start. None is set aside, and everybody is answered.
func TestInnocentsThroughKills(t *testing.T) {
	t.Parallel()
	const people, kills = 50, 10
	telegram, env, api := telegramFor(t)
	startServe(t, env).terminate(t) // so that the bot is known
	all := sandbox.NewPeople(api, nil)
	var visitors []*visit.Visitor
	for i := range int64(people) {
		v, err := visit.Join(t.Context(), all, sandbox.Profile{ID: 1 + i, FirstName: "P", LanguageCode: "en"}, visit.Options{Wait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		v.Say("/help")
		visitors = append(visitors, v)
	}
	slow := sandbox.Faults{Calls: map[string]sandbox.CallFaults{"sendMessage": {Latency: 300 * time.Millisecond, Jitter: 300 * time.Millisecond}}}
	if err := telegram.SetFaults(slow); err != nil {
		t.Fatal(err)
	}
	lot := rand.New(rand.NewPCG(1, 1))
	for range kills {
		program := startServe(t, env)
		time.Sleep(time.Duration(lot.Int64N(int64(500 * time.Millisecond))))
		if err := program.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = program.cmd.Wait() // it was killed
	}
	program := startServe(t, env)
	for i, v := range visitors {
		if v.SeeAny("the help", contains("What I can do")); v.Err() != nil {
			t.Errorf("person %d: %v", 1+i, v.Err())
		}
	}
	left := func(where string) int {
		return pgtest.Value[int](t, databaseOf(env), `SELECT count(*) FROM inbox WHERE `+where)
	}
	for deadline := time.Now().Add(time.Minute); left(`set_aside IS NULL`) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d updates are left in the inbox", left(`set_aside IS NULL`))
		}
	}
	if n := left(`true`); n != 0 {
		t.Errorf("%d updates are set aside", n)
	}
	program.terminate(t)
}

// telegramFor returns a Telegram, and the environment of a bot on it that has a database of its own.
func telegramFor(t *testing.T) (telegram *sandbox.Server, env []string, api string) {
	t.Helper()
	telegram, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = telegram.Close() })
	if api, err = telegram.Listen(context.Background(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return telegram, []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + pgtest.URL(t), "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=0", "CHAT_RATE=0"}, api
}

// databaseOf returns the connection string in an environment.
func databaseOf(env []string) string {
	for _, e := range env {
		if url, ok := strings.CutPrefix(e, "DATABASE_URL="); ok {
			return url
		}
	}
	return ""
}
