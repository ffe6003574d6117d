package sender

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mymmrac/telego/telegoapi"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a sender under a clock that stands still until everybody waits, and a record of
// what it did.
type bench struct {
	*Sender
	t  testing.TB
	mu sync.Mutex
	// attempts and outcomes in the order they came, per name of operation.
	attempts map[string][]time.Duration
	outcomes map[string][]error
	order    []string // names as Done got them
}

// run calls body with a sender in a bubble of its own time.
func run(t *testing.T, o Options, body func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, o)
		defer b.close()
		body(b)
	})
}

func newBench(t testing.TB, o Options) *bench {
	return &bench{Sender: New(o), t: t, attempts: map[string][]time.Duration{}, outcomes: map[string][]error{}}
}

// close drains, and checks that every operation got one answer and that the counters agree.
func (b *bench) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		b.t.Errorf("Close: %v", err)
	}
	for name, got := range b.outcomes {
		if len(got) != 1 {
			b.t.Errorf("%s: Done was called %d times", name, len(got))
		}
	}
	s := b.Stats()
	if sum := s.Sent + s.Refused + s.Uncertain + s.Exhausted + s.Superseded + s.Busy + s.Closed; sum != uint64(len(b.outcomes)) {
		b.t.Errorf("%d operations ended, the counters say %d: %+v", len(b.outcomes), sum, s)
	}
	if s.Queued != 0 || s.InFlight != 0 {
		b.t.Errorf("after Close: %+v", s)
	}
}

// submit hands over an operation whose attempts have the given results, the last of them
// for ever.
func (b *bench) submit(name string, op Op, results ...error) {
	op.Call = func(context.Context) (any, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		n := len(b.attempts[name])
		b.attempts[name] = append(b.attempts[name], b.now())
		if len(results) == 0 {
			return name, nil
		}
		return name, results[min(n, len(results)-1)]
	}
	op.Done = func(result any, err error) {
		if (err == nil) != (result == name) {
			b.t.Errorf("%s: result %v with error %v", name, result, err)
		}
		b.done(name)(result, err)
	}
	b.Submit(op)
}

// done returns a Done that keeps the outcome.
func (b *bench) done(name string) func(any, error) {
	return func(_ any, err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.outcomes[name] = append(b.outcomes[name], err)
		b.order = append(b.order, name)
	}
}

// outcome returns what Done got.
func (b *bench) outcome(name string) error {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.outcomes[name]) != 1 {
		b.t.Fatalf("%s has %d outcomes", name, len(b.outcomes[name]))
	}
	return b.outcomes[name][0]
}

// open reports whether an operation has no outcome yet.
func (b *bench) open(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.outcomes[name]) == 0
}

// times returns the moments of an operation's attempts.
func (b *bench) times(name string) []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.attempts[name])
}

// sequence returns the names of the operations in the order they ended.
func (b *bench) sequence() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.order)
}

// flat returns the moments of all attempts, in order.
func (b *bench) flat() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []time.Duration
	for moments := range maps.Values(b.attempts) {
		all = append(all, moments...)
	}
	slices.Sort(all)
	return all
}

func flood(seconds int) error {
	return fmt.Errorf("api: %w", &telegoapi.Error{ErrorCode: 429, Description: "Too Many Requests",
		Parameters: &telegoapi.ResponseParameters{RetryAfter: seconds}})
}

var (
	errBadRequest = &telegoapi.Error{ErrorCode: 400, Description: "Bad Request"}
	errGateway    = &CallError{Method: "sendMessage", Status: 502}
	errReset      = &CallError{Method: "sendMessage", Err: errors.New("connection reset")}
)

// within fails if any window holds more than n of the moments.
func within(t testing.TB, moments []time.Duration, window time.Duration, n int) {
	t.Helper()
	for i := range moments {
		if i >= n && moments[i]-moments[i-n] < window {
			t.Fatalf("more than %d in %v: %v to %v", n, window, moments[i-n], moments[i])
		}
	}
}

func TestLimitOfAChat(t *testing.T) {
	run(t, Options{ChatPerSecond: 1}, func(b *bench) {
		for i := range 20 {
			b.submit(fmt.Sprint(i), Op{Chat: 7})
		}
		time.Sleep(time.Minute)
		got := b.flat()
		if len(got) != 20 || got[4] != 0 {
			t.Fatalf("no burst of 5 at once: %v", got)
		}
		for i := 5; i < 20; i++ {
			want := time.Duration(i-4) * time.Second
			if got[i] < want || got[i] > want+time.Millisecond {
				t.Errorf("number %d at %v, not %v", i, got[i], want)
			}
		}
	})
}

func TestLimitOfAGroup(t *testing.T) {
	o := Limits()
	o.Deadline = time.Hour
	run(t, o, func(b *bench) {
		for i := range 60 {
			b.submit(fmt.Sprint(i), Op{Chat: -100})
		}
		time.Sleep(5 * time.Minute)
		got := b.flat()
		within(t, got, time.Minute, 20)
		if len(got) != 60 || got[59] > 4*time.Minute {
			t.Errorf("%d sent, the last after %v", len(got), got[len(got)-1])
		}
	})
}

func TestLimitOfTheBot(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		for i := range 900 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)})
		}
		time.Sleep(time.Minute)
		got := b.flat()
		within(t, got, time.Second, 33)
		if len(got) != 900 || got[899] > 30*time.Second {
			t.Errorf("%d sent, the last after %v", len(got), got[len(got)-1])
		}
	})
}

func TestNoLimits(t *testing.T) {
	run(t, Options{}, func(b *bench) {
		for i := range 500 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i % 20)})
		}
		synctest.Wait()
		if got := b.flat(); len(got) != 500 || got[499] != 0 {
			t.Errorf("%d sent at once", len(got))
		}
		if n := b.Stats().Chats; n != 0 {
			t.Errorf("%d chats stay in the table", n)
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		b.submit("flooded", Op{Chat: 1}, flood(17), nil)
		b.submit("behind", Op{Chat: 1})
		b.submit("other", Op{Chat: 2})
		time.Sleep(time.Minute)
		for _, name := range []string{"flooded", "behind", "other"} {
			if err := b.outcome(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		at := b.times("flooded")
		if len(at) != 2 || at[1] < 17*time.Second || at[1] > 17*time.Second+time.Millisecond {
			t.Errorf("attempts at %v", at)
		}
		if at := b.times("behind")[0]; at < 17*time.Second {
			t.Errorf("the next of the chat went at %v", at)
		}
		if at := b.times("other")[0]; at > 100*time.Millisecond {
			t.Errorf("another chat had to wait until %v", at)
		}
		if s := b.Stats(); s.Floods != 1 || s.GlobalPauses != 0 || s.Retries != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFloodOfSeveralChatsPausesAll(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		for i := range 3 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)}, flood(5), nil)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		b.submit("other", Op{Chat: 9})
		b.submit("answer", Op{Chat: 9, Kind: Answer})
		time.Sleep(20 * time.Second)
		for _, name := range []string{"other", "answer"} {
			if at := b.times(name)[0]; at < 5*time.Second || at > 5*time.Second+500*time.Millisecond {
				t.Errorf("%s went at %v", name, at)
			}
		}
		if s := b.Stats(); s.GlobalPauses != 1 || s.Floods != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFloodsFarApartPauseNobodyElse(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		for i := range 4 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)}, flood(30), nil)
			time.Sleep(2 * time.Second)
		}
		for i := range 5 { // one chat, again and again
			b.submit(fmt.Sprint("again", i), Op{Chat: 50}, flood(1), flood(1), nil)
		}
		b.submit("other", Op{Chat: 99})
		synctest.Wait()
		if b.open("other") {
			t.Error("another chat has to wait")
		}
	})
}

func TestAnswersGoAhead(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		for i := range 300 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)})
		}
		b.submit("paused", Op{Chat: 1000}, flood(40), nil)
		time.Sleep(time.Second)
		b.submit("answer", Op{Chat: 1, Kind: Answer})
		time.Sleep(100 * time.Millisecond)
		if b.open("answer") {
			t.Error("an answer waits behind messages")
		}
		if s := b.Stats(); s.Queued < 200 {
			t.Error("there was nothing to go ahead of")
		}
	})
}

func TestBulkYields(t *testing.T) {
	o := Limits()
	o.Deadline = 10 * time.Minute
	run(t, o, func(b *bench) {
		for i := range 400 {
			b.submit(fmt.Sprint("bulk", i), Op{Chat: int64(i + 1), Kind: Bulk})
		}
		time.Sleep(time.Second)
		b.submit("person", Op{Chat: 5000})
		b.submit("behind its own bulk", Op{Chat: 400})
		time.Sleep(200 * time.Millisecond)
		for _, name := range []string{"person", "bulk399", "behind its own bulk"} {
			if b.open(name) {
				t.Errorf("%s still waits", name)
			}
		}
		// Even a bot that is busy with people without end sends its notices.
		for i := range 3000 {
			b.submit(fmt.Sprint("more", i), Op{Chat: int64(10_000 + i)})
			time.Sleep(time.Second / 40)
		}
		if b.open("bulk398") || !b.open("more2999") {
			t.Error("bulk starves, or the bot was not busy")
		}
	})
}

func TestOrderOfAFailingChat(t *testing.T) {
	run(t, Options{}, func(b *bench) {
		b.submit("1", Op{Chat: 1}, errGateway, flood(2), errGateway, nil)
		b.submit("2", Op{Chat: 1}, errBadRequest)
		b.submit("3", Op{Chat: 1}, errReset)
		b.submit("4", Op{Chat: 1})
		time.Sleep(time.Minute)
		if got := b.sequence(); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("order %v", got)
		}
		if err := b.outcome("2"); err != error(errBadRequest) {
			t.Errorf("refused: %v", err)
		}
		if err := b.outcome("3"); !errors.Is(err, ErrUncertain) || !errors.Is(err, errReset) || len(b.times("3")) != 1 {
			t.Errorf("lost: %v after %d attempts", err, len(b.times("3")))
		}
	})
}

// To submit more does not move a chat back behind others.
func TestPlaceIsKept(t *testing.T) {
	run(t, Options{GlobalPerSecond: 1}, func(b *bench) {
		b.submit("first", Op{Chat: 1})
		synctest.Wait()
		for i, chat := range []int64{2, 3, 2, 3, 2} {
			b.submit(fmt.Sprint(i), Op{Chat: chat})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Second)
		if got := b.sequence(); !slices.Equal(got, []string{"first", "0", "1", "2", "3", "4"}) {
			t.Errorf("order %v", got)
		}
	})
}

// One slow call does not hold up the others that fall due with it.
func TestWhatFallsDueTogetherGoesTogether(t *testing.T) {
	run(t, Options{ChatPerSecond: 0.2, ChatBurst: 1}, func(b *bench) {
		var mu sync.Mutex
		calls := 0
		for i := range 10 {
			b.submit(fmt.Sprint("first", i), Op{Chat: int64(i)})
			b.Submit(Op{Chat: int64(i), Call: func(context.Context) (any, error) {
				mu.Lock()
				calls++
				mu.Unlock()
				time.Sleep(10 * time.Second)
				return nil, nil
			}, Done: b.done(fmt.Sprint("second", i))})
		}
		time.Sleep(6 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if calls != 10 {
			t.Errorf("%d of 10 calls were made", calls)
		}
	})
}

func TestLostCallsAreRepeatedWhereThatIsHarmless(t *testing.T) {
	run(t, Options{}, func(b *bench) {
		b.submit("edit", Op{Chat: 1, Kind: Edit, Edit: 5}, errReset, nil)
		b.submit("answer", Op{Chat: 1, Kind: Answer}, errReset, nil)
		b.submit("idempotent", Op{Chat: 2, Idempotent: true}, errReset, nil)
		b.submit("bulk", Op{Chat: 3, Kind: Bulk}, errReset, nil)
		time.Sleep(time.Minute)
		for _, name := range []string{"edit", "answer", "idempotent"} {
			if err := b.outcome(name); err != nil || len(b.times(name)) != 2 {
				t.Errorf("%s: %v after %d attempts", name, err, len(b.times(name)))
			}
		}
		if err := b.outcome("bulk"); !errors.Is(err, ErrUncertain) {
			t.Errorf("bulk: %v", err)
		}
	})
}

func TestBackoffDoublesAndEnds(t *testing.T) {
	run(t, Options{Backoff: time.Second, MaxAttempts: 5}, func(b *bench) {
		b.submit("op", Op{Chat: 1}, errGateway)
		time.Sleep(time.Minute)
		if err := b.outcome("op"); !errors.Is(err, ErrAttempts) || !errors.Is(err, errGateway) {
			t.Errorf("%v", err)
		}
		at := b.times("op")
		if len(at) != 5 {
			t.Fatalf("%d attempts", len(at))
		}
		for i := 1; i < len(at); i++ {
			most := time.Second << (i - 1)
			if d := at[i] - at[i-1]; d < most/2 || d > most+time.Millisecond {
				t.Errorf("pause %d is %v", i, d)
			}
		}
	})
}

func TestDeadline(t *testing.T) {
	run(t, Options{Deadline: 10 * time.Second}, func(b *bench) {
		b.submit("long pause", Op{Chat: 1}, flood(60))
		synctest.Wait()
		// To wait for it would be in vain, so it ends at once: an outbox can take over.
		if err := b.outcome("long pause"); !errors.Is(err, ErrDeadline) {
			t.Errorf("%v", err)
		}
		if api, ok := errors.AsType[*telegoapi.Error](b.outcome("long pause")); !ok || api.Parameters.RetryAfter != 60 {
			t.Error("the reason is lost")
		}
		b.submit("behind", Op{Chat: 1})
		time.Sleep(10*time.Second - time.Millisecond)
		if !b.open("behind") {
			t.Error("ended early")
		}
		time.Sleep(2 * time.Millisecond)
		if err := b.outcome("behind"); !errors.Is(err, ErrDeadline) || len(b.times("behind")) != 0 {
			t.Errorf("%v", err)
		}
	})
}

func TestDeadlineUnderAGlobalPause(t *testing.T) {
	run(t, Options{Deadline: 10 * time.Second, GlobalPerSecond: 30}, func(b *bench) {
		for i := range 3 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)}, flood(60))
		}
		synctest.Wait()
		for i := 3; i < 50; i++ {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)})
		}
		time.Sleep(10*time.Second + time.Millisecond)
		for i := 3; i < 50; i++ {
			if err := b.outcome(fmt.Sprint(i)); !errors.Is(err, ErrDeadline) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestSuperseded(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		b.submit("first", Op{Chat: 1, Kind: Edit, Edit: 5}, flood(3), nil)
		synctest.Wait()
		b.submit("message", Op{Chat: 1})
		b.submit("other part", Op{Chat: 1, Kind: Edit, Edit: 5, Part: 1})
		b.submit("other chat", Op{Chat: 2, Kind: Edit, Edit: 5})
		b.submit("second", Op{Chat: 1, Kind: Edit, Edit: 5})
		if err := b.outcome("first"); err != ErrSuperseded {
			t.Errorf("first, waiting for another attempt: %v", err)
		}
		b.submit("third", Op{Chat: 1, Kind: Edit, Edit: 5})
		if err := b.outcome("second"); err != ErrSuperseded {
			t.Errorf("second: %v", err)
		}
		time.Sleep(time.Minute)
		want := []string{"first", "second", "other chat", "message", "other part", "third"}
		got := b.sequence()
		slices.Sort(got[:3])
		slices.Sort(want[:3])
		if !slices.Equal(got, want) {
			t.Errorf("order %v", got)
		}
	})
}

// An edit in flight is not called back, but is not tried again either.
func TestSupersededInFlight(t *testing.T) {
	run(t, Options{}, func(b *bench) {
		calls := 0
		b.Submit(Op{Chat: 1, Edit: 5, Call: func(context.Context) (any, error) {
			calls++
			time.Sleep(time.Second)
			return nil, errReset
		}, Done: b.done("first")})
		synctest.Wait()
		b.submit("second", Op{Chat: 1, Edit: 5})
		time.Sleep(time.Minute)
		synctest.Wait()
		if b.outcome("first") != ErrSuperseded || calls != 1 || b.outcome("second") != nil {
			t.Errorf("first: %v after %d calls", b.outcome("first"), calls)
		}
	})
}

func TestBusy(t *testing.T) {
	run(t, Options{GlobalPerSecond: 1, MaxQueued: 8, MaxQueuedPerChat: 3}, func(b *bench) {
		b.submit("goes at once", Op{Chat: 9})
		synctest.Wait()
		for i := range 4 {
			b.submit(fmt.Sprint("one", i), Op{Chat: 1, Edit: int64(i + 1)})
		}
		if err := b.outcome("one3"); err != ErrBusy {
			t.Errorf("the chat's queue has no bound: %v", err)
		}
		b.submit("newer edit", Op{Chat: 1, Edit: 1}) // takes the place of the older one
		for i := range 5 {
			b.submit(fmt.Sprint("many", i), Op{Chat: int64(10 + i)})
		}
		b.submit("too many", Op{Chat: 20})
		b.submit("too many answers", Op{Chat: 20, Kind: Answer})
		for _, name := range []string{"too many", "too many answers"} {
			if err := b.outcome(name); err != ErrBusy {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s := b.Stats(); s.Queued != 8 || s.Busy != 3 || s.Chats > 7 {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Minute)
		if err := b.outcome("newer edit"); err != nil {
			t.Error(err)
		}
	})
}

func TestIdleChatsLeave(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		for i := range 30 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i + 1)})
		}
		b.submit("group", Op{Chat: -1})
		time.Sleep(1500 * time.Millisecond)
		if n := b.Stats().Chats; n == 0 {
			t.Error("the allowance that was used up is forgotten at once")
		}
		time.Sleep(10 * time.Second)
		if n := b.Stats().Chats; n != 0 {
			t.Errorf("%d chats stay in the table", n)
		}
	})
}

func TestTableOfChatsIsBounded(t *testing.T) {
	run(t, Options{ChatPerSecond: 0.001, MaxQueued: 50, MaxChats: 100}, func(b *bench) {
		for i := range 1000 {
			b.submit(fmt.Sprint(i), Op{Chat: int64(i)})
			synctest.Wait()
			if n := b.Stats().Chats; n > 100 {
				t.Fatalf("%d chats", n)
			}
		}
		if s := b.Stats(); s.Sent != 1000 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCloseDrains(t *testing.T) {
	run(t, Limits(), func(b *bench) {
		for i := range 10 {
			b.submit(fmt.Sprint(i), Op{Chat: 1}, flood(1), nil)
		}
		go func() {
			time.Sleep(time.Second)
			b.submit("late", Op{Chat: 2})
		}()
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
		for i := range 10 {
			if err := b.outcome(fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		}
		if err := b.outcome("late"); err != ErrClosed {
			t.Errorf("late: %v", err)
		}
	})
}

func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Limits())
		hang := func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() }
		b.Submit(Op{Chat: 1, Call: hang, Done: b.done("message")})
		synctest.Wait()
		b.Submit(Op{Chat: 2, Kind: Edit, Call: hang, Done: b.done("edit")})
		synctest.Wait()
		b.submit("behind", Op{Chat: 1})
		b.submit("paused", Op{Chat: 3}, flood(50))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, ErrClosed) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close: %v", err)
		}
		for name, want := range map[string]error{"message": ErrUncertain, "edit": ErrClosed, "behind": ErrClosed, "paused": ErrClosed} {
			if err := b.outcome(name); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		b.close() // a second time does no harm
	})
}

func TestAttemptTimeout(t *testing.T) {
	run(t, Options{AttemptTimeout: time.Second}, func(b *bench) {
		b.Submit(Op{Chat: 1, Call: func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, ctx.Err() },
			Done: b.done("op")})
		time.Sleep(1100 * time.Millisecond)
		if got := b.outcome("op"); !errors.Is(got, ErrUncertain) || !errors.Is(got, context.DeadlineExceeded) {
			t.Errorf("%v", got)
		}
	})
}

func TestPanicIsAnError(t *testing.T) {
	run(t, Options{Workers: 1}, func(b *bench) {
		b.Submit(Op{Chat: 1, Call: func(context.Context) (any, error) { panic("oh") }, Done: b.done("op")})
		b.submit("next", Op{Chat: 1})
		synctest.Wait()
		if got := b.outcome("op"); !errors.Is(got, ErrPanic) || b.outcome("next") != nil {
			t.Errorf("%v", got)
		}
	})
}

// Whatever is submitted, and however the calls fail: every operation gets one outcome, a
// chat has at most one call in flight and its operations are attempted in order.
func TestOrderProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			o := Options{
				Workers:          rapid.IntRange(1, 8).Draw(rt, "workers"),
				GlobalPerSecond:  rapid.SampledFrom([]float64{0, 5, 100}).Draw(rt, "global"),
				ChatPerSecond:    rapid.SampledFrom([]float64{0, 1, 10}).Draw(rt, "chat"),
				GroupPerMinute:   rapid.SampledFrom([]int{0, 4, 40}).Draw(rt, "group"),
				MaxQueued:        rapid.IntRange(5, 100).Draw(rt, "queued"),
				MaxQueuedPerChat: rapid.IntRange(2, 20).Draw(rt, "per chat"),
				Deadline:         rapid.SampledFrom([]time.Duration{5 * time.Second, time.Hour}).Draw(rt, "deadline"),
			}
			b := newBench(t, o)
			var mu sync.Mutex
			flying := map[int64]bool{}
			reached := map[int64]int{} // the latest operation of a chat that was attempted
			for i := range rapid.IntRange(1, 80).Draw(rt, "operations") {
				op := Op{
					Chat: rapid.Int64Range(-3, 3).Draw(rt, "id"),
					Kind: rapid.SampledFrom([]Kind{Message, Edit, Answer, Bulk}).Draw(rt, "kind"),
				}
				if op.Kind == Edit {
					op.Edit = rapid.Int64Range(1, 2).Draw(rt, "edit")
				}
				errs := rapid.SliceOfN(rapid.SampledFrom([]error{nil, nil, errBadRequest, errGateway, errReset, flood(1), flood(9)}), 1, 4).Draw(rt, "errors")
				wait := rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, time.Second}).Draw(rt, "takes")
				attempt := 0
				name := fmt.Sprint(i)
				op.Call = func(context.Context) (any, error) {
					if op.Kind != Answer {
						mu.Lock()
						if flying[op.Chat] {
							t.Errorf("chat %d: two calls in flight", op.Chat)
						}
						if i < reached[op.Chat] {
							t.Errorf("chat %d: %d attempted after %d", op.Chat, i, reached[op.Chat])
						}
						flying[op.Chat], reached[op.Chat] = true, i
						mu.Unlock()
						defer func() { mu.Lock(); flying[op.Chat] = false; mu.Unlock() }()
					}
					time.Sleep(wait)
					attempt++
					return nil, errs[min(attempt, len(errs))-1]
				}
				op.Done = func(_ any, err error) {
					mu.Lock()
					defer mu.Unlock()
					b.outcomes[name] = append(b.outcomes[name], err)
					if errors.Is(err, ErrSuperseded) && op.Edit == 0 {
						t.Errorf("%d is no edit, but superseded", i)
					}
				}
				b.Submit(op)
				if rapid.IntRange(0, 9).Draw(rt, "pause") == 0 {
					time.Sleep(700 * time.Millisecond)
				}
			}
			n := b.Stats()
			if n.Queued > n.MaxQueued+n.Workers || n.InFlight > n.Workers {
				t.Errorf("a bound is broken: %+v", n)
			}
			b.close()
		})
	})
}
