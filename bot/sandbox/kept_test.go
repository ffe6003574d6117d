package sandbox

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/mymmrac/telego"
)

// TestKeptKeyboard: a keyboard comes back as it was kept, whatever is on it, and bots get what
// telego makes of it.
func TestKeptKeyboard(t *testing.T) {
	here := "query"
	plain := telego.InlineKeyboardButton{Text: `a "quoted" <b>&\ ` + "\u2028 🙋", CallbackData: "1j:2~3"}
	link := telego.InlineKeyboardButton{Text: "link", URL: "https://example.org/?a=1&b=2"}
	special := telego.InlineKeyboardButton{Text: "here", SwitchInlineQueryCurrentChat: &here}
	for name, rows := range map[string][][]telego.InlineKeyboardButton{
		"plain":   {{plain, link}, {plain}},
		"special": {{plain, special}},
	} {
		k := &telego.InlineKeyboardMarkup{InlineKeyboard: rows}
		kept := keepKeyboard(k)
		if got := kept.markup(); !reflect.DeepEqual(got, k) || kept.none() {
			t.Errorf("%s: kept as %+v", name, got)
		}
		if (kept.other == nil) != (name == "plain") {
			t.Errorf("%s is kept as %+v", name, kept)
		}
		var got, want any
		raw, err := json.Marshal(k)
		if err != nil || json.Unmarshal(raw, &want) != nil || json.Unmarshal(kept.append(nil), &got) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: bots get %s, not %s", name, kept.append(nil), raw)
		}
		again := keepKeyboard(&telego.InlineKeyboardMarkup{InlineKeyboard: rows})
		other := keepKeyboard(&telego.InlineKeyboardMarkup{InlineKeyboard: rows[:1][:1:1]})
		if !kept.is(again) || name == "plain" && kept.is(other) || kept.is(keptKeyboard{}) {
			t.Errorf("%s: it is not the same as what it is", name)
		}
	}
	if k := keepKeyboard(nil); !k.none() || k.markup() != nil || !k.is(keptKeyboard{}) {
		t.Errorf("no keyboard is kept as %+v", k)
	}
}
