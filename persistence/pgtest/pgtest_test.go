package pgtest_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestDatabasesAreMigratedAndApart(t *testing.T) {
	first, second := pgtest.URL(t), pgtest.URL(t)
	insert(t, first)
	if n := count(t, first); n != 1 {
		t.Errorf("the first database has %d rows, want 1", n)
	}
	if n := count(t, second); n != 0 {
		t.Errorf("the second database has %d rows, want 0", n)
	}
	current, needed, err := persistence.Version(t.Context(), second)
	if err != nil || current != needed || current == 0 {
		t.Errorf("version %d, needed %d, %v", current, needed, err)
	}
}

func TestPrivateServerOutlivesKill(t *testing.T) {
	server := pgtest.Server(t)
	insert(t, server.URL())
	server.Kill()
	server.Restart()
	if n := count(t, server.URL()); n != 1 {
		t.Errorf("the database has %d rows, want 1", n)
	}
}

func insert(t *testing.T, url string) {
	t.Helper()
	with(t, url, func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), "INSERT INTO owners VALUES (1, 1)")
		return err
	})
}

func count(t *testing.T, url string) (n int) {
	t.Helper()
	with(t, url, func(conn *pgx.Conn) error {
		return conn.QueryRow(t.Context(), "SELECT count(*) FROM owners").Scan(&n)
	})
	return n
}

func with(t *testing.T, url string, do func(*pgx.Conn) error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := do(conn); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkURL(b *testing.B) {
	for b.Loop() {
		pgtest.URL(b)
	}
}
