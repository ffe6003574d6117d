package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// helperDir, in the environment, makes this test program start a server there, print its
// URL and its process number, and wait.
const helperDir = "OKOLO_TEST_SERVER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		runHelper(dir)
	}
	goleak.VerifyTestMain(m)
}

func runHelper(dir string) {
	s, err := Start(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println(s.URL(), s.process.cmd.Process.Pid)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := s.Stop(context.Background()); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func TestTemporaryServer(t *testing.T) {
	s := start(t, Options{})
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""} {
		if got := query(t, s.URL(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	stop(t, s)
	if _, err := os.Stat(s.Dir()); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
	stop(t, s) // again: nothing happens
}

func TestDataOutlivesRestartAndKill(t *testing.T) {
	dir := dataDir(t)
	first := start(t, Options{Dir: dir})
	query(t, first.URL(), "CREATE TABLE kept AS SELECT 1 AS n")
	stop(t, first)

	second := start(t, Options{Dir: dir})
	if second.URL() != first.URL() {
		t.Errorf("the URL changed from %s to %s", first.URL(), second.URL())
	}
	query(t, second.URL(), "INSERT INTO kept VALUES (2)")
	if err := second.Kill(); err != nil {
		t.Fatal(err)
	}
	stop(t, second)

	third := start(t, Options{Dir: dir})
	if got := query(t, third.URL(), "SELECT sum(n)::text FROM kept"); got != "3" {
		t.Errorf("the rows sum up to %s, want 3", got)
	}
}

// Characters that mean something in a setting, a URL or a shell.
func TestFolderOfAnyName(t *testing.T) {
	dir := filepath.Join(dataDir(t), `a, "b" + 'c' %20 ж`)
	s := start(t, Options{Dir: dir})
	t.Cleanup(func() { _ = os.RemoveAll(s.folder.socket) })
	if got := query(t, s.URL(), "SHOW data_directory"); got != filepath.Join(dir, "data") {
		t.Errorf("the data is in %s", got)
	}
	if strings.ContainsAny(s.URL(), " +,") {
		t.Errorf("%s cannot be copied everywhere", s.URL())
	}
}

func TestWait(t *testing.T) {
	s := start(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx); err != nil {
		t.Errorf("while it runs: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Wait(t.Context()) }()
	if err := s.process.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), s.Dir()+" ended by itself") {
		t.Errorf("killed: %v", err)
	}
	stop(t, s)
	if err := s.Wait(t.Context()); err != nil {
		t.Errorf("stopped: %v", err)
	}
}

// An end of the context while it starts is no failure of PostgreSQL: there is no log to show.
func TestStartIsCancelled(t *testing.T) {
	for name, reached := range map[string]func(dir string) bool{
		"initdb": func(dir string) bool { _, err := os.Stat(filepath.Join(dir, "data.new")); return err == nil },
		"server": func(dir string) bool {
			log, err := os.ReadFile(filepath.Join(dir, "log"))
			return err == nil && strings.Contains(string(log), "starting PostgreSQL")
		},
	} {
		dir := dataDir(t)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			s, err := Start(ctx, Options{Dir: dir})
			if err == nil { // it was faster
				cancel()
				failed <- errors.Join(ctx.Err(), s.Stop(context.Background()))
				return
			}
			failed <- err
		}()
		waitUntil(t, func() bool { return reached(dir) })
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "its log") {
			t.Errorf("%s: %v", name, err)
		}
		start(t, Options{Dir: dir})
	}
}

// A file system that nobody can write, not even root.
func TestCacheThatCannotBeWritten(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/proc/none")
	dir, err := DefaultDir()
	if err != nil || strings.HasPrefix(dir, "/proc") {
		t.Fatal(dir, err)
	}
	if !writable(filepath.Dir(dir)) {
		t.Errorf("%s cannot be written either", dir)
	}
	temp := filepath.Join(t.TempDir(), "new")
	if left, err := filepath.Glob(filepath.Join(temp, "*")); !writable(temp) || err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestLivingOwnerIsNamed(t *testing.T) {
	s := start(t, Options{})
	_, err := Start(t.Context(), Options{Dir: s.Dir()})
	if err == nil || !strings.Contains(err.Error(), "in use by another running program (process "+strconv.Itoa(os.Getpid())+")") {
		t.Fatalf("got %v", err)
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := dataDir(t)
	write(t, filepath.Join(dir, "thesis.txt"), "")
	_, err := Start(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "holds other files") {
		t.Fatalf("got %v", err)
	}
}

// An initdb that was cut short, a lock file whose process number belongs to some other
// program now, and a path too long for a socket.
func TestRecoversFromCrashInAnOddPlace(t *testing.T) {
	dir := filepath.Join(dataDir(t), strings.Repeat("long", 30))
	if err := os.MkdirAll(filepath.Join(dir, "data.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, lockName), "1234567\n")
	write(t, filepath.Join(dir, "data.new", "PG_VERSION"), "half")
	s := start(t, Options{Dir: dir})
	t.Cleanup(func() { _ = os.RemoveAll(s.folder.socket) })
	stop(t, s)

	write(t, filepath.Join(dir, "data", "postmaster.pid"), strconv.Itoa(os.Getpid())+"\n")
	start(t, Options{Dir: dir})
}

func TestFailureShowsTheLog(t *testing.T) {
	_, err := Start(t.Context(), Options{Settings: map[string]string{"max_connections": "several"}})
	if err == nil || !strings.Contains(err.Error(), "max_connections") {
		t.Fatalf("got %v", err)
	}
}

func TestKilledOwner(t *testing.T) {
	dir := dataDir(t)
	owner, url, server := startHelper(t, dir, nil)
	query(t, url, "CREATE TABLE kept AS SELECT 7 AS n")
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // killed, as the line above wants
	s := start(t, Options{Dir: dir})
	if serves(server, s.folder.data()) {
		t.Error("the server of the killed owner still runs")
	}
	if got := query(t, s.URL(), "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("found %s, want 7", got)
	}
}

func TestOrphanIsStopped(t *testing.T) {
	dir := dataDir(t)
	orphan := start(t, Options{Dir: dir})
	if err := orphan.folder.unlock(); err != nil { // as if the owner were dead
		t.Fatal(err)
	}
	start(t, Options{Dir: dir})
	select {
	case <-orphan.process.exited:
	default:
		t.Error("the orphan still runs")
	}
}

// Started by root the other tests run the server under another account; this one has a
// process that is not root from the beginning.
func TestPlainUser(t *testing.T) {
	account, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	dir := dataDir(t)
	if err := account.own(dir); err != nil {
		t.Fatal(err)
	}
	owner, url, server := startHelper(t, filepath.Join(dir, "server"), account.credential)
	query(t, url, "SELECT 'reached'")
	if err := owner.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // killed, as the line above wants
	waitUntil(t, func() bool { return !serves(server, filepath.Join(dir, "server", "data")) })
}

func TestUnreachableFolderIsExplained(t *testing.T) {
	stranger := account{name: "stranger", credential: &syscall.Credential{Uid: 4321, Gid: 4321}}
	dir := dataDir(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := openFolder(filepath.Join(dir, "inside"), stranger)
	if err == nil || !strings.Contains(err.Error(), `cannot be reached by the account "stranger"`) {
		t.Fatalf("got %v", err)
	}
}

func TestFoldersOfKilledProcessesAreRemoved(t *testing.T) {
	temp := filepath.Join(t.TempDir(), "a folder")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	for name, owner := range map[string]string{"dead": "1234567", "living": strconv.Itoa(os.Getpid()), "young": "1234567"} {
		path := filepath.Join(temp, tempPrefix+name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(path, lockName), owner)
		if name == "dead" {
			if err := os.Mkdir(socketPath(path), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if name == "young" {
			continue
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	removeStale(temp)
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(temp, tempPrefix+"living"), filepath.Join(temp, tempPrefix+"young")}
	if strings.Join(left, " ") != strings.Join(want, " ") {
		t.Errorf("left are %v, want %v", left, want)
	}
	if _, err := os.Stat(socketPath(filepath.Join(temp, tempPrefix+"dead"))); !os.IsNotExist(err) {
		t.Errorf("the folder of its socket is still there: %v", err)
	}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// query runs one statement and returns its first column as text, where it has one.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var value string
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil && err != pgx.ErrNoRows {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// dataDir returns an empty folder that the server's account can reach, which t.TempDir is
// not when root runs the tests.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "okolo-embedded-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startHelper runs a copy of this program, which every account can reach, as a server's
// owner; the end of the test kills it.
func startHelper(t *testing.T, dir string, credential *syscall.Credential) (cmd *exec.Cmd, url string, server int) {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dataDir(t), "owner")
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(program)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if _, err := cmd.StdinPipe(); err != nil { // never closed by us: the owner waits
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // mostly dead by then
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the owner says %q: %v", line, err)
	}
	if _, err := fmt.Sscan(line, &url, &server); err != nil {
		t.Fatalf("the owner says %q: %v", line, err)
	}
	return cmd, url, server
}

func waitUntil(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
		time.Sleep(pollEvery)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
