package sandbox

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/mymmrac/telego"
)

// Limits of texts, in UTF-16 code units after parsing, by the Bot API; and of how many
// entities a message has, by Telegram's servers: further ones are dropped.
const (
	maxText     = 4096
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
	switch strings.ToLower(mode) {
	case "html":
		rt, err = parseHTML(text)
	case "markdownv2":
		rt, err = parseMarkdownV2(text)
	case "markdown":
		rt, err = parseMarkdown(text)
	case "", "none":
		if entities != "" && text != "" {
			rt.entities, err = givenEntities(text, entities)
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

// givenEntities reads the entities a bot gave. Those that Telegram finds by itself are
// ignored.
func givenEntities(text, list string) ([]telego.MessageEntity, error) {
	var given []telego.MessageEntity
	if err := json.Unmarshal([]byte(list), &given); err != nil {
		return nil, badRequest("can't parse MessageEntity: expected an Object")
	}
	length := utf16Len(text)
	out := given[:0]
	for _, e := range given {
		if !slices.Contains(givenTypes, e.Type) {
			continue
		}
		if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > length {
			return nil, badRequest("entity beginning at UTF-16 offset %d ends after the end of the text at UTF-16 offset %d", e.Offset, e.Offset+e.Length)
		}
		out = append(out, e)
	}
	return out, nil
}

// givenTypes are the entities that only their author can make.
var givenTypes = []string{
	telego.EntityTypeBold, telego.EntityTypeItalic, telego.EntityTypeUnderline,
	telego.EntityTypeStrikethrough, telego.EntityTypeSpoiler, telego.EntityTypeBlockquote,
	telego.EntityTypeExpandableBlockquote, telego.EntityTypeCode, telego.EntityTypePre,
	telego.EntityTypeTextLink, telego.EntityTypeTextMention, telego.EntityTypeCustomEmoji,
}

// mentions reports whether the text mentions someone, by @username or name.
func (rt *richText) mentions(u *telego.User) bool {
	for _, e := range rt.entities {
		switch {
		case e.Type == telego.EntityTypeTextMention && e.User.ID == u.ID:
			return true
		case e.Type == telego.EntityTypeMention && u.Username != "" && strings.EqualFold(rt.part(e), "@"+u.Username):
			return true
		}
	}
	return false
}

// part is the text of an entity.
func (rt *richText) part(e telego.MessageEntity) string {
	units := utf16.Encode([]rune(rt.text))
	return string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
}

// nesting orders entities of the same extent from the outside in.
var nesting = map[string]int{
	telego.EntityTypeBlockquote: 0, telego.EntityTypeExpandableBlockquote: 0,
	telego.EntityTypePre: 10, telego.EntityTypeCode: 20,
	telego.EntityTypeTextLink: 49, telego.EntityTypeTextMention: 49,
	telego.EntityTypeURL: 50, telego.EntityTypeEmail: 50, telego.EntityTypeMention: 50,
	telego.EntityTypeBotCommand: 50, telego.EntityTypeHashtag: 50,
	telego.EntityTypeBold: 90, telego.EntityTypeItalic: 91, telego.EntityTypeUnderline: 92,
	telego.EntityTypeStrikethrough: 93, telego.EntityTypeSpoiler: 94, telego.EntityTypeCustomEmoji: 99,
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
	var ok bool
	e.URL, ok = checkLink(to)
	return e, ok
}

// checkLink completes a link as Telegram does ("example.com" becomes "http://example.com/"),
// and reports false where it is none.
func checkLink(s string) (string, bool) {
	if !strings.Contains(s, ":/") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", false
	}
	switch u.Scheme {
	case "http", "https":
		if !strings.Contains(u.Hostname(), ".") && u.Hostname() != "localhost" {
			return "", false
		}
	case "tg", "ton", "tonsite":
		return s, true
	default:
		return "", false
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), true
}
