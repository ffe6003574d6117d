package sandbox

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mymmrac/telego"
)

// Limits of texts, in UTF-16 code units after parsing, by the Bot API; and of how many
// entities a message has, by Telegram's servers: further ones are dropped.
const (
	maxText     = 4096
	maxRawText  = 1 << 15 // bytes, before it is parsed
	maxCaption  = 1024
	maxEntities = 100
)

// richText is a plain text and what its parts mean, in UTF-16 offsets.
type richText struct {
	text     string
	entities []telego.MessageEntity
}

// parse makes a rich text of what a bot sent: a text in a parse mode, or with entities as JSON.
// It cleans and trims the text as Telegram does and adds the entities found in it.
func (s *Server) parse(text, mode, entities string) (richText, error) {
	text = clean(text)
	var (
		rt  = richText{text: text}
		err error
	)
	if len(text) > maxRawText {
		return rt, badRequest("text is too long")
	}
	switch strings.ToLower(mode) {
	case "html":
		rt, err = parseHTML(text)
	case "markdownv2":
		rt, err = parseMarkdownV2(text)
	case "markdown":
		rt, err = parseMarkdown(text)
	case "", "none":
		if entities != "" && text != "" {
			rt.entities, err = s.givenEntities(text, entities)
		}
	default:
		return rt, badRequest("unsupported parse_mode")
	}
	if err != nil {
		return rt, err
	}
	s.resolveMentions(&rt)
	rt.normalise()
	rt.detect()
	return rt, nil
}

// clean drops carriage returns and makes other control characters spaces.
func clean(s string) string {
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return -1
		case isControl(r):
			return ' '
		}
		return r
	}, s)
}

func isControl(r rune) bool { return r < ' ' && r != '\n' }

// utf16Len is the length of s in UTF-16 code units.
func utf16Len(s string) int {
	n := 0
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 0xf0: // the first byte of what needs two units
			n += 2
		case utf8.RuneStart(b):
			n++
		}
	}
	return n
}

// cut16 is the beginning of s that has at most n UTF-16 code units.
func cut16(s string, n int) string {
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

func byPosition(a, b telego.MessageEntity) int {
	return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length),
		cmp.Compare(nesting[a.Type], nesting[b.Type]))
}

// normalise trims the text, sorts the entities, and drops those that are empty, that repeat
// the one around them, or stand within code.
func (rt *richText) normalise() {
	kept := strings.TrimRight(rt.text, " \n")
	trimmed := strings.TrimLeft(kept, " \n")
	shift := len(kept) - len(trimmed) // spaces and line ends: one byte, one unit
	rt.text = trimmed
	if len(rt.entities) == 0 {
		rt.entities = nil
		return
	}
	slices.SortStableFunc(rt.entities, byPosition)
	length := utf16Len(trimmed)
	out := rt.entities[:0]
	for _, e := range rt.entities {
		start, end := max(e.Offset-shift, 0), min(e.Offset-shift+e.Length, length)
		if end <= start {
			continue
		}
		e.Offset, e.Length = start, end-start
		if len(out) < maxEntities && !swallowed(out, &e) {
			out = append(out, e)
		}
	}
	rt.entities = out
}

// swallowed reports whether one of the entities leaves no room for another within it.
func swallowed(by []telego.MessageEntity, e *telego.MessageEntity) bool {
	for i := range by {
		o := &by[i]
		within := e.Offset >= o.Offset && e.Offset+e.Length <= o.Offset+o.Length
		if within && (e.Type == o.Type || o.Type == telego.EntityTypeCode || o.Type == telego.EntityTypePre) {
			return true
		}
	}
	return false
}

// resolveMentions makes mentions of links to people, and drops those to people unknown here.
func (s *Server) resolveMentions(rt *richText) {
	rt.entities = slices.DeleteFunc(rt.entities, func(e telego.MessageEntity) bool {
		return e.Type == telego.EntityTypeTextMention && (e.User == nil || s.person(e.User.ID) == nil)
	})
	for i, e := range rt.entities {
		if e.Type == telego.EntityTypeTextMention {
			rt.entities[i].User = s.person(e.User.ID).user()
		}
	}
}

// link makes the entity of a link over a part of the text; false where Telegram would drop it.
func link(to string, offset, length int) (telego.MessageEntity, bool) {
	e := telego.MessageEntity{Type: telego.EntityTypeTextLink, Offset: offset, Length: length}
	if id, ok := strings.CutPrefix(to, "tg://user?id="); ok {
		n, err := strconv.ParseInt(id, 10, 64)
		e.Type, e.User = telego.EntityTypeTextMention, &telego.User{ID: n}
		return e, err == nil
	}
	var wrong string
	e.URL, wrong = checkLink(to)
	return e, wrong == ""
}

// checkLink completes a link as Telegram does ("example.com" becomes "http://example.com/"),
// and says what is wrong with one that is none, in td's words.
func checkLink(s string) (link, wrong string) {
	if !strings.Contains(s, ":/") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", "Wrong HTTP URL"
	case u.Scheme == "tg", u.Scheme == "ton", u.Scheme == "tonsite":
		return s, ""
	case u.Scheme != "http" && u.Scheme != "https":
		return "", "Unsupported URL protocol"
	case u.Host == "":
		return "", "URL host is empty"
	case !strings.Contains(u.Hostname(), ".") && u.Hostname() != "localhost":
		return "", "Wrong HTTP URL"
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), ""
}
