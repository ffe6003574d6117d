package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/persistence/pgtest"
)

// TestWebhookKilled: people create events, brought by a webhook, while the program is killed and
// started again, and another takes it over, after a kill and in a rolling restart. What anybody saw
// saved is there once.
func TestWebhookKilled(t *testing.T) {
	t.Parallel()
	const people = 20
	api, database := localTelegram(t), pgtest.URL(t)
	address := fmt.Sprintf("127.%d.0.2:8082", 1+os.Getpid()%250) // from where nobody connects
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + database, "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0",
		"SEND_RATE=0", "CHAT_RATE=0", "PERSON_RATE=0", "WEBHOOK_URL=http://" + address + "/okolo", "WEBHOOK_LISTEN=" + address}
	owner := startServe(t, env)
	crowd := sandbox.NewPeople(api, nil)
	done, stop := context.WithCancel(t.Context())
	var saved sync.Map
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() { createMany(done, t, crowd, int64(100+i), &saved) })
	}
	begun := 0
	load := func() { // of fifteen more events
		for deadline := time.Now().Add(time.Minute); size(&saved) < begun+15; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("nobody gets ahead:\n%s", owner.log.String())
			}
		}
		begun = size(&saved)
	}
	kill := func() {
		if err := owner.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = owner.cmd.Wait() // it was killed
	}
	for range 2 {
		load()
		kill()
		owner = startServe(t, env)
	}
	for _, end := range []func(){kill, func() { owner.signal(t, syscall.SIGTERM) }} {
		standby, out := launch(t, env, nil, "serve")
		standby.logs(t, "standing by")
		load()
		end()
		standby.ready(t, out, `statistics at (\S+)/stats`)
		owner = standby
	}
	load()
	stop()
	all.Wait()
	owner.terminate(t)
	compare(t, database, &saved)
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}
