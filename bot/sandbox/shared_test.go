package sandbox

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// aList is HTML like that of a list of events, as a place has it.
func aList(place int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<b>Nearby %d</b>", place)
	for n := range 5 {
		fmt.Fprintf(&b, "\n\n<b>%d.</b> <a href=\"https://t.me/okolo?start=e%d\">Event %d</a>\n🕒 tomorrow 19:00 · 550 m · <i>walks</i>", n, n, n)
	}
	return b.String()
}

func said(t testing.TB, s *Server, html string) *content {
	t.Helper()
	rich, err := s.parse(html, "HTML", "")
	if err != nil {
		t.Fatal(err)
	}
	return s.texts.share(&content{rich: rich})
}

// TestSharedTexts: what says the same is kept once, what does not is told apart, and what no message says any
// more leaves.
func TestSharedTexts(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	first := said(t, s, aList(1))
	if said(t, s, aList(1)) != first {
		t.Error("the same list is kept twice")
	}
	plainer := said(t, s, strings.ReplaceAll(aList(1), "i>", "u>"))
	if plainer == first || plainer.rich.text != first.rich.text {
		t.Error("lists in other letters are taken for one")
	}
	if said(t, s, aList(2)) == first {
		t.Error("two lists are taken for one")
	}
	if one, other := said(t, s, "short"), said(t, s, "short"); one == other {
		t.Error("the table holds what is short")
	}
	runtime.KeepAlive(first)
	for deadline := time.Now().Add(10 * time.Second); s.Stats().Texts > 0; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d texts are kept that nobody says", s.Stats().Texts)
		}
	}
}

// BenchmarkMemory measures what one more person's list takes of the heap, its text and its entities, where people
// are at 64 places: as it is kept, and as it would be alone.
func BenchmarkMemory(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	const people = 10_000
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, kind := range []string{"shared", "alone"} {
		b.Run(kind, func(b *testing.B) {
			for range b.N {
				before, kept := heap(), make([]*content, people)
				for i := range kept {
					if kind == "shared" {
						kept[i] = said(b, s, aList(i%64))
						continue
					}
					rich, err := s.parse(aList(i%64), "HTML", "")
					if err != nil {
						b.Fatal(err)
					}
					kept[i] = &content{rich: rich}
				}
				b.ReportMetric(float64(heap()-before)/people, "B/person")
				runtime.KeepAlive(kept)
			}
		})
	}
}
