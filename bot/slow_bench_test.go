package bot_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/sender"
)

// BenchmarkSlowChat measures what it costs everybody else that Telegram holds one chat back for a
// minute (429) and takes five seconds over a call for another: in turns, with and without the two. 0.9 or
// more of the others' answers is the goal.
func BenchmarkSlowChat(b *testing.B) {
	const held, slow, others, turn, rounds = 1, 2, 16, 6 * time.Second, 3
	var troubled atomic.Bool
	trouble := func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				b.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			var call struct {
				Chat int64 `json:"chat_id"`
			}
			_ = json.Unmarshal(body, &call) // another method's
			switch {
			case !troubled.Load():
			case call.Chat == held:
				w.WriteHeader(http.StatusTooManyRequests)
				fmt.Fprint(w, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 60","parameters":{"retry_after":60}}`)
				return
			case call.Chat == slow:
				time.Sleep(5 * time.Second)
			}
			api.ServeHTTP(w, r)
		})
	}
	w := newWorld(b, worldOptions{trouble: trouble, sending: sender.Options{}, personRate: 1e6, log: io.Discard})
	join := func(id int64) *visit.Visitor {
		v, err := visit.Join(b.Context(), w.people, sandbox.Profile{ID: id, FirstName: "P", LanguageCode: "en"}, visit.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	answers := func() (n int64) {
		var count atomic.Int64
		var talking sync.WaitGroup
		for i := range int64(others) {
			v := join(100 + i)
			talking.Go(func() {
				for begun := time.Now(); time.Since(begun) < turn; count.Add(1) {
					v.Say("/help")
					v.See("the help", contains("What I can do"))
				}
				check(b, v.Err())
			})
		}
		talking.Wait()
		return count.Load()
	}
	unlucky, waiting := join(held), join(slow)
	var alone, beside []float64
	for range rounds {
		troubled.Store(false)
		alone = append(alone, float64(answers())/turn.Seconds())
		troubled.Store(true)
		unlucky.Say("/help")
		waiting.Say("/help")
		beside = append(beside, float64(answers())/turn.Seconds())
	}
	troubled.Store(false)
	b.Logf("alone %.0f, beside %.0f answers/s", alone, beside)
	slices.Sort(alone)
	slices.Sort(beside)
	b.ReportMetric(alone[rounds/2], "answers/s")
	b.ReportMetric(beside[rounds/2]/alone[rounds/2], "×beside-slow-chats")
	b.ReportMetric(0, "ns/op")
}
