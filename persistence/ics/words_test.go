package ics

import (
	"strings"
	"testing"
	"unicode/utf8"

	"okolo/persistence/model"
)

func TestDescribe(t *testing.T) {
	const address = "https://example.org/e/1"
	long := strings.Repeat("слово ", 500)
	for _, c := range []struct{ text, address, want string }{
		{"a < b, and c > d", "", "a < b, and c > d"},
		{"<p>Bring <b>shoes</b>&nbsp;&amp; water.</p>\n<p>Line<br/>two</p>", "", "Bring shoes & water.\nLine\ntwo"},
		{"<ul><li>one</li><li>two</li></ul><script>alert(1)</script><style>p{}</style>", "", "• one\n• two"},
		{`<a href="https://example.org/x">Tickets</a>, <a href="https://example.org/y">https://example.org/y</a>, <a href="javascript:alert(1)">no</a>`, "",
			"Tickets (https://example.org/x), https://example.org/y, no"},
		{"<b>&lt;script&gt;</b>", "", "<script>"}, // words, which are escaped where they are shown
		{"Words", address, "Words\n\n" + address},
		{"See " + address + ".", address, "See " + address + "."},
		{"", address, address},
		{"Words", "javascript:alert(1)", "Words"},
		{"Words", "ftp://example.org", "Words"},
		{"Words", "https://", "Words"},
		{"Words", "https://example.org/" + strings.Repeat("x", maxAddress), "Words"},
		{"<a", "", "<a"},
		{"<b", "", "<b"},
	} {
		if got := describe(c.text, c.address); got != c.want {
			t.Errorf("%q at %q is described as\n%q, not\n%q", c.text, c.address, got, c.want)
		}
	}
	got := describe(long, address)
	if n := utf8.RuneCountInString(got); n > model.MaxDescription || !strings.HasSuffix(got, "…\n\n"+address) {
		t.Errorf("%d characters: %q", n, got[len(got)-60:])
	}
}
