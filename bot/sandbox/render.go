package sandbox

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mymmrac/telego"
)

var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// html writes the text in the HTML parse mode: what a bot would send to get it. Found entities
// are left as plain text.
func (rt *richText) html() string {
	var (
		out   strings.Builder
		open  []telego.MessageEntity
		rest  = slices.DeleteFunc(slices.Clone(rt.entities), func(e telego.MessageEntity) bool { _, end := tags(e); return end == "" })
		units int
	)
	// shut closes what ends here; an entity that crosses another ends with it.
	shut := func() {
		for n := len(open); n > 0 && slices.ContainsFunc(open, func(e telego.MessageEntity) bool { return e.Offset+e.Length <= units }); n-- {
			_, end := tags(open[n-1])
			out.WriteString(end)
			open = open[:n-1]
		}
	}
	for _, r := range rt.text {
		shut()
		for len(rest) > 0 && rest[0].Offset <= units {
			begin, _ := tags(rest[0])
			out.WriteString(begin)
			open, rest = append(open, rest[0]), rest[1:]
		}
		escapeHTML.WriteString(&out, string(r)) // a strings.Builder does not fail
		units += utf16Len(string(r))
	}
	shut()
	return out.String()
}

// tags are the begin and end tag of an entity; empty for one that Telegram finds by itself.
func tags(e telego.MessageEntity) (begin, end string) {
	switch e.Type {
	case telego.EntityTypeBold:
		return "<b>", "</b>"
	case telego.EntityTypeItalic:
		return "<i>", "</i>"
	case telego.EntityTypeUnderline:
		return "<u>", "</u>"
	case telego.EntityTypeStrikethrough:
		return "<s>", "</s>"
	case telego.EntityTypeSpoiler:
		return "<tg-spoiler>", "</tg-spoiler>"
	case telego.EntityTypeBlockquote:
		return "<blockquote>", "</blockquote>"
	case telego.EntityTypeExpandableBlockquote:
		return "<blockquote expandable>", "</blockquote>"
	case telego.EntityTypeCode:
		return "<code>", "</code>"
	case telego.EntityTypePre:
		if e.Language != "" {
			return `<pre><code class="language-` + escapeHTML.Replace(e.Language) + `">`, "</code></pre>"
		}
		return "<pre>", "</pre>"
	case telego.EntityTypeTextLink:
		return `<a href="` + escapeHTML.Replace(e.URL) + `">`, "</a>"
	case telego.EntityTypeTextMention:
		return `<a href="tg://user?id=` + strconv.FormatInt(e.User.ID, 10) + `">`, "</a>"
	case telego.EntityTypeCustomEmoji:
		return `<tg-emoji emoji-id="` + escapeHTML.Replace(e.CustomEmojiID) + `">`, "</tg-emoji>"
	}
	return "", ""
}
