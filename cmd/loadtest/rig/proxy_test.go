package rig

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/pgtest"
)

// TestProxy: through it the database is as it is, only slower.
func TestProxy(t *testing.T) {
	const delay = 30 * time.Millisecond
	_, url := openProxy(t, delay)
	conn := connect(t, url)
	began := time.Now()
	const round = 3
	for range round {
		answers(t, conn)
	}
	if d := time.Since(began); d < round*delay {
		t.Errorf("%d requests took %v, each was to take %v longer", round, d, delay)
	}
}

// TestSilence: connections that have gone silent look open and answer nothing; new ones are as ever,
// and to close the proxy cuts them all.
func TestSilence(t *testing.T) {
	p, url := openProxy(t, 0)
	one, two := connect(t, url), connect(t, url)
	answers(t, one)
	answers(t, two)
	if n := p.silence(); n != 2 {
		t.Errorf("%d connections went silent", n)
	}
	if n := p.silence(); n != 0 {
		t.Errorf("%d connections went silent again", n)
	}
	for _, conn := range []*pgx.Conn{one, two} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := conn.Exec(ctx, "SELECT 1")
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a silent connection says %v", err)
		}
	}
	answers(t, connect(t, url))
}

// TestProxyWithoutDatabase: who connects where there is none sees that it is cut.
func TestProxyWithoutDatabase(t *testing.T) {
	p, url, err := newProxy("postgres://nobody@/none?host="+t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		t.Errorf("it is connected to %v", conn.Config().Host)
	}
	if err := p.close(); err != nil {
		t.Error(err)
	}
	if _, _, err := newProxy("nonsense://", 0); err == nil {
		t.Error("nonsense is taken for a database")
	}
}

func openProxy(t *testing.T, delay time.Duration) (*proxy, string) {
	t.Helper()
	p, url, err := newProxy(pgtest.URL(t), delay)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p, url
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx) // it may have gone silent
	})
	return conn
}

func answers(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT 41 + 1").Scan(&n); err != nil || n != 42 {
		t.Errorf("%d, %v", n, err)
	}
}
