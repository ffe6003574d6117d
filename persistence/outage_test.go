package persistence_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/actors"
	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// PostgreSQL crashes twice under load and comes back. Whatever was acknowledged is there, once;
// whatever was refused as unavailable is not.
func TestKilledServerLosesNoAcknowledgedWrite(t *testing.T) {
	server := pgtest.Server(t)
	w := startWriter(t, openStore(t, server.URL()), persistence.WriterOptions{})
	stop := make(chan struct{})
	var mu sync.Mutex
	saved, refused, doubtful := map[int64]int64{}, map[int64]bool{}, map[int64]bool{}
	var drafts, acknowledged atomic.Int64
	var senders sync.WaitGroup
	for range 32 {
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				draft := drafts.Add(1)
				a, err := w.CreateUserEvent(context.Background(), key(draft),
					model.CreateUserEvent{By: person(1), Draft: draft, Details: details()})
				mu.Lock()
				switch {
				case err == nil:
					saved[draft] = a.Event
					acknowledged.Add(1)
				case errors.Is(err, model.ErrUnknown):
					doubtful[draft] = true
				case errors.Is(err, model.ErrUnavailable):
					refused[draft] = true
				default:
					t.Errorf("draft %d: %v", draft, err)
				}
				mu.Unlock()
				if err != nil {
					time.Sleep(10 * time.Millisecond) // a person takes longer to try again
				}
			}
		})
	}
	for range 2 {
		waitFor(t, more(&acknowledged, 500))
		server.Kill()
		before := acknowledged.Load()
		server.Restart()
		restarted := time.Now()
		waitFor(t, func() bool { return acknowledged.Load() > before })
		if took := time.Since(restarted); took > 2*time.Second {
			t.Errorf("the writer took %v to come back", took)
		}
	}
	waitFor(t, more(&acknowledged, 100))
	close(stop)
	senders.Wait()
	t.Logf("%d saved, %d refused, %d in doubt; %+v", len(saved), len(refused), len(doubtful), w.Stats())
	if len(refused) == 0 {
		t.Error("nothing was refused: the server was not away under load")
	}
	for draft := range doubtful { // the key tells
		saved[draft] = do(t, w, draft, model.CreateUserEvent{By: person(1), Draft: draft, Details: details()}).Event
	}
	stored := eventsOfDrafts(t, server.URL())
	for draft, event := range saved {
		if ids := stored[draft]; len(ids) != 1 || ids[0] != event {
			t.Errorf("draft %d was acknowledged as event %d and is %v", draft, event, ids)
		}
	}
	for draft := range refused {
		if ids := stored[draft]; len(ids) != 0 {
			t.Errorf("draft %d was refused and is %v", draft, ids)
		}
	}
}

func eventsOfDrafts(t *testing.T, url string) map[int64][]int64 {
	t.Helper()
	events := map[int64][]int64{}
	connect(t, url, func(conn *pgx.Conn) error {
		rows, err := conn.Query(t.Context(), "SELECT draft, id FROM events")
		if err != nil {
			return err
		}
		var draft, id int64
		_, err = pgx.ForEachRow(rows, []any{&draft, &id}, func() error {
			events[draft] = append(events[draft], id)
			return nil
		})
		return err
	})
	return events
}

func more(n *atomic.Int64, by int64) func() bool {
	from := n.Load()
	return func() bool { return n.Load() >= from+by }
}

func TestCommitWhoseAnswerIsLost(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   fault
		want    error
		changed int // events made
	}{
		{"carried out, answer lost", loseAnswer, nil, 1},
		{"never arrived", loseCommit, model.ErrUnavailable, 0},
		{"arrives when nobody waits any more", delayCommit, model.ErrUnavailable, 0},
		{"carried out, then nobody to ask", loseAnswerAndAll, model.ErrUnknown, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := pgtest.URL(t)
			p := startProxy(t, url)
			w := startWriter(t, openStore(t, p.url), persistence.WriterOptions{Timeout: 500 * time.Millisecond})
			create(t, w, 1, 1, 1)
			confirm := model.CreateUserEvent{By: person(1), Draft: 2, Details: details()}
			p.inject(c.fault)
			begun := time.Now()
			a, err := w.Do(t.Context(), key(2), confirm)
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if !errors.Is(err, c.want) || (err == nil) != (a.Event != 0) || a.Replayed {
				t.Errorf("%+v, %v; want %v", a, err, c.want)
			}
			p.heal()
			if n := number(t, url, "SELECT count(*) FROM events WHERE draft = 2"); n != c.changed {
				t.Errorf("%d events, want %d", n, c.changed)
			}
			again := do(t, w, 2, confirm)
			if again.Replayed != (c.changed == 1) {
				t.Errorf("again: %+v", again)
			}
			if n := w.Stats().Resolved; n != 1 {
				t.Errorf("%d commits were looked into, want 1", n)
			}
		})
	}
}

// A server that hangs, and one that is away, are told apart from one that refuses: within two
// seconds, also to those who waited in the queue behind.
func TestSilentServer(t *testing.T) {
	url := pgtest.URL(t)
	p := startProxy(t, url)
	w := startWriter(t, openStore(t, p.url), persistence.WriterOptions{Batch: 1})
	create(t, w, 1, 1, 1)
	p.inject(silence)
	var keys []model.Key
	var commands []model.Command
	for i := range int64(20) {
		keys = append(keys, key(10+i))
		commands = append(commands, model.CreateUserEvent{By: person(1), Draft: 10 + i, Details: details()})
	}
	begun := time.Now()
	for _, o := range submitAll(w, keys, commands) {
		if !errors.Is(o.err, model.ErrUnavailable) {
			t.Errorf("got %+v", o)
		}
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	p.heal()
	if n := number(t, url, "SELECT count(*) FROM events"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	create(t, w, 50, 1, 50)
}

// Whoever waits for a server that has gone silent is told, though they set no time of their own, and
// goes on over new connections.
func TestNobodyWaitsForASilentServer(t *testing.T) {
	p := startProxy(t, pgtest.URL(t))
	s := openStore(t, p.url)
	inbox := s.Inbox(1, 0)
	letters := []persistence.Letter{{Update: 1, Payload: []byte("{}"), Attempts: 1}}
	if _, err := inbox.Put(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	p.inject(silence)
	waits := map[string]func() error{
		"statement": func() error { _, err := inbox.Put(t.Context(), letters); return err },
		"batch": func() error {
			return s.Snapshots(1).Save(t.Context(), []actors.Snapshot{{User: 1, Epoch: 1, Data: []byte("x")}})
		},
	}
	for name, wait := range waits {
		if err := wait(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.heal()
	for name, wait := range waits {
		if err := wait(); err != nil {
			t.Errorf("%s, over a new connection: %v", name, err)
		}
	}
}

// When one connection is found to have gone silent, snapshots are not kept waiting by each of the others:
// the next try is stored, on a new one.
func TestSnapshotsAfterSilence(t *testing.T) {
	p := startProxy(t, pgtest.URL(t))
	store := openStore(t, p.url).Snapshots(1)
	save := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		return store.Save(ctx, []actors.Snapshot{{User: 1, Epoch: 1, Data: []byte("x")}})
	}
	var saves sync.WaitGroup
	for range 8 { // so that several connections are open
		saves.Go(func() {
			if err := save(10 * time.Second); err != nil {
				t.Error(err)
			}
		})
	}
	saves.Wait()
	if p.opened.Load() < 3 {
		t.Fatalf("only %d connections", p.opened.Load())
	}
	p.silenceOpen()
	if err := save(200 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("on a silent connection: %v", err)
	}
	if err := save(10 * time.Second); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	p.heal() // or the store would wait for what is silent to close
}

func TestStopGivesUpAtItsDeadline(t *testing.T) {
	p := startProxy(t, pgtest.URL(t))
	w := startWriter(t, openStore(t, p.url), persistence.WriterOptions{Timeout: time.Minute})
	p.inject(silence)
	answers := make(chan error, 2)
	for i := range int64(2) {
		w.Submit(key(i), model.JoinEvent{By: person(1), Event: 1}, func(_ model.Answer, err error) { answers <- err })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	p.heal()
	for range 2 {
		if err := <-answers; !errors.Is(err, model.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
}

// fault is what a proxy does to the connections through it.
type fault int32

const (
	none             fault = iota
	loseAnswer             // forwards the next COMMIT and cuts the connection
	loseCommit             // cuts the connection in place of the next COMMIT
	delayCommit            // keeps the next COMMIT until the proxy is healed
	loseAnswerAndAll       // as loseAnswer, and from then on takes no connections
	silence                // forwards nothing
	away                   // takes no connections
)

// proxy stands between the store and its server.
type proxy struct {
	url    string
	server string // socket
	fault  atomic.Int32
	opened atomic.Int64  // connections so far
	silent atomic.Int64  // so many of the first of them forward nothing
	healed chan struct{} // closed by heal
	once   sync.Once
	conns  sync.WaitGroup
}

func startProxy(t *testing.T, server string) *proxy {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	dir, err := os.MkdirTemp("", "okolo-proxy-") // short, as a socket's path has to be
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	p := &proxy{server: filepath.Join(query.Get("host"), socket), healed: make(chan struct{})}
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	p.url = u.String()
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	p.conns.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.conns.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.heal()
		p.conns.Wait()
		_ = os.RemoveAll(dir)
	})
	return p
}

func (p *proxy) inject(f fault) { p.fault.Store(int32(f)) }

// silenceOpen silences the connections that there are, as a failover does; new ones are as ever.
func (p *proxy) silenceOpen() { p.silent.Store(p.opened.Load()) }

func (p *proxy) heal() {
	p.inject(none)
	p.once.Do(func() { close(p.healed) })
}

// serve forwards one connection both ways until either side closes it.
func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	number := p.opened.Add(1)
	if fault(p.fault.Load()) == away {
		return
	}
	server, err := net.Dial("unix", p.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var muted atomic.Bool // the server's next answer is lost, and the connection with it
	p.conns.Go(func() {
		pump(client, server, func([]byte) bool { return !muted.Load() })
		_ = client.Close()
		_ = server.Close()
	})
	pump(server, client, func(message []byte) bool {
		if number <= p.silent.Load() {
			<-p.healed
			return false
		}
		return p.passes(message, server, &muted)
	})
}

// commitStatement is the name under which pgx has COMMIT prepared.
var commitStatement = func() string {
	digest := sha256.Sum256([]byte("COMMIT"))
	return "stmtcache_" + hex.EncodeToString(digest[:24])
}()

// passes applies the fault to what a client sends; false cuts the connection.
func (p *proxy) passes(message []byte, server net.Conn, muted *atomic.Bool) bool {
	f := fault(p.fault.Load())
	if f == silence {
		<-p.healed
		return false
	}
	if f == none || !bytes.Contains(message, []byte(commitStatement)) || bytes.Contains(message, []byte("COMMIT\x00")) {
		return true // anything else, or COMMIT while it is only being prepared
	}
	switch f {
	case loseAnswer, loseAnswerAndAll:
		p.inject(map[fault]fault{loseAnswer: none, loseAnswerAndAll: away}[f])
		muted.Store(true)
		return true
	case delayCommit:
		p.inject(none)
		<-p.healed
		_, _ = server.Write(message)
	case loseCommit:
		p.inject(none)
	}
	return false
}

// pump copies from one connection to the other what passes.
func pump(to, from net.Conn, passes func([]byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || !passes(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
