package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// BinVariable names the environment variable that says where PostgreSQL's programs are.
const BinVariable = "OKOLO_PG_BIN"

// installed are the folders where packages put PostgreSQL's programs, off the PATH: Debian,
// Red Hat, Homebrew on Apple, Intel and Linux machines.
var installed = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
}

// Where programs are downloaded from when none are installed: the archives of
// zonkyio/embedded-postgres-binaries on Maven's repository, which contain contrib's
// extensions.
const (
	repository      = "https://repo1.maven.org/maven2"
	version         = embeddedpostgres.V17
	downloadTimeout = 5 * time.Minute
)

// programs is a folder with PostgreSQL's initdb and postgres.
type programs struct{ dir string }

// findPrograms finds installed programs, or downloads them.
func findPrograms(ctx context.Context, a account, log *slog.Logger) (programs, error) {
	dir, err := installedPrograms(os.Getenv(BinVariable), filepath.SplitList(os.Getenv("PATH")), installed)
	if err != nil {
		return programs{}, err
	}
	if dir == "" {
		if dir, err = download(ctx, cacheFolder(a), repository, log); err != nil {
			return programs{}, err
		}
	}
	return programs{dir}, nil
}

// installedPrograms chooses where the programs are: the folder asked for, which has to have
// them; else the first on the path that does; else the newest version among the folders that
// match the patterns; else "".
func installedPrograms(asked string, path, patterns []string) (string, error) {
	if asked != "" {
		if !hasPrograms(asked) {
			return "", fmt.Errorf("%s is %q, where there is no initdb and postgres", BinVariable, asked)
		}
		return asked, nil
	}
	for _, dir := range path {
		if hasPrograms(dir) {
			return dir, nil
		}
	}
	var found []string
	for _, pattern := range patterns {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("look for PostgreSQL's programs: %w", err)
		}
		found = append(found, dirs...)
	}
	found = slices.DeleteFunc(found, func(dir string) bool { return !hasPrograms(dir) })
	if len(found) == 0 {
		return "", nil
	}
	return slices.MaxFunc(found, func(a, b string) int { return majorVersion(a) - majorVersion(b) }), nil
}

func hasPrograms(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return false
		}
	}
	return true
}

var numbers = regexp.MustCompile(`[0-9]+`)

// majorVersion reads the version from the last number of a folder's name; 0 without one.
func majorVersion(dir string) int {
	all := numbers.FindAllString(dir, -1)
	if len(all) == 0 {
		return 0
	}
	n, err := strconv.Atoi(all[len(all)-1])
	if err != nil {
		return 0
	}
	return n
}

// download returns the folder of downloaded programs inside of cache, and downloads them
// from the repository first unless they are there.
//
// The library cannot only download: its Start goes on and tries a server of its own, which
// as root must fail. So what counts is whether the programs are there afterwards. They are
// unpacked beside their place and renamed, so that a crash leaves no half of them.
func download(ctx context.Context, cache, repository string, log *slog.Logger) (string, error) {
	place := filepath.Join(cache, "programs-"+string(version))
	bin := filepath.Join(place, "bin")
	if hasPrograms(bin) {
		return bin, nil
	}
	log.Info("no PostgreSQL found on this machine: downloading it", "version", string(version), "from", repository)
	fresh, err := makeFresh(place)
	if err != nil {
		return "", fmt.Errorf("make a folder for PostgreSQL's programs: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }() // what is left of it takes room, no more
	port, err := freePort()
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	trial := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).BinaryRepositoryURL(repository).
		CachePath(filepath.Join(fresh, "archive")).BinariesPath(fresh).RuntimePath(filepath.Join(fresh, "trial")).
		Port(port).StartTimeout(time.Second).Logger(io.Discard))
	failed := make(chan error, 1)
	// The library's download cannot be interrupted: past the deadline it is left behind.
	go func() {
		err := trial.Start()
		if err == nil {
			err = trial.Stop()
		}
		failed <- err
	}()
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(downloadTimeout):
		err = errors.New("it took too long")
	}
	if !hasPrograms(filepath.Join(fresh, "bin")) {
		return "", fmt.Errorf("no PostgreSQL is installed (looked at %s, PATH, %s) and it could not be downloaded: %w",
			BinVariable, strings.Join(installed, ", "), err)
	}
	for _, rest := range []string{"archive", "trial"} {
		if err := os.RemoveAll(filepath.Join(fresh, rest)); err != nil {
			return "", fmt.Errorf("tidy PostgreSQL's programs: %w", err)
		}
	}
	if err := os.Rename(fresh, place); err != nil && !hasPrograms(bin) { // another process may have been faster
		return "", fmt.Errorf("put PostgreSQL's programs in their place: %w", err)
	}
	return bin, nil
}

// makeFresh makes an empty folder beside place that every account can read.
func makeFresh(place string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(place), filepath.Base(place)+".new-")
	if err != nil {
		return "", err
	}
	return fresh, os.Chmod(fresh, 0o755)
}

// freePort returns a TCP port that nobody listens on, for the library's own trial.
func freePort() (uint32, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	return uint32(l.Addr().(*net.TCPAddr).Port), l.Close()
}

// start runs one of the programs in the folder, under its account, with its output in the
// folder's log. It inherits none of the environment, which may hold secrets.
func (p programs) start(f *folder, name string, args ...string) (*process, error) {
	log, err := os.OpenFile(f.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	defer func() { _ = log.Close() }() // the program has its own
	cmd := exec.Command(filepath.Join(p.dir, name), args...)
	cmd.Dir = f.path
	cmd.Env = []string{"PATH=" + p.dir + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(f.account)
	process, err := startProcess(cmd)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	return process, nil
}
