package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"okolo/persistence"
	"okolo/persistence/pgtest"
)

// feed is a calendar of events that start in a number of days; a negative one is called off.
func feed(days ...int) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n")
	for i, d := range days {
		status := "CONFIRMED"
		if d < 0 {
			d, status = -d, "CANCELLED"
		}
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d@test\r\nDTSTART:%s\r\nSUMMARY:Event %[1]d\r\nGEO:52.5;13.4\r\nSTATUS:%[3]s\r\nEND:VEVENT\r\n",
			i, time.Now().AddDate(0, 0, d).UTC().Format("20060102T150000Z"), status)
	}
	return b.String() + "BEGIN:VEVENT\r\nUID:online@test\r\nDTSTART:20300101T000000Z\r\nSUMMARY:Online\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// TestImport: from an address, through a redirection, again and again; from a file; and not what
// is no calendar, or too much, or endless.
func TestImport(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	env := []string{"DATABASE_URL=" + url}
	var calendar atomic.Value // what /events.ics has
	calendar.Store(feed(1, 2, 3))
	mux := http.NewServeMux()
	mux.Handle("/old", http.RedirectHandler("/events.ics", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.HandleFunc("/events.ics", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, calendar.Load()) })
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
		for part := strings.Repeat("x", 1<<20); ; {
			if _, err := fmt.Fprint(w, part); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	says := func(want string, code int, args ...string) {
		t.Helper()
		got, out, errs := okolo(t, env, append([]string{"import"}, args...)...)
		if got != code || !strings.Contains(out+errs, want) {
			t.Errorf("okolo import %v: %d\n%s%swant %d, %q", args, got, out, errs, code, want)
		}
		if strings.Contains(errs, "secret") {
			t.Errorf("okolo import %v repeats a secret: %s", args, errs)
		}
	}
	if err := persistence.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	says("nothing was imported", exitOK, "--list")
	says("city: 3 new, 0 changed, 0 cancelled, 0 unchanged, 1 skipped (1 without a place); nothing was written", exitOK, server.URL+"/old", "--source", "city", "--dry-run")
	says("city: 3 new, 0 changed, 0 cancelled, 0 unchanged, 1 skipped (1 without a place)", exitOK, server.URL+"/old", "--source", "city")
	calendar.Store(feed(1, 5, -3))
	says("city: 0 new, 1 changed, 1 cancelled, 1 unchanged", exitOK, server.URL+"/old?key=secret", "--source", "city")
	calendar.Store(feed(1))
	says("city: 0 new, 0 changed, 1 cancelled, 1 unchanged", exitOK, server.URL+"/events.ics", "--source", "city")
	file := filepath.Join(t.TempDir(), "club.ics")
	if err := os.WriteFile(file, []byte(feed(4, 4)), 0o600); err != nil {
		t.Fatal(err)
	}
	says("club: 2 new", exitOK, file)
	says("club    2", exitOK, "--list")

	calendar.Store(feed())
	says("1 of 1 coming events vanished from the calendar, so it may be broken, and nothing was changed", exitFailed, server.URL+"/events.ics", "--source", "city")
	says("city    1", exitOK, "--list")
	whole := feed(1)
	calendar.Store(whole[:len(whole)/2]) // cut short
	says("no calendar", exitFailed, server.URL+"/events.ics?key=secret", "--source", "city")
	says("no calendar", exitFailed, server.URL+"/page", "--source", "city")
	says("404", exitFailed, server.URL+"/none?key=secret", "--source", "city")
	says("leads on more than 5 times", exitFailed, server.URL+"/loop?key=secret", "--source", "city")
	says("more than 32 MB", exitFailed, server.URL+"/big", "--source", "city")
	says("city    1", exitOK, "--list")
	calendar.Store(feed())
	says("city: 0 new, 0 changed, 1 cancelled", exitOK, server.URL+"/events.ics", "--source", "city", "--call-off")
	says("city    0", exitOK, "--list")
	says("no calendar is given", exitUsage)
	says("cannot be opened", exitUsage, "none.ics")
	says("--zone", exitUsage, file, "--zone", "Mars/Olympus")
	says("--category", exitUsage, file, "--category", "war")
}
