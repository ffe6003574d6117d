package sandbox

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// plainButtons reads an inline keyboard whose buttons have nothing but text, data and link, as
// nearly all have; false where there is anything else, or anything wrong. The buttons share the
// memory of v, which is at most maxMarkup.
func plainButtons(v string) (rows [][]telego.InlineKeyboardButton, ok bool) {
	if !strings.HasPrefix(v, `{"inline_keyboard":[`) {
		return nil, false
	}
	d := borrowDecoder([]byte(v))
	defer d.giveBack()
	for range 3 { // {, the name, [
		if _, err := d.ReadToken(); err != nil {
			return nil, false
		}
	}
	all := make([]telego.InlineKeyboardButton, 0, strings.Count(v, `"text"`))
	for d.PeekKind() == '[' {
		if _, err := d.ReadToken(); err != nil {
			return nil, false
		}
		first := len(all)
		for d.PeekKind() == '{' {
			b, ok := d.plainButton(v)
			if !ok {
				return nil, false
			}
			all = append(all, b)
		}
		if !d.ends(']') {
			return nil, false
		}
		rows = append(rows, all[first:len(all):len(all)])
	}
	return rows, d.ends(']') && d.ends('}') && d.PeekKind() == 0
}

// plainButton reads a button out of v.
func (d *decoder) plainButton(v string) (b telego.InlineKeyboardButton, ok bool) {
	if _, err := d.ReadToken(); err != nil {
		return b, false
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadValue()
		if err != nil {
			return b, false
		}
		var to *string
		switch string(name) {
		case `"text"`:
			to = &b.Text
		case `"callback_data"`:
			to = &b.CallbackData
		case `"url"`:
			to = &b.URL
		default:
			return b, false
		}
		value, err := d.ReadValue()
		if err != nil || value.Kind() != '"' || *to != "" {
			return b, false
		}
		if end := int(d.InputOffset()); strings.IndexByte(v[end-len(value):end], '\\') < 0 {
			*to = v[end-len(value)+1 : end-1]
		} else {
			*to = d.unquote(value)
		}
	}
	return b, d.ends('}')
}

// ends reads the end of an object or a list.
func (d *decoder) ends(kind jsontext.Kind) bool {
	if d.PeekKind() != kind {
		return false
	}
	_, err := d.ReadToken()
	return err == nil
}
