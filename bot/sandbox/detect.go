package sandbox

import (
	"regexp"
	"slices"
	"strings"

	"github.com/mymmrac/telego"
)

// detectors find what Telegram finds in plain text by itself. In each the first group is the
// entity. Links are found only with their scheme.
var detectors = []struct {
	kind string
	hint string // a text without it has none
	re   *regexp.Regexp
}{
	{telego.EntityTypeURL, "://", regexp.MustCompile(`(?i)(?:^|[^\pL\pN_])(https?://[^\s<>"]*[^\s<>".,;:!?')\]])`)},
	{telego.EntityTypeEmail, "@", regexp.MustCompile(`(?:^|[^\w.+-])([\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})`)},
	{telego.EntityTypeMention, "@", regexp.MustCompile(`(?:^|[^\pL\pN_])(@[A-Za-z0-9_]{3,32})(?:$|[^\pL\pN_])`)},
	{telego.EntityTypeBotCommand, "/", regexp.MustCompile(`(?:^|[^\pL\pN_/<>])(/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?:$|[^\pL\pN_/<>])`)},
	{telego.EntityTypeHashtag, "#", regexp.MustCompile(`(?:^|[^\pL\pN_])(#[\pL\pN_]*\pL[\pL\pN_]*)(?:$|[^\pL\pN_#])`)},
}

// detect adds the entities found in the text, where the author's own leave room.
func (rt *richText) detect() {
	if !strings.ContainsAny(rt.text, ":@/#") {
		return
	}
	before := len(rt.entities)
	for _, d := range detectors {
		if strings.Contains(rt.text, d.hint) {
			rt.find(d.kind, d.re)
		}
	}
	if len(rt.entities) > before {
		slices.SortStableFunc(rt.entities, byPosition)
	}
}

func (rt *richText) find(kind string, re *regexp.Regexp) {
	for at := 0; at < len(rt.text) && len(rt.entities) < maxEntities; {
		m := re.FindStringSubmatchIndex(rt.text[at:])
		if m == nil {
			return
		}
		begin, end := at+m[2], at+m[3]
		glued := at > 0 && m[0] == m[2] // to the entity before
		at = end
		if glued {
			continue
		}
		e := telego.MessageEntity{Type: kind, Offset: utf16Len(rt.text[:begin]), Length: utf16Len(rt.text[begin:end])}
		if !slices.ContainsFunc(rt.entities, func(o telego.MessageEntity) bool { return excludes(o, e) }) {
			rt.entities = append(rt.entities, e)
		}
	}
}

// excludes reports whether an entity leaves no room for a found one: code, links and other
// found ones do wherever they touch it; bold and the like do not.
func excludes(o, e telego.MessageEntity) bool {
	if o.Offset >= e.Offset+e.Length || e.Offset >= o.Offset+o.Length {
		return false
	}
	return nesting[o.Type] < 90 && o.Type != telego.EntityTypeBlockquote && o.Type != telego.EntityTypeExpandableBlockquote
}
