// Package embedded runs a private PostgreSQL server for one process: for the demo, for
// tests, and for the load harness.
//
// It knows PostgreSQL's programs, its files and its signals. It knows nothing of okolo's
// tables, and whoever uses the server sees no more of it than a connection string.
//
// The server listens on a Unix socket in a folder that only its own account can enter,
// not on a port: there is no port to find free, no password to make up and to keep, and
// nobody else on the machine can connect. The price is that the socket's path has to be
// short (see [socketFolder]).
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// Database is the name of the database, and of its superuser.
	Database = "okolo"

	startTimeout = time.Minute      // recovery after a crash included
	stopTimeout  = 15 * time.Second // of a fast shutdown, unless the caller's context is shorter
	killTimeout  = 10 * time.Second // of an immediate one, which forces its children after 5 s
	pollEvery    = 10 * time.Millisecond
)

// Options say how a server is started. The zero value is a server in a temporary folder.
type Options struct {
	// Dir is the folder that holds the data; it is made where it does not exist. Empty:
	// a temporary folder, removed by Stop.
	Dir string
	// Settings are server settings beside the defaults, such as "max_connections".
	// Writes are durable (fsync, synchronous_commit) unless a setting here says otherwise.
	Settings map[string]string
	// Logger hears of starts, recoveries and stops; nil: nobody does.
	Logger *slog.Logger
}

// Server is a running PostgreSQL server that belongs to this process.
type Server struct {
	folder *folder
	log    *slog.Logger
	url    string

	exited  <-chan struct{} // closed when the server has ended
	mu      sync.Mutex
	process *process // nil once stopped
}

// Start starts a server and returns when it takes connections. A server that an earlier
// process left running on the same folder is stopped first; a folder that a living process
// owns is an error.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	programs, err := findPrograms(ctx, account, o.Logger)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	folder, err := openFolder(o.Dir, account)
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, log: o.Logger, url: connectionURL(folder.socket, Database)}
	if err := s.start(ctx, programs, o.Settings); err != nil {
		return nil, errors.Join(err, folder.release())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, p programs, settings map[string]string) error {
	begun := time.Now()
	if err := stopOrphan(ctx, s.folder.data(), s.log); err != nil {
		return err
	}
	if err := makeCluster(ctx, p, s.folder, s.log); err != nil {
		return err
	}
	process, err := p.start(s.folder, "postgres", serverArgs(s.folder, settings)...)
	if err != nil {
		return err
	}
	if err := s.waitReady(ctx, process); err != nil {
		process.kill()
		if errors.Is(ctx.Err(), context.Canceled) { // the log would explain nothing
			return fmt.Errorf("start PostgreSQL in %s: %w", s.folder.path, ctx.Err())
		}
		return fmt.Errorf("start PostgreSQL in %s: %w%s", s.folder.path, err, s.folder.logTail())
	}
	s.process, s.exited = process, process.exited
	s.log.Info("PostgreSQL started", "programs", p.dir, "folder", s.folder.path,
		"took_ms", time.Since(begun).Milliseconds())
	return nil
}

// URL returns a connection string to the database "okolo". It stays the same over a restart
// on the same folder.
func (s *Server) URL() string { return s.url }

// Dir returns the folder that holds the server's data.
func (s *Server) Dir() string { return s.folder.path }

// Wait returns an error when the server has ended though nobody stopped it, and nil when it
// was stopped or ctx ends before.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-s.exited:
	case <-ctx.Done():
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	return fmt.Errorf("PostgreSQL in %s ended by itself, its next start will recover%s", s.folder.path, s.folder.logTail())
}

// Stop disconnects the clients and shuts the server down in order; past the deadline of ctx
// (at most 15 s) at once, which costs the next start a recovery and no data. It returns when
// the server has gone. To stop a stopped server does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.process != nil {
		ctx, cancel := context.WithTimeout(ctx, stopTimeout)
		defer cancel()
		err = s.process.stop(ctx)
		s.process = nil
		s.log.Info("PostgreSQL stopped", "folder", s.folder.path)
	}
	return errors.Join(err, s.folder.release())
}

// Kill stops the server at once, without a checkpoint, as a crash of it would. The folder
// stays, a temporary one until Stop, and Start can be called on it again.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	s.process.kill()
	s.process = nil
	return s.folder.unlock()
}

// waitReady returns when the server takes connections and the database exists.
func (s *Server) waitReady(ctx context.Context, p *process) error {
	for {
		err := ensureDatabase(ctx, s.folder.socket)
		if err == nil {
			return nil
		}
		if !startingUp(err) {
			return err
		}
		select {
		case <-p.exited:
			return errors.New("the server ended at once")
		case <-ctx.Done():
			return fmt.Errorf("the server takes no connections: %w", ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// startingUp reports whether err says that the server does not listen yet, or listens but
// is still recovering (57P03, cannot_connect_now).
func startingUp(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code == "57P03"
	}
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED)
}

func ensureDatabase(ctx context.Context, socket string) error {
	conn, err := pgx.Connect(ctx, connectionURL(socket, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is lost with it
	var exists bool
	const query = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := conn.QueryRow(ctx, query, Database).Scan(&exists); err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+Database); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

func serverArgs(f *folder, settings map[string]string) []string {
	args := []string{"-D", f.data()}
	defaults := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": f.socket,
		"unix_socket_permissions": "0700",
		"fsync":                   "on",
		"synchronous_commit":      "on",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"log_min_messages":        "warning",
		"log_checkpoints":         "off",
		"cluster_name":            Database,
	}
	for _, m := range []map[string]string{defaults, settings} { // of two values the later counts
		for name, value := range m {
			args = append(args, "-c", name+"="+value)
		}
	}
	return args
}

func connectionURL(socket, database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	u.RawQuery = url.Values{"host": {socket}, "user": {Database}}.Encode()
	return u.String()
}
