package sandbox

import (
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"
)

// The short way reads what the long way reads, or leaves it to that.
func TestPlainButtons(t *testing.T) {
	for v, plain := range map[string]bool{
		`{"inline_keyboard":[[{"text":"A","callback_data":"a"},{"text":"\u0411\n","url":"http:\/\/b.c"}],[],[{"text":"C","callback_data":"c"}]]}`: true,
		`{"inline_keyboard":[ [ { "callback_data" : "a" , "text" : "A" } ] ] } `:                                                                  true,
		`{"inline_keyboard":[]}`:                                                true,
		`{"inline_keyboard":[[]]}`:                                              true,
		`{"inline_keyboard":[[{"text":"A","pay":true}]]}`:                       false,
		`{"inline_keyboard":[[{"text":"A","text":"B"}]]}`:                       false,
		`{"inline_keyboard":[[{"text":1}]]}`:                                    false,
		`{"inline_keyboard":[[{"text":"A"}]],"force_reply":true}`:               false,
		`{"inline_keyboard":[[{"text":"A"}],1]}`:                                false,
		`{"inline_keyboard":[[{"text":"A"},1]]}`:                                false,
		`{"inline_keyboard":[[{"text":"A"}]]`:                                   false,
		`{"inline_keyboard":[[{"text":"A"}]]}x`:                                 false,
		`{"inline_keyboard":[[{"text":"A`:                                       false,
		`{"inline_keyboard":[[`:                                                 false,
		`{"inline_keyboard":[1]}`:                                               false,
		`{"keyboard":[["A"]]}`:                                                  false,
		"{\"inline_keyboard\":[[{\"text\":\"\xff\",\"callback_data\":\"a\"}]]}": false,
	} {
		rows, ok := plainButtons(v)
		if ok != plain {
			t.Errorf("%s: %t", v, ok)
		}
		if !ok {
			continue
		}
		var raw rawMarkup
		if err := json.Unmarshal([]byte(v), &raw); err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		got, err := inlineKeyboard(rows)
		want, err2 := inlineKeyboard(*raw.InlineKeyboard)
		if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v %v\n%+v %v", v, got, err, want, err2)
		}
	}
}
