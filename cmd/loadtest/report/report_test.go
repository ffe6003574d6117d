package report

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example is a run in which one promise was broken.
func example() *Result {
	r := &Result{
		Command: "torture", Seconds: 3, Updates: 300, UpdatesPerS: 100, Kills: 1, Lost: 1, RSSMaxMB: 450, ThresholdMB: 512,
		Actions:    map[string]Latency{"page": {Count: 2, P50: 1, P99: 5}, "old_button": {Count: 9, P50: 2, P99: 4}},
		Passivated: map[string]uint64{"memory": 5, "idle": 1},
		Violations: []Violation{{Kind: "lost", Person: 7, What: "<script>alert(1)</script>", Story: "1 s says </pre><b>"}},
	}
	for i := range 3 {
		r.Series = append(r.Series, Sample{T: float64(i + 1), UpdatesPerS: 100, P50: 1, P99: 10, P999: 100, RSSMB: 450, HeapMB: 200,
			Sessions: 10 * i, Batch: 2, Purges: uint64(i), Passivated: map[string]uint64{"memory": uint64(i), "idle": 1}})
	}
	r.Series[1].Event = `bot "killed" & gone`
	return r
}

// TestFiles: what is written is read again, and the page stands alone and escapes what people
// wrote.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r.json")
	if err := example().WriteFile(file, nil); err != nil {
		t.Fatal(err)
	}
	r, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Page(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, words := range []string{"1 violations", "old button", "threshold", "blows: bot killed", "&lt;script&gt;", "bot &#34;killed&#34; &amp; gone"} {
		if !strings.Contains(page, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	if strings.Contains(page, "<script") || regexp.MustCompile(`(src|href)=`).MatchString(page) {
		t.Error("the page runs or loads something")
	}
	if n := strings.Count(page, "<svg"); n != 7 {
		t.Errorf("the page has %d charts", n)
	}
	if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
		t.Error("the page has numbers that are none")
	}
	if err := r.PictureFile(filepath.Join(dir, "r.png")); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "r.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if img, err := png.Decode(f); err != nil || img.Bounds().Dx() < 800 {
		t.Errorf("the picture: %v", err)
	}
}

// TestSummary names what is wrong, with the story.
func TestSummary(t *testing.T) {
	var b bytes.Buffer
	if err := example().Summary(&b); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"old button", "lost 1", "idle 1, memory 5", "✗ lost: person 7", "says </pre>"} {
		if !strings.Contains(b.String(), words) {
			t.Errorf("the summary lacks %q:\n%s", words, b.String())
		}
	}
}

// TestNothing: a run in which nothing happened has a page and a picture, too.
func TestNothing(t *testing.T) {
	r := &Result{}
	var b bytes.Buffer
	if err := r.Page(&b); err != nil || !strings.Contains(b.String(), "every promise kept") {
		t.Errorf("%v", err)
	}
	r.Series = []Sample{{}, {T: 1}}
	if err := r.Page(&b); err != nil || strings.Contains(b.String(), "NaN") {
		t.Errorf("%v", err)
	}
	if err := r.PictureFile(filepath.Join(t.TempDir(), "r.png")); err != nil {
		t.Error(err)
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a result was read from nowhere")
	}
}
