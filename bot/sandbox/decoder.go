package sandbox

import (
	"bytes"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder reads JSON token by token. Decoders are reused.
type decoder struct {
	jsontext.Decoder
	src     bytes.Buffer
	scratch []byte
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// borrowDecoder returns a decoder of src, which must not change until it is given back.
func borrowDecoder(src []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.src = *bytes.NewBuffer(src) // read in place
	d.Reset(&d.src, jsontext.AllowDuplicateNames(true))
	return d
}

func (d *decoder) giveBack() {
	d.src = bytes.Buffer{}
	if cap(d.scratch) <= 64<<10 {
		decoders.Put(d)
	}
}

// name is what the name of a member says.
func (d *decoder) name(v jsontext.Value) string {
	if len(v) > 2 {
		if s, ok := commonNames[string(v[1:len(v)-1])]; ok {
			return s
		}
	}
	return d.unquote(v)
}

// unquote is what a string says.
func (d *decoder) unquote(v jsontext.Value) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	d.scratch, _ = jsontext.AppendUnquote(d.scratch[:0], v) // it was read as one
	return string(d.scratch)
}

// commonNames are names of parameters that most calls have; they need no memory.
var commonNames = func() map[string]string {
	names := map[string]string{}
	for name := range strings.FieldsSeq("chat_id message_id text parse_mode reply_markup media photo caption " +
		"callback_query_id show_alert offset limit timeout allowed_updates link_preview_options disable_notification action") {
		names[name] = name
	}
	return names
}()
