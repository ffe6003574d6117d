package sandbox

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// givenEntities reads the entities a bot gave. Those that Telegram finds by itself are
// ignored, and so is what is no list.
func (s *Server) givenEntities(text, list string) ([]telego.MessageEntity, error) {
	var raw []jsontext.Value
	if json.Unmarshal([]byte(list), &raw) != nil {
		return nil, nil
	}
	length := utf16Len(text)
	var given []telego.MessageEntity
	for _, r := range raw {
		var e telego.MessageEntity
		switch err := json.Unmarshal(r, &e); {
		case err != nil:
			return nil, badRequest("can't parse MessageEntity: expected an Object")
		case e.Type == "":
			return nil, badRequest(`can't parse MessageEntity: Can't find field "type"`)
		case slices.Contains(foundTypes, e.Type):
			continue
		case !slices.Contains(givenTypes, e.Type):
			return nil, badRequest("can't parse MessageEntity: Unsupported type specified")
		}
		if err := s.checkEntity(&e, length); err != nil {
			return nil, err
		}
		if e.Length > 0 {
			given = append(given, e)
		}
	}
	return given, nil
}

// checkEntity refuses an entity that is not within a text, or links to nothing.
func (s *Server) checkEntity(e *telego.MessageEntity, length int) error {
	switch {
	case e.Offset < 0:
		return badRequest("receive an entity with incorrect offset %d", e.Offset)
	case e.Length < 0:
		return badRequest("receive an entity with incorrect length %d", e.Length)
	case e.Type == telego.EntityTypeTextMention && (e.User == nil || s.person(e.User.ID) == nil):
		return badRequest("user not found")
	case e.Offset > length:
		return badRequest("entity begins after the end of the text at UTF-16 offset %d", e.Offset)
	case e.Offset+e.Length > length:
		return badRequest("entity beginning at UTF-16 offset %d ends after the end of the text at UTF-16 offset %d", e.Offset, e.Offset+e.Length)
	case e.Type != telego.EntityTypeTextLink:
		return nil
	}
	to, wrong := checkLink(e.URL)
	if wrong != "" {
		return badRequest("entity URL '%s' is invalid: %s", e.URL, wrong)
	}
	e.URL = to
	return nil
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

// foundTypes are the entities that Telegram finds by itself.
var foundTypes = []string{
	telego.EntityTypeMention, telego.EntityTypeHashtag, telego.EntityTypeCashtag, telego.EntityTypeBotCommand,
	telego.EntityTypeURL, telego.EntityTypeEmail, telego.EntityTypePhoneNumber, "bank_card_number",
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
