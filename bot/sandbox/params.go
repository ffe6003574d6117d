package sandbox

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of a request's body. Telegram takes 50 MB of files by multipart/form-data.
const (
	maxBody      = 1 << 20
	maxMultipart = 50<<20 + maxBody
	maxParts     = 256
	maxDrained   = 8 << 20 // of a body that is refused
)

// params are the parameters of a call. As in Telegram every value is a string, whichever way
// it came: in the query string, a form, multipart, or JSON, where what is no string keeps its
// JSON form.
type params struct {
	values map[string]string
	files  map[string]*upload
}

// upload is a file sent in a request.
type upload struct {
	name string
	data []byte
}

// request is a call of a bot as it came over HTTP, whoever read it.
type request struct {
	method, query string
	contentType   string
	body          []byte // not kept

	// left reports whether the caller has gone, for calls that wait; nil: the call's context ends then.
	left func() bool
}

// params reads the parameters of a request; those in the body go before those in the URL.
func (r *request) params() (*params, error) {
	p := &params{values: map[string]string{}}
	if r.query != "" {
		q, err := url.ParseQuery(r.query)
		if err != nil {
			return nil, badRequest("can't parse the query string")
		}
		if err := p.addForm(q); err != nil {
			return nil, err
		}
	}
	if r.method == http.MethodPost && len(r.body) > 0 {
		if err := p.addBody(r.contentType, r.body); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *params) addBody(contentType string, body []byte) error {
	kind, args := contentType, map[string]string(nil)
	if kind != jsonType[0] { // the common one needs no parsing
		kind, args, _ = mime.ParseMediaType(contentType)
	}
	if kind == "multipart/form-data" {
		return p.addMultipart(body, args["boundary"])
	}
	if len(body) > maxBody {
		return errTooLarge
	}
	switch kind {
	case jsonType[0]:
		return p.parseJSON(body)
	case "application/x-www-form-urlencoded", "":
		q, err := url.ParseQuery(string(body))
		if err != nil {
			return badRequest("can't parse the form")
		}
		return p.addForm(q)
	}
	return nil
}

func (p *params) addForm(q url.Values) error {
	for name, v := range q {
		if !utf8.ValidString(v[0]) {
			return errNotUTF8
		}
		p.values[name] = v[0]
	}
	return nil
}

// parseJSON takes the members of an object apart: a string as what it says, null not at all,
// anything else in its JSON form. A null for the object itself is no parameters: telego sends
// that.
func (p *params) parseJSON(body []byte) error {
	d := borrowDecoder(body)
	defer d.giveBack()
	t, err := d.ReadToken()
	if err == nil && t.Kind() == 'n' {
		return nil
	}
	if err != nil || t.Kind() != '{' {
		return notJSON(body)
	}
	for d.PeekKind() != '}' {
		v, err := d.ReadValue()
		if err != nil {
			return notJSON(body)
		}
		name := d.name(v)
		if v, err = d.ReadValue(); err != nil {
			return notJSON(body)
		}
		switch v.Kind() {
		case 'n':
		case '"':
			p.values[name] = d.unquote(v)
		default:
			p.values[name] = string(v)
		}
	}
	if _, err := d.ReadToken(); err != nil { // the closing brace
		return notJSON(body)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return notJSON(body)
	}
	return nil
}

func notJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errNotUTF8
	}
	return errNotJSON
}

func (p *params) addMultipart(body []byte, boundary string) error {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	p.files = map[string]*upload{}
	for range maxParts {
		part, err := parts.NextRawPart()
		if err == io.EOF { // bare: the end; wrapped: cut off
			return nil
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(part)
		}
		switch {
		case err != nil:
			return badRequest("can't parse the multipart request")
		case part.FileName() != "":
			p.files[part.FormName()] = &upload{part.FileName(), data}
		case !utf8.Valid(data):
			return errNotUTF8
		default:
			p.values[part.FormName()] = string(data)
		}
	}
	return badRequest("too many parts in the request")
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrained) // or the client may not read the answer
		return nil, errTooLarge
	}
	var (
		body []byte
		err  error
	)
	if r.ContentLength >= 0 && r.ContentLength <= maxBody { // more is believed when it is there
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, limit+1))
	}
	if err != nil {
		return nil, badRequest("can't read the request")
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, nil
}

var (
	errNotUTF8 = badRequest("strings must be encoded in UTF-8")
	errNotJSON = badRequest("can't parse JSON encoded request parameters")
)

func (p *params) text(name string) string { return p.values[name] }

// required returns a parameter that a method cannot do without.
func (p *params) required(name string) (string, error) {
	v := p.values[name]
	if v == "" {
		return "", badRequest(`parameter "%s" is required`, name)
	}
	return v, nil
}

// integer reads the digits a parameter begins with: Telegram takes "12abc" for 12, "abc" for 0.
func (p *params) integer(name string, absent int64) int64 {
	v := strings.TrimSpace(p.values[name])
	if v == "" {
		return absent
	}
	digits := v
	if end := strings.IndexFunc(v[1:], notDigit); end >= 0 {
		digits = v[:end+1]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// object reads a parameter that is a JSON object; what is it in telegram-bot-api's words.
func (p *params) object(name, what string, v any) error {
	raw := p.values[name]
	if err := json.Unmarshal([]byte(raw), v); err != nil {
		if jsontext.Value(raw).IsValid() {
			return badRequest("object expected as %s", what)
		}
		return badRequest("can't parse %s JSON object", what)
	}
	return nil
}

// boolean reads a parameter; what is neither true, yes nor 1 is false.
func (p *params) boolean(name string) bool {
	switch strings.ToLower(strings.TrimSpace(p.values[name])) {
	case "true", "yes", "1":
		return true
	}
	return false
}
