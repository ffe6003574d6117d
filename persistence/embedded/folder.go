package embedded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	lockName   = "okolo.lock"
	tempPrefix = "okolo-postgres-"
	// maxSocketFolder is the longest folder whose socket, "/.s.PGSQL.5432" (14 bytes),
	// still fits the address of a Unix socket: 107 bytes on Linux, 103 on macOS.
	maxSocketFolder = 103 - 14
)

// folder is a folder that holds a server's files, locked for this process:
//
//	okolo.lock   held by the living owner
//	data/        the cluster
//	data.new/    a cluster being made
//	socket/      the Unix socket
//	log          what the server said since its last start
type folder struct {
	path      string
	socket    string // folder of the Unix socket
	account   account
	temporary bool
	lock      *os.File // nil once closed
}

// DefaultDir returns the folder for data that outlives the process: okolo/postgres in the
// user's cache folder. For root that folder is usually closed to the account that the server
// runs under; /var/cache takes its place. Where neither can be written it is in the temporary
// folder.
func DefaultDir() (string, error) {
	account, err := serverAccount()
	if err != nil {
		return "", err
	}
	return filepath.Join(cacheFolder(account), "postgres"), nil
}

// cacheFolder returns the first folder for cached files that this process can write and
// account can reach.
func cacheFolder(a account) string {
	var caches []string
	if cache, err := os.UserCacheDir(); err == nil {
		caches = append(caches, cache)
	}
	if os.Geteuid() == 0 {
		caches = append(caches, "/var/cache")
	}
	for _, cache := range caches {
		if dir := filepath.Join(cache, "okolo"); a.reaches(cache) && writable(dir) {
			return dir
		}
	}
	return filepath.Join(os.TempDir(), "okolo-"+strconv.Itoa(os.Geteuid()))
}

// writable makes the folder dir, and reports whether files can be made in it. No look at its
// mode tells: the disk may be mounted for reading only, or the home of an account be nowhere.
func writable(dir string) bool {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false
	}
	trial, err := os.CreateTemp(dir, ".trial-")
	if err != nil {
		return false
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name())) == nil
}

// openFolder makes and locks a server's folder; an empty path stands for a temporary one.
func openFolder(path string, a account) (*folder, error) {
	f := &folder{account: a}
	var err error
	if path == "" {
		removeStale(os.TempDir())
		f.temporary = true
		f.path, err = os.MkdirTemp("", tempPrefix)
	} else {
		f.path, err = makeFolder(path)
	}
	if err != nil {
		return nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(err, f.release())
	}
	return f, nil
}

// prepare locks the folder and gives it to the account.
func (f *folder) prepare() error {
	if !f.account.reaches(filepath.Dir(f.path)) {
		return fmt.Errorf("the folder %s cannot be reached by the account %q, under which PostgreSQL runs when root starts it: choose one outside of root's home",
			f.path, f.account.name)
	}
	var err error
	if f.lock, err = lockFolder(f.path); err != nil {
		return err
	}
	if f.socket, err = socketFolder(f.path); err != nil {
		return fmt.Errorf("make a folder for PostgreSQL's socket: %w", err)
	}
	if err := errors.Join(f.account.own(f.path), f.account.own(f.socket)); err != nil {
		return fmt.Errorf("give the folder %s to the account %q: %w", f.path, f.account.name, err)
	}
	return nil
}

func (f *folder) data() string    { return filepath.Join(f.path, "data") }
func (f *folder) newData() string { return filepath.Join(f.path, "data.new") }
func (f *folder) log() string     { return filepath.Join(f.path, "log") }

// logTail returns the end of the server's log as the rest of an error's sentence.
func (f *folder) logTail() string {
	const most = 2000
	log, err := os.ReadFile(f.log()) // short: it began with this start
	if err != nil || len(log) == 0 {
		return ""
	}
	return "; the end of its log:\n" + strings.TrimSpace(string(log[max(0, len(log)-most):]))
}

// unlock gives up the lock. To unlock an unlocked folder does nothing.
func (f *folder) unlock() error {
	if f.lock == nil {
		return nil
	}
	lock := f.lock
	f.lock = nil
	return lock.Close()
}

// release removes what is temporary, and gives up the lock.
func (f *folder) release() error {
	var err error
	if f.temporary {
		err = errors.Join(os.RemoveAll(f.path), os.RemoveAll(f.socket)) // which may be elsewhere
	}
	return errors.Join(err, f.unlock())
}

// makeFolder makes path unless it exists, and refuses one that holds foreign files: it is
// about to be given to another account.
func makeFolder(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	ours := func(e os.DirEntry) bool { return e.Name() == lockName }
	if len(entries) > 0 && !slices.ContainsFunc(entries, ours) {
		return "", fmt.Errorf("%s holds other files", path)
	}
	return path, nil
}

// lockFolder takes the lock of a folder. The system drops it when the process ends, however
// it ends, so a lock that is held has a living owner.
func lockFolder(path string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close() // nothing was written
		return nil, fmt.Errorf("the PostgreSQL folder %s is in use by another running program (process %d): stop it, or choose another folder",
			path, lastOwner(path))
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for that sentence
	}
	return file, nil
}

// lastOwner returns the process that locked the folder last; 0 where it cannot be read.
func lastOwner(path string) int {
	content, err := os.ReadFile(filepath.Join(path, lockName))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}

// plain matches a path that stands for itself wherever it is written: a comma would begin a
// second folder in PostgreSQL's settings, a space a second word in a shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)

// socketPath returns where the folder for the socket is: inside of path or, where that is too
// long for a socket's address or not plain, in /tmp under a name that depends on path only, so
// that the connection string is the same after a restart.
func socketPath(path string) string {
	socket := filepath.Join(path, "socket")
	if len(socket) <= maxSocketFolder && plain.MatchString(socket) {
		return socket
	}
	sum := sha256.Sum256([]byte(path))
	return fmt.Sprintf("/tmp/okolo-%d-%x", os.Geteuid(), sum[:8])
}

// socketFolder makes the folder for the socket.
func socketFolder(path string) (string, error) {
	socket := socketPath(path)
	if err := os.Mkdir(socket, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(socket)
	if err != nil {
		return "", err
	}
	if !info.IsDir() { // a link that someone else left in /tmp
		return "", fmt.Errorf("%s is not a folder", socket)
	}
	return socket, nil
}

// removeStale removes the temporary folders of processes that were killed. A folder younger
// than a minute may be about to be locked.
func removeStale(temp string) {
	paths, _ := filepath.Glob(filepath.Join(temp, tempPrefix+"*")) // the pattern is valid
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < time.Minute || alive(lastOwner(path)) {
			continue
		}
		lock, err := lockFolder(path)
		if err != nil {
			continue // in use, or another user's
		}
		// What cannot be removed now is tried again the next time.
		_ = errors.Join(os.RemoveAll(socketPath(path)), os.RemoveAll(path))
		_ = lock.Close()
	}
}
