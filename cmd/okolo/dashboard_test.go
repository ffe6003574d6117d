package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/sandbox/webchat/browser"
)

// TestDashboard opens the dashboard of a demo that people use, in a real browser: its figures
// move, and agree with okolo stats --json and with /metrics; a purge ordered on the page shows
// on the page and in both; a drain ordered there ends the program.
func TestDashboard(t *testing.T) {
	t.Parallel()
	p, out := launchDemo(t, nil, nil, "--fresh")
	p.ready(t, out, `Dashboard\s+(http\S+?)/$`)
	telegram := sandboxOf(t, p)
	page := browser.Open(t, p.url+"/")
	page.See("#state", "serving")

	load, stop := context.WithCancel(t.Context())
	defer stop()
	var people sync.WaitGroup
	for id := range int64(6) {
		people.Go(func() { useTheBot(load, telegram, 100+id) })
	}
	for _, path := range []string{"ingress.received", "sending.sent", "sessions.sessions"} {
		page.SeeThat(path+" moves", fmt.Sprintf(`+document.querySelector('[data-path="%s"]').dataset.value > 5`, path))
	}
	page.SeeThat("lines in the charts", `document.querySelectorAll("#charts svg path.line").length >= 4`)
	for range 3 {
		for _, path := range []string{"ingress.received", "sending.sent", "writes.commands"} {
			before := told(t, p, path)
			figure := fmt.Sprintf(`+document.querySelector('[data-path="%s"]').dataset.value`, path)
			page.SeeThat(fmt.Sprintf("%s of %v or more", path, before), fmt.Sprintf("%s >= %v", figure, before))
			shown := browser.Ask[float64](page, figure)
			if after := measured(t, p, path); shown > after {
				t.Errorf("%s: okolo stats said %v, then the page %v, then /metrics %v", path, before, shown, after)
			}
		}
	}
	page.Screenshot("dashboard-light")

	stop()
	people.Wait()
	page.Click("#purge", "")
	page.Click("#yes", "Purge")
	page.See("#notice", "3 sessions left memory.")
	page.See("#history", "purge by operator: 3 sessions left")
	page.SeeThat("the purge in the chart", `document.querySelectorAll("#charts .marker").length === 1`)
	page.SeeThat("3 sessions", `document.querySelector('[data-path="sessions.sessions"]').dataset.value === "3"`)
	if n, m := told(t, p, "sessions.passivations.operator"), measured(t, p, "sessions.passivations.operator"); n != 3 || m != 3 {
		t.Errorf("okolo stats says that %v sessions left, /metrics %v", n, m)
	}
	if code, out, _ := okolo(t, nil, "purge", "--url", p.url); code != exitOK || out != "2 sessions left memory\n" {
		t.Errorf("purge: exit %d, %q", code, out)
	}
	page.See("#history", "purge by operator: 2 sessions left")

	page.AllowLoss()
	page.Click("#drain", "")
	page.Click("#yes", "Drain")
	page.See("#notice", "The program drains and ends.")
	page.See("#state", "does not answer")
	if state := p.end(t); !state.Success() {
		t.Errorf("after the drain: %v\n%s", state, p.log.String())
	}
}

// TestPurgeByMemoryShows: so many people come that the guard of a demo makes sessions leave, and the page, okolo
// stats, /metrics and what an operator reads in Telegram tell of it.
func TestPurgeByMemoryShows(t *testing.T) {
	p, out := launchDemo(t, []string{"MEMORY_THRESHOLD_MB=64", "USER_STATE_MAX_SIZE=100000", "SEND_RATE=0"}, nil, "--fresh")
	p.ready(t, out, `Dashboard\s+(http\S+?)/$`)
	people := sandbox.NewPeople(sandboxOf(t, p), nil)
	page := browser.Open(t, p.url+"/")
	page.See("#state", "serving")
	anna, err := visit.Join(t.Context(), people, sandbox.Profile{ID: operator, FirstName: "Anna", LanguageCode: "en"}, visit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	anna.Say("/start")
	anna.See("the menu", contains("What would you like"))

	const series = "sessions.passivations.memory"
	var crowd errgroup.Group
	for n := range int64(4) {
		crowd.Go(func() error {
			return comeUntil(t, people, 200_000*(n+1), func() bool { return told(t, p, series) > 0 })
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Fatal(err)
	}
	page.See("#history", "purge by memory: ")
	gone := browser.Ask[float64](page, `+/purge by memory: (\d+) sessions? left/.exec(document.querySelector("#history").textContent)[1]`)
	page.SeeThat("the purge in the chart", `document.querySelectorAll("#charts .marker").length >= 1`)
	page.Screenshot("purge-by-memory")
	stats := told(t, p, series)
	if metrics := measured(t, p, series); gone < 1 || stats < gone || metrics < stats {
		t.Errorf("the page says that %v sessions left for want of memory, then okolo stats %v, then /metrics %v", gone, stats, metrics)
	}
	anna.Say("/stats") // she comes back from her snapshot
	anna.See("a purge in the statistics", func(m sandbox.Message) bool { return regexp.MustCompile(`purges +[1-9]`).MatchString(m.Text) })
	if err := anna.Err(); err != nil {
		t.Error(err)
	}
}

// comeUntil has new people say hello, with ids from first, until enough says so every hundred of them.
func comeUntil(t *testing.T, people *sandbox.People, first int64, enough func() bool) error {
	for id := first; id < first+20_000; id++ {
		v, err := visit.Join(t.Context(), people, sandbox.Profile{ID: id, FirstName: "Boris", LanguageCode: "en"}, visit.Options{})
		if err != nil {
			return err
		}
		v.Say("/start")
		if err := v.Err(); err != nil || id%100 == 99 && enough() {
			return err
		}
	}
	return errors.New("the guard did not act")
}

// sandboxOf asks a demo where its Telegram is.
func sandboxOf(t *testing.T, p *process) string {
	t.Helper()
	m := regexp.MustCompile(`Bot API\s+(http\S+?)/\n`).FindStringSubmatch(p.said.String())
	if m == nil {
		t.Fatalf("the demo did not say where its Telegram is:\n%s", p.said.String())
	}
	return m[1]
}

// useTheBot has a person use the bot until ctx ends.
func useTheBot(ctx context.Context, telegram string, id int64) {
	person, err := visit.Join(ctx, sandbox.NewPeople(telegram, nil), sandbox.Profile{ID: id, FirstName: "Anna", LanguageCode: "en"}, visit.Options{})
	if err != nil {
		return
	}
	for ctx.Err() == nil && person.Err() == nil {
		person.Say("/start")
		person.See("the menu", contains("What would you like"))
	}
}

// told is a figure of okolo stats --json.
func told(t *testing.T, p *process, path string) float64 {
	t.Helper()
	code, out, errs := okolo(t, nil, "stats", "--json", "--url", p.url)
	var all any
	if err := json.Unmarshal([]byte(out), &all); code != exitOK || err != nil {
		t.Fatalf("stats --json: exit %d, %v, %s", code, err, errs)
	}
	for name := range strings.SplitSeq(path, ".") {
		all = all.(map[string]any)[name]
	}
	return all.(float64)
}

// measured is the same figure of /metrics.
func measured(t *testing.T, p *process, path string) float64 {
	t.Helper()
	series := map[string]string{
		"ingress.received":               "okolo_updates_received_total",
		"sending.sent":                   `okolo_sender_operations_total{result="sent"}`,
		"writes.commands":                "okolo_writer_commands_total",
		"sessions.passivations.operator": `okolo_passivations_total{reason="operator"}`,
		"sessions.passivations.memory":   `okolo_passivations_total{reason="memory"}`,
	}[path]
	_, body := look(t, p.url+"/metrics", "")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no %s in\n%s", series, body)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
