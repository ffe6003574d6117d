package sandbox

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/mymmrac/telego"
)

// htmlTypes are the tags of the HTML parse mode and their entities. Those of a, pre, code,
// span and blockquote depend on more than the tag.
var htmlTypes = map[string]string{
	"b": telego.EntityTypeBold, "strong": telego.EntityTypeBold,
	"i": telego.EntityTypeItalic, "em": telego.EntityTypeItalic,
	"u": telego.EntityTypeUnderline, "ins": telego.EntityTypeUnderline,
	"s": telego.EntityTypeStrikethrough, "strike": telego.EntityTypeStrikethrough, "del": telego.EntityTypeStrikethrough,
	"tg-spoiler": telego.EntityTypeSpoiler, "span": telego.EntityTypeSpoiler,
	"tg-emoji": telego.EntityTypeCustomEmoji,
	"a":        telego.EntityTypeTextLink, "pre": telego.EntityTypePre, "code": telego.EntityTypeCode,
	"blockquote": telego.EntityTypeBlockquote,
}

// htmlTag is an element that is open.
type htmlTag struct {
	name     string
	argument string // of a: the link; of code: the language; of tg-emoji: the id
	expands  bool   // blockquote
	offset   int    // in UTF-16 units of the text
	begin    int    // in bytes of the text
}

// htmlParser reads the HTML parse mode. Its rules and its words are those of td's parse_html.
type htmlParser struct {
	src      string
	pos      int
	out      strings.Builder
	units    int // UTF-16 length of out
	open     []htmlTag
	entities []telego.MessageEntity

	surrogate bool // a reference was half of a surrogate pair
}

func parseHTML(src string) (richText, error) {
	p := &htmlParser{src: src}
	p.out.Grow(len(src))
	if n := strings.Count(src, "</"); n > 0 {
		p.entities = make([]telego.MessageEntity, 0, n)
	}
	for p.pos < len(src) {
		switch src[p.pos] {
		case '<':
			begin := p.pos
			p.pos++
			var err error
			if p.at() == '/' {
				err = p.endTag(begin)
			} else {
				err = p.startTag(begin)
			}
			if err != nil {
				return richText{}, err
			}
		case '&':
			if r, n := htmlEntity(src[p.pos:]); n > 0 {
				p.surrogate = p.surrogate || utf16.IsSurrogate(r)
				p.write(string(r))
				p.pos += n
				continue
			}
			fallthrough
		default:
			end := strings.IndexAny(src[p.pos+1:], "<&") + 1
			if end == 0 {
				end = len(src) - p.pos
			}
			p.write(src[p.pos : p.pos+end])
			p.pos += end
		}
	}
	return p.finish()
}

func cantParse(format string, args ...any) error {
	return badRequest("can't parse entities: "+format, args...)
}

func (p *htmlParser) write(s string) {
	p.out.WriteString(s)
	p.units += utf16Len(s)
}

// at is the byte that comes next, 0 at the end.
func (p *htmlParser) at() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// until moves to the next byte of a set, or the end, and returns what it passed.
func (p *htmlParser) until(set string) string {
	rest := p.src[p.pos:]
	end := strings.IndexAny(rest, set)
	if end < 0 {
		end = len(rest)
	}
	p.pos += end
	return rest[:end]
}

func (p *htmlParser) skipSpace() {
	rest := p.src[p.pos:]
	p.pos += len(rest) - len(strings.TrimLeft(rest, htmlSpace))
}

const htmlSpace = " \t\n"

func (p *htmlParser) startTag(begin int) error {
	name := strings.ToLower(p.until(htmlSpace + ">"))
	if p.at() == 0 {
		return cantParse("Unclosed start tag at byte offset %d", begin)
	}
	if htmlTypes[name] == "" {
		return cantParse(`Unsupported start tag "%s" at byte offset %d`, name, begin)
	}
	tag := htmlTag{name: name, offset: p.units, begin: p.out.Len()}
	for {
		p.skipSpace()
		if p.at() == '>' {
			p.pos++
			break
		}
		attribute, value, err := p.attribute(name, begin)
		if err != nil {
			return err
		}
		switch {
		case name == "a" && attribute == "href", name == "tg-emoji" && attribute == "emoji-id":
			tag.argument = value
		case name == "code" && attribute == "class":
			tag.argument, _ = strings.CutPrefix(value, "language-")
		case name == "span" && attribute == "class":
			tag.argument, _ = strings.CutPrefix(value, "tg-")
		case name == "blockquote" && attribute == "expandable":
			tag.expands = true
		}
	}
	if name == "span" && tag.argument != "spoiler" {
		return cantParse(`Tag "span" must have class "tg-spoiler" at byte offset %d`, begin)
	}
	p.open = append(p.open, tag)
	return nil
}

// attribute reads the next attribute of a tag; without an equal sign its value is empty.
func (p *htmlParser) attribute(tag string, begin int) (name, value string, err error) {
	name = strings.ToLower(p.until(htmlSpace + "=>"))
	if name == "" {
		return "", "", cantParse(`Empty attribute name in the tag "%s" at byte offset %d`, tag, begin)
	}
	p.skipSpace()
	if p.at() != '=' {
		if p.at() == 0 {
			return "", "", cantParse(`Unclosed start tag "%s" at byte offset %d`, tag, begin)
		}
		return name, "", nil
	}
	p.pos++
	p.skipSpace()
	switch quote := p.at(); quote {
	case 0:
		return "", "", cantParse(`Unclosed start tag "%s" at byte offset %d`, tag, begin)
	case '"', '\'':
		p.pos++
		value = decodeHTML(p.until(string(quote)))
		p.pos++
	default:
		start := p.pos
		rest := p.src[start:]
		end := strings.IndexFunc(rest, func(r rune) bool { return !isNameToken(r) })
		if end < 0 {
			end = len(rest)
		}
		p.pos += end
		if c := p.at(); c != '>' && !strings.ContainsRune(htmlSpace, rune(c)) {
			return "", "", cantParse("Unexpected end of name token at byte offset %d", start)
		}
		value = strings.ToLower(rest[:end])
	}
	if p.at() == 0 {
		return "", "", cantParse("Unclosed start tag at byte offset %d", begin)
	}
	return name, value, nil
}

// isNameToken reports whether a value may have r without quotes.
func isNameToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-'
}

func (p *htmlParser) endTag(begin int) error {
	n := len(p.open)
	if n == 0 {
		return cantParse("Unexpected end tag at byte offset %d", begin)
	}
	p.pos++
	name := strings.ToLower(p.until(htmlSpace + ">"))
	p.skipSpace()
	if p.at() != '>' {
		return cantParse("Unclosed end tag at byte offset %d", begin)
	}
	p.pos++
	tag := p.open[n-1]
	if name != "" && name != tag.name {
		return cantParse(`Unmatched end tag at byte offset %d, expected "</%s>", found "</%s>"`, begin, tag.name, name)
	}
	p.open = p.open[:n-1]
	if p.units == tag.offset {
		return nil
	}
	return p.close(tag)
}

// close makes the entity of an element that ended.
func (p *htmlParser) close(tag htmlTag) error {
	e := telego.MessageEntity{Type: htmlTypes[tag.name], Offset: tag.offset, Length: p.units - tag.offset}
	switch tag.name {
	case "a":
		to := tag.argument
		if to == "" {
			to = p.out.String()[tag.begin:]
		}
		var ok bool
		if e, ok = link(to, e.Offset, e.Length); !ok {
			return nil
		}
	case "tg-emoji":
		if n, err := strconv.ParseInt(tag.argument, 10, 64); err != nil || n == 0 {
			return cantParse("Invalid custom emoji identifier specified")
		}
		e.CustomEmojiID = tag.argument
	case "blockquote":
		if tag.expands {
			e.Type = telego.EntityTypeExpandableBlockquote
		}
	case "code": // its language counts only where it and a pre enclose the same
		if o := p.newest(e); o != nil && o.Type == telego.EntityTypePre && tag.argument != "" {
			o.Language = tag.argument
			return nil
		}
		e.Language = tag.argument
	case "pre":
		if o := p.newest(e); o != nil && o.Type == telego.EntityTypeCode && o.Language != "" {
			o.Type = telego.EntityTypePre
			return nil
		}
	}
	p.entities = append(p.entities, e)
	return nil
}

// newest returns the entity made last where it has the extent of e.
func (p *htmlParser) newest(e telego.MessageEntity) *telego.MessageEntity {
	n := len(p.entities)
	if n == 0 || p.entities[n-1].Offset != e.Offset || p.entities[n-1].Length != e.Length {
		return nil
	}
	return &p.entities[n-1]
}

// finish ends the parse: nothing may be open, and code has no language.
func (p *htmlParser) finish() (richText, error) {
	if n := len(p.open); n > 0 {
		return richText{}, cantParse(`Can't find end tag corresponding to start tag "%s"`, p.open[n-1].name)
	}
	if p.surrogate {
		return richText{}, cantParse("Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units")
	}
	for i := range p.entities {
		if p.entities[i].Type == telego.EntityTypeCode {
			p.entities[i].Language = ""
		}
	}
	return richText{p.out.String(), p.entities}, nil
}

// htmlEntity decodes the character reference that s begins with, and returns how many bytes it
// takes; 0 where there is none that Telegram knows.
func htmlEntity(s string) (rune, int) {
	var (
		base   int
		digits string
	)
	switch {
	case strings.HasPrefix(s, "&#x"):
		base, digits = 16, s[3:]
	case strings.HasPrefix(s, "&#"):
		base, digits = 10, s[2:]
	default:
		return namedEntity(s)
	}
	end := strings.IndexFunc(digits, func(r rune) bool { return !isDigit(r, base) })
	if end < 0 {
		end = len(digits)
	}
	n := len(s) - len(digits) + end
	code, err := strconv.ParseUint(digits[:end], base, 32)
	if err != nil || code == 0 || code >= unicode.MaxRune || n >= 10 {
		return 0, 0
	}
	return rune(code), n + semicolon(s[n:])
}

func isDigit(r rune, base int) bool {
	return r >= '0' && r <= '9' || base == 16 && (r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F')
}

func namedEntity(s string) (rune, int) {
	end := 1
	for end < len(s) && (s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z') {
		end++
	}
	n := end + semicolon(s[end:])
	switch s[1:end] {
	case "lt":
		return '<', n
	case "gt":
		return '>', n
	case "amp":
		return '&', n
	case "quot":
		return '"', n
	}
	return 0, 0
}

// semicolon is the length of the semicolon that s may begin with.
func semicolon(s string) int {
	if strings.HasPrefix(s, ";") {
		return 1
	}
	return 0
}

// decodeHTML decodes the character references in an attribute.
func decodeHTML(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		if s[0] == '&' {
			if r, n := htmlEntity(s); n > 0 {
				out.WriteRune(r)
				s = s[n:]
				continue
			}
		}
		out.WriteByte(s[0])
		s = s[1:]
	}
	return out.String()
}
