package ics

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"okolo/persistence/model"
)

// maxAddress is the longest address that an event is known by, in bytes; the words have the rest.
const maxAddress = 500

// describe makes the description of an event: the words of what programs write there, which may be HTML, and
// its address in the web below them.
func describe(text, address string) string {
	text = lines(words(text))
	address = strings.TrimSpace(address)
	if !isAddress(address) || strings.Contains(text, address) {
		return cut(text, model.MaxDescription)
	}
	if text == "" {
		return address
	}
	return cut(text, model.MaxDescription-utf8.RuneCountInString(address)-2) + "\n\n" + address
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && len(text) <= maxAddress && text == line(text) && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// markup is what tells HTML from words in which there is a "<".
var markup = regexp.MustCompile(`(?i)</?(a|b|br|div|em|h[1-6]|html|i|li|ol|p|span|strong|table|td|tr|u|ul)(\s[^<>]*)?/?>`)

// blocks are the elements that stand in lines of their own.
var blocks = map[string]bool{
	"br": true, "div": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
	"li": true, "ol": true, "p": true, "table": true, "tr": true, "ul": true,
}

// words are what a browser would show of HTML, and where its links lead; of any other text all.
func words(text string) string {
	if !markup.MatchString(text) {
		return text
	}
	var p page
	for tokens := html.NewTokenizer(strings.NewReader(text)); ; {
		switch tokens.Next() {
		case html.ErrorToken: // its end, since reading from memory does not fail
			return p.String()
		case html.TextToken:
			p.text(tokens.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			p.open(tokens.Token())
		case html.EndTagToken:
			p.close(tokens.Token().Data)
		}
	}
}

// page is the text of a page of HTML that is being read.
type page struct {
	strings.Builder
	unseen bool   // within what is not shown
	link   string // where the text from begun leads; empty: nowhere
	begun  int
}

var space = regexp.MustCompile(`\s+`)

func (p *page) text(data string) {
	if !p.unseen {
		p.WriteString(space.ReplaceAllString(data, " "))
	}
}

func (p *page) open(t html.Token) {
	switch {
	case t.Data == "script" || t.Data == "style":
		p.unseen = true
	case t.Data == "a":
		p.link, p.begun = "", p.Len()
		for _, a := range t.Attr {
			if a.Key == "href" && isAddress(a.Val) {
				p.link = a.Val
			}
		}
	case blocks[t.Data]:
		p.WriteByte('\n')
		if t.Data == "li" {
			p.WriteString("• ")
		}
	}
}

func (p *page) close(name string) {
	switch {
	case name == "script" || name == "style":
		p.unseen = false
	case name == "a" && p.link != "":
		if !strings.Contains(p.Builder.String()[p.begun:], p.link) {
			p.WriteString(" (" + p.link + ")")
		}
		p.link = ""
	case blocks[name]:
		p.WriteByte('\n')
	}
}

// String returns the text without empty lines.
func (p *page) String() string {
	var kept []string
	for l := range strings.SplitSeq(p.Builder.String(), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}
