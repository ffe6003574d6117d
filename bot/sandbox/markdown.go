package sandbox

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/mymmrac/telego"
)

// markdownNames are the words of td's errors for entities.
var markdownNames = map[string]string{
	telego.EntityTypeBold: "Bold", telego.EntityTypeItalic: "Italic", telego.EntityTypeUnderline: "Underline",
	telego.EntityTypeStrikethrough: "Strikethrough", telego.EntityTypeSpoiler: "Spoiler",
	telego.EntityTypeCode: "Code", telego.EntityTypePre: "Pre", telego.EntityTypeTextLink: "TextUrl",
	telego.EntityTypeCustomEmoji: "CustomEmoji", telego.EntityTypeBlockquote: "BlockQuote",
}

// markdownMark is an entity that has begun.
type markdownMark struct {
	kind     string
	language string
	offset   int // in UTF-16 units of the text
	begin    int // in bytes of the text
	at       int // in bytes of the source
}

func (m markdownMark) name() string {
	if m.language != "" {
		return "PreCode"
	}
	return markdownNames[m.kind]
}

// markdownParser reads the MarkdownV2 parse mode. Its rules and its words are those of td's
// parse_markdown_v2.
type markdownParser struct {
	src      string
	pos      int
	out      strings.Builder
	units    int // UTF-16 length of out
	open     []markdownMark
	quote    bool // within a block quotation
	inLine   bool // something of the line was written
	entities []telego.MessageEntity
}

func parseMarkdownV2(src string) (richText, error) {
	p := &markdownParser{src: src}
	for p.pos < len(src) {
		c := src[p.pos]
		if c == '\\' && p.pos+1 < len(src) && src[p.pos+1] > 0 && src[p.pos+1] <= 126 {
			p.write(src[p.pos+1 : p.pos+2])
			p.pos += 2
			continue
		}
		if strings.IndexByte(p.reserved(), c) < 0 {
			p.write(src[p.pos : p.pos+1])
			p.pos++
			continue
		}
		var err error
		if p.ends(c) {
			err = p.endEntity(c)
		} else {
			err = p.beginEntity(c)
		}
		if err != nil {
			return richText{}, err
		}
	}
	return p.finish()
}

func (p *markdownParser) write(s string) {
	p.out.WriteString(s)
	p.units += utf16Len(s)
	p.inLine = s != "\n"
}

// reserved are the characters that mean something here.
func (p *markdownParser) reserved() string {
	if n := len(p.open); n > 0 {
		if k := p.open[n-1].kind; k == telego.EntityTypeCode || k == telego.EntityTypePre {
			return "`"
		}
	}
	return "_*[]()~`>#+-=|{}.!\n"
}

// next reports whether the source goes on with s.
func (p *markdownParser) next(s string) bool { return strings.HasPrefix(p.src[p.pos:], s) }

// ends reports whether the reserved character here ends the innermost entity.
func (p *markdownParser) ends(c byte) bool {
	n := len(p.open)
	if n == 0 {
		return false
	}
	if p.quote && c == '\n' && !p.next("\n>") {
		return true
	}
	switch p.open[n-1].kind {
	case telego.EntityTypeBold:
		return c == '*'
	case telego.EntityTypeItalic:
		return c == '_' && !p.next("__")
	case telego.EntityTypeUnderline:
		return p.next("__")
	case telego.EntityTypeStrikethrough:
		return c == '~'
	case telego.EntityTypeSpoiler:
		return p.next("||")
	case telego.EntityTypeCode:
		return c == '`'
	case telego.EntityTypePre:
		return p.next("```")
	case telego.EntityTypeTextLink, telego.EntityTypeCustomEmoji:
		return c == ']'
	}
	return false
}

// beginEntity handles a reserved character that ends nothing.
func (p *markdownParser) beginEntity(c byte) error {
	mark := markdownMark{offset: p.units, begin: p.out.Len(), at: p.pos}
	width := 1
	switch {
	case p.next("__"):
		mark.kind, width = telego.EntityTypeUnderline, 2
	case c == '_':
		mark.kind = telego.EntityTypeItalic
	case c == '*':
		mark.kind = telego.EntityTypeBold
	case c == '~':
		mark.kind = telego.EntityTypeStrikethrough
	case p.next("||"):
		mark.kind, width = telego.EntityTypeSpoiler, 2
	case c == '[':
		mark.kind = telego.EntityTypeTextLink
	case p.next("!["):
		mark.kind, width = telego.EntityTypeCustomEmoji, 2
	case p.next("```"):
		mark.kind = telego.EntityTypePre
		mark.language, width = codeHead(p.src[p.pos:])
	case c == '`':
		mark.kind = telego.EntityTypeCode
	case c == '\n':
		p.newLine()
		return nil
	case c == '>' && !p.inLine && !p.quote:
		mark.kind, p.quote = telego.EntityTypeBlockquote, true
	default:
		return cantParse(`Character '%c' is reserved and must be escaped with the preceding '\'`, c)
	}
	p.pos += width
	p.open = append(p.open, mark)
	return nil
}

// newLine passes a line end; a block quotation goes on with the ">" that follows.
func (p *markdownParser) newLine() {
	p.write("\n")
	p.pos++
	if p.quote {
		p.pos++
	}
}

// codeHead reads what begins a block of code: its language, and how many bytes to skip.
func codeHead(s string) (language string, width int) {
	width = len("```")
	rest := s[width:]
	if end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '`' }); end > 0 && rest[end] != '`' {
		language, width = rest[:end], width+end
	}
	if strings.HasPrefix(s[width:], "\n") {
		width++
	}
	return language, width
}

// endEntity handles what ends the innermost entity.
func (p *markdownParser) endEntity(c byte) error {
	if c == '\n' {
		p.expand()
	}
	mark := p.open[len(p.open)-1]
	if c == '\n' && !quotes(mark.kind) {
		return cantParse("Can't find end of %s entity at byte offset %d", mark.name(), mark.at)
	}
	p.open = p.open[:len(p.open)-1]
	e := telego.MessageEntity{Type: mark.kind, Offset: mark.offset, Length: p.units - mark.offset, Language: mark.language}
	switch mark.kind {
	case telego.EntityTypeUnderline, telego.EntityTypeSpoiler:
		p.pos += 2
	case telego.EntityTypePre:
		p.pos += 3
	case telego.EntityTypeBlockquote, telego.EntityTypeExpandableBlockquote:
		p.quote = false
		p.write("\n")
		p.pos++
		e.Length++
	case telego.EntityTypeTextLink:
		return p.endLink(mark, e)
	case telego.EntityTypeCustomEmoji:
		return p.endEmoji(e)
	default:
		p.pos++
	}
	p.add(e)
	return nil
}

// expand makes a block quotation that ends with "||", which began as a spoiler, one to expand.
func (p *markdownParser) expand() {
	n := len(p.open)
	if n < 2 || p.open[n-1].kind != telego.EntityTypeSpoiler || p.open[n-1].begin != p.out.Len() || !quotes(p.open[n-2].kind) {
		return
	}
	p.open = p.open[:n-1]
	p.open[n-2].kind = telego.EntityTypeExpandableBlockquote
}

func quotes(kind string) bool {
	return kind == telego.EntityTypeBlockquote || kind == telego.EntityTypeExpandableBlockquote
}

func (p *markdownParser) add(e telego.MessageEntity) {
	if e.Length > 0 {
		p.entities = append(p.entities, e)
	}
}

func (p *markdownParser) endLink(mark markdownMark, e telego.MessageEntity) error {
	p.pos++
	to := p.out.String()[mark.begin:]
	if p.next("(") {
		at := p.pos + 1
		var ok bool
		if to, ok = p.address(); !ok {
			return cantParse("Can't find end of a URL at byte offset %d", at)
		}
	}
	if l, ok := link(to, e.Offset, e.Length); ok {
		p.add(l)
	}
	return nil
}

func (p *markdownParser) endEmoji(e telego.MessageEntity) error {
	p.pos++
	if !p.next("(") {
		return cantParse("Custom emoji entity must contain a tg://emoji URL")
	}
	at := p.pos + 1
	to, ok := p.address()
	if !ok {
		return cantParse("Can't find end of a custom emoji URL at byte offset %d", at)
	}
	id, _ := strings.CutPrefix(to, "tg://emoji?id=")
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n == 0 {
		return cantParse("Invalid custom emoji identifier specified")
	}
	e.CustomEmojiID = id
	p.add(e)
	return nil
}

// address reads what stands in the parentheses that begin here.
func (p *markdownParser) address() (string, bool) {
	var to []byte
	for p.pos++; p.pos < len(p.src); p.pos++ {
		c := p.src[p.pos]
		if c == ')' {
			p.pos++
			return string(to), true
		}
		if c == '\\' && p.pos+1 < len(p.src) && p.src[p.pos+1] <= 126 {
			p.pos++
			c = p.src[p.pos]
		}
		to = append(to, c)
	}
	return "", false
}

func (p *markdownParser) finish() (richText, error) {
	p.expand()
	if n := len(p.open); n > 0 && quotes(p.open[n-1].kind) {
		mark := p.open[n-1]
		p.open = p.open[:n-1]
		p.add(telego.MessageEntity{Type: mark.kind, Offset: mark.offset, Length: p.units - mark.offset})
	}
	if n := len(p.open); n > 0 {
		return richText{}, cantParse("Can't find end of %s entity at byte offset %d", p.open[n-1].name(), p.open[n-1].at)
	}
	return richText{p.out.String(), p.entities}, nil
}

// parseMarkdown reads the legacy Markdown parse mode, which knows no nesting, by the rules of
// td's parse_markdown.
func parseMarkdown(src string) (richText, error) {
	p := &markdownParser{src: src}
	for p.pos < len(src) {
		c := src[p.pos]
		if c == '\\' && p.pos+1 < len(src) && strings.IndexByte("_*`[", src[p.pos+1]) >= 0 {
			p.write(src[p.pos+1 : p.pos+2])
			p.pos += 2
			continue
		}
		if strings.IndexByte("_*`[", c) < 0 {
			p.write(src[p.pos : p.pos+1])
			p.pos++
			continue
		}
		if err := p.legacyEntity(c); err != nil {
			return richText{}, err
		}
	}
	return p.finish()
}

func (p *markdownParser) legacyEntity(c byte) error {
	mark := markdownMark{offset: p.units, begin: p.out.Len(), at: p.pos}
	end, width := string(c), 1
	switch {
	case p.next("```"):
		end, mark.kind = "```", telego.EntityTypePre
		mark.language, width = codeHead(p.src[p.pos:])
	case c == '`':
		mark.kind = telego.EntityTypeCode
	case c == '*':
		mark.kind = telego.EntityTypeBold
	case c == '_':
		mark.kind = telego.EntityTypeItalic
	default:
		end, mark.kind = "]", telego.EntityTypeTextLink
	}
	p.pos += width
	inner, _, found := strings.Cut(p.src[p.pos:], end)
	if !found {
		return cantParse("Can't find end of the entity starting at byte offset %d", mark.at)
	}
	p.write(inner)
	p.pos += len(inner)
	e := telego.MessageEntity{Type: mark.kind, Offset: mark.offset, Length: p.units - mark.offset, Language: mark.language}
	if mark.kind == telego.EntityTypeTextLink {
		return p.endLink(mark, e)
	}
	p.pos += len(end)
	p.add(e)
	return nil
}
