package sandbox

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a request's body. Telegram takes 50 MB of files by multipart/form-data.
const (
	maxBody      = 1 << 20
	maxMultipart = 50<<20 + maxBody
	maxParts     = 256
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

// readParams reads the parameters of a request; those in the body go before those in the URL.
func readParams(r *http.Request) (*params, error) {
	p := &params{values: map[string]string{}}
	if r.URL.RawQuery != "" {
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, badRequest("can't parse the query string")
		}
		p.addForm(q)
	}
	if r.Method != http.MethodPost || r.ContentLength == 0 {
		return p, p.check()
	}
	kind, args, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch kind {
	case "application/json":
		err = p.addJSON(r)
	case "multipart/form-data":
		err = p.addMultipart(r, args["boundary"])
	case "application/x-www-form-urlencoded", "":
		var body []byte
		if body, err = readBody(r, maxBody); err == nil {
			q, perr := url.ParseQuery(string(body))
			if perr != nil {
				return nil, badRequest("can't parse the form")
			}
			p.addForm(q)
		}
	}
	if err != nil {
		return nil, err
	}
	return p, p.check()
}

func (p *params) addForm(q url.Values) {
	for name, v := range q {
		p.values[name] = v[0]
	}
}

func (p *params) addJSON(r *http.Request) error {
	body, err := readBody(r, maxBody)
	if err != nil {
		return err
	}
	if !utf8.Valid(body) {
		return errNotUTF8
	}
	return p.parseJSON(body)
}

// parseJSON takes the members of an object apart. The values are parts of one string.
func (p *params) parseJSON(body []byte) error {
	if !json.Valid(body) {
		return errNotJSON
	}
	rest, isObject := strings.CutPrefix(strings.TrimLeft(string(body), jsonSpace), "{")
	if !isObject {
		return errNotJSON
	}
	for {
		rest = strings.TrimLeft(rest, jsonSpace+",")
		if rest[0] == '}' {
			return nil
		}
		end := jsonEnd(rest)
		name, value := rest[:end], strings.TrimLeft(rest[end:], jsonSpace+":")
		end = jsonEnd(value)
		value, rest = value[:end], value[end:]
		if err := p.addMember(name, value); err != nil {
			return err
		}
	}
}

// addMember adds a member of a JSON object: a string as what it says, null not at all.
func (p *params) addMember(name, value string) error {
	name, err := unquote(name)
	switch {
	case err != nil:
	case value[0] == '"':
		p.values[name], err = unquote(value)
	case value != "null":
		p.values[name] = value
	}
	if err != nil {
		return errNotJSON
	}
	return nil
}

const jsonSpace = " \t\r\n"

// jsonEnd is where the value that valid JSON begins with ends.
func jsonEnd(s string) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
			continue
		case c == '{' || c == '[':
			depth++
			continue
		case depth == 0 && strings.IndexByte(",:}] \t\r\n", c) >= 0: // after a number, true, false or null
			return i
		case c == '}' || c == ']':
			depth--
		default:
			continue
		}
		if depth == 0 && !quoted {
			return i + 1
		}
	}
	return len(s)
}

// unquote decodes a JSON string.
func unquote(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1], nil
	}
	var out string
	err := json.Unmarshal([]byte(s), &out)
	return out, err
}

func (p *params) addMultipart(r *http.Request, boundary string) error {
	body := &io.LimitedReader{R: r.Body, N: maxMultipart + 1}
	parts := multipart.NewReader(body, boundary)
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
		case body.N == 0:
			return errTooLarge
		case err != nil:
			return badRequest("can't parse the multipart request")
		case part.FileName() != "":
			p.files[part.FormName()] = &upload{part.FileName(), data}
		default:
			p.values[part.FormName()] = string(data)
		}
	}
	return badRequest("too many parts in the request")
}

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	var (
		body []byte
		err  error
	)
	if r.ContentLength >= 0 {
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

func (p *params) check() error {
	for _, v := range p.values {
		if !utf8.ValidString(v) {
			return errNotUTF8
		}
	}
	return nil
}

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

// boolean reads a parameter; what is neither true, yes nor 1 is false.
func (p *params) boolean(name string) bool {
	switch strings.ToLower(strings.TrimSpace(p.values[name])) {
	case "true", "yes", "1":
		return true
	}
	return false
}
