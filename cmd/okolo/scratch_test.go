package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/pgtest"
)

// TestServeFromScratch runs the static program as the image does: in a root where nothing else is,
// no /tmp, no /proc, no time zones, no fonts, and nothing can be written, as somebody who is not root.
func TestServeFromScratch(t *testing.T) {
	t.Parallel()
	root := openDir(t)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(root, "okolo"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	database, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	to := database.ConnConfig
	address := relay(t, filepath.Join(to.Host, ".s.PGSQL.5432"))
	api := localTelegram(t)
	p, out := launchAs(t, inRoot(root), "/okolo", []string{
		"BOT_TOKEN=" + demoToken, fmt.Sprintf("DATABASE_URL=postgres://%s@%s/%s", to.User, address, to.Database), "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=0",
	}, "serve")
	p.ready(t, out, `statistics at (\S+)/stats`)

	anna, err := visit.Join(t.Context(), sandbox.NewPeople(api, nil), sandbox.Profile{ID: 5, FirstName: "Anna", LanguageCode: "en"}, visit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	anna.Say("/start")
	anna.See("the menu", contains("What would you like"))
	anna.Locate(tourPlace.Lat, tourPlace.Lon)
	checkPicture(t.Context(), anna, anna.See("the map", func(m sandbox.Message) bool { return m.Photo != nil }))
	list := anna.See("the list", isList)
	anna.Press(list, "Create")
	anna.SeeEdited(list, "the question for a title", contains("the title"))
	anna.Say("From scratch")
	m := anna.See("the question for a category", contains("What kind"))
	anna.Press(m, "walks")
	m = anna.SeeEdited(m, "the question where", contains("Where"))
	anna.Press(m, "Where I am")
	m = anna.SeeEdited(m, "the question when", contains("When"))
	anna.Press(m, "tomorrow 19:00")
	anna.SeeEdited(m, "the time zone of the place", contains("Europe/Berlin"))
	if err := anna.Err(); err != nil {
		t.Error(err)
	}
	p.terminate(t)
	left, err := os.ReadDir(root)
	if err != nil || len(left) != 1 {
		t.Errorf("it left %v beside itself, %v", left, err)
	}
}

// inRoot has a process see nothing but a folder. Where root runs the tests it is somebody else;
// where not, the kernel lets only whoever is alone in a namespace of users change the root.
func inRoot(root string) *syscall.SysProcAttr {
	const nonroot = 65532
	if os.Geteuid() == 0 {
		return &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nonroot, Gid: nonroot}}
	}
	return &syscall.SysProcAttr{
		Chroot: root, Cloneflags: syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: nonroot, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: nonroot, HostID: os.Getegid(), Size: 1}},
	}
}

// relay makes a socket reachable at an address of this machine, as a database is for an image.
func relay(t *testing.T, socket string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		conns.Wait()
	})
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}
	conns.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", socket)
			if err != nil {
				t.Error(err)
				_ = from.Close()
				continue
			}
			conns.Go(func() { pipe(to, from) })
			conns.Go(func() { pipe(from, to) })
		}
	})
	return l.Addr().String()
}
