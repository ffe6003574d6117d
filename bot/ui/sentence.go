package ui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
)

// sentence is a message of the locale files, taken apart once: every press renders dozens,
// and a template engine would be most of the work. Its forms are by [plural.Form]; those
// that the file does not have are nil, but for Other.
type sentence [plural.Many + 1][]piece

// piece is literal text, or the name of a value.
type piece struct {
	text  string
	value string
}

// newSentence takes a message apart.
func newSentence(m *i18n.Message) (*sentence, error) {
	var s sentence
	for form, text := range map[plural.Form]string{
		plural.Other: m.Other, plural.Zero: m.Zero, plural.One: m.One,
		plural.Two: m.Two, plural.Few: m.Few, plural.Many: m.Many,
	} {
		pieces, err := takeApart(text)
		if err != nil {
			return nil, fmt.Errorf("message %s: %w", m.ID, err)
		}
		s[form] = pieces
	}
	return &s, nil
}

// takeApart reads the only form of placeholder that there is, {{.Name}}.
func takeApart(text string) ([]piece, error) {
	var pieces []piece
	for text != "" {
		literal, rest, found := strings.Cut(text, "{{")
		if literal != "" {
			pieces = append(pieces, piece{text: literal})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || len(name) < 2 || name[0] != '.' {
			return nil, fmt.Errorf("a placeholder that is not {{.Name}} in %q", text)
		}
		pieces = append(pieces, piece{value: name[1:]})
		text = after
	}
	return pieces, nil
}

// render fills in args, names and values in turn, each value through escape.
func (s *sentence) render(form plural.Form, args []any, escape func(string) string) string {
	pieces := s[form]
	if pieces == nil {
		pieces = s[plural.Other]
	}
	if len(pieces) == 1 && pieces[0].value == "" {
		return pieces[0].text
	}
	b := make([]byte, 0, 128)
	for _, p := range pieces {
		if p.value == "" {
			b = append(b, p.text...)
			continue
		}
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == p.value {
				b = appendValue(b, args[i+1], escape)
			}
		}
	}
	return string(b)
}

func appendValue(b []byte, v any, escape func(string) string) []byte {
	switch v := v.(type) {
	case string:
		return append(b, escape(v)...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int16:
		return strconv.AppendInt(b, int64(v), 10)
	case int32:
		return strconv.AppendInt(b, int64(v), 10)
	}
	return append(b, escape(fmt.Sprint(v))...)
}

// plain leaves a value as it is.
func plain(text string) string { return text }
