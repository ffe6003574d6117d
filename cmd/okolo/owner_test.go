package main

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/persistence/pgtest"
)

// Two processes serve one bot: one owns it, the other stands by and takes over, after a kill -9
// and in a rolling restart. What anybody saw saved is there once, and they never poll at once.
func TestStandbyTakesOver(t *testing.T) {
	const people = 10
	api := localTelegram(t)
	database := pgtest.URL(t)
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + database, "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=0", "CHAT_RATE=0"}
	owner := startServe(t, env)

	crowd := sandbox.NewPeople(api, nil)
	done, stop := context.WithCancel(t.Context())
	var saved sync.Map
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() { createMany(done, t, crowd, int64(100+i), &saved) })
	}
	for i, takeOver := range []func(*process){
		func(p *process) {
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = p.cmd.Wait() // it was killed
		},
		func(p *process) { p.signal(t, syscall.SIGTERM) },
		func(p *process) {
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = p.cmd.Wait() // it was killed
		},
	} {
		standby, out := launch(t, env, nil, "serve")
		standby.logs(t, "standing by")
		time.Sleep(time.Second) // of load
		takeOver(owner)
		begun := time.Now()
		standby.ready(t, out, `statistics at (\S+)/stats`)
		took := time.Since(begun)
		t.Logf("take-over %d took %v", i, took)
		if took > 20*time.Second { // 5 s on a machine that does nothing else
			t.Errorf("it took %v", took)
		}
		if n := strings.Count(standby.log.String(), "409"); n > 1 {
			t.Errorf("it was refused %d times because another polled", n)
		}
		owner = standby
	}
	time.Sleep(time.Second)
	stop()
	all.Wait()
	owner.terminate(t)
	compare(t, database, &saved)
}
