package ui

import (
	"embed"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"okolo/persistence/model"
)

//go:embed locales/*.toml
var locales embed.FS

// languages are those the bot speaks, the first where a person's own is not among them.
var languages = []string{"en", "ru"}

var tongues = loadTongues()

// tongue speaks one language. Package i18n reads the words; the plural rules are those of
// CLDR, as they are there.
type tongue struct {
	lang      string
	tag       language.Tag
	sentences map[string]*sentence
	weekdays  []string // from Sunday
	months    []string // from January
}

// loadTongues reads the embedded files. A damaged one is a broken build.
func loadTongues() map[string]*tongue {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	all := make(map[string]*tongue, len(languages))
	for _, lang := range languages {
		t := &tongue{lang: lang, tag: language.Make(lang), sentences: make(map[string]*sentence)}
		if err := t.load(bundle); err != nil {
			panic(fmt.Sprintf("ui: the embedded words of %q: %v", lang, err))
		}
		t.weekdays = strings.Fields(t.say("weekdays"))
		t.months = strings.Fields(t.say("months"))
		all[lang] = t
	}
	return all
}

func (t *tongue) load(bundle *i18n.Bundle) error {
	file, err := bundle.LoadMessageFileFS(locales, "locales/"+t.lang+".toml")
	if err != nil {
		return err
	}
	for _, m := range file.Messages {
		if t.sentences[m.ID], err = newSentence(m); err != nil {
			return err
		}
	}
	return nil
}

// tongue returns the language of a conversation: the one chosen, or else that of the
// person's Telegram.
func (s State) tongue(c Context) *tongue {
	for _, lang := range []string{s.Lang, c.From.Lang} {
		lang, _, _ = strings.Cut(lang, "-")
		if t := tongues[strings.ToLower(lang)]; t != nil {
			return t
		}
	}
	return tongues[languages[0]]
}

// say returns a sentence as plain text. args are names and values in turn.
func (t *tongue) say(id string, args ...any) string {
	return t.render(id, plural.Other, args, plain)
}

// html is say for a sentence that is HTML: the values are escaped.
func (t *tongue) html(id string, args ...any) string {
	return t.render(id, plural.Other, args, escape)
}

// count returns a sentence in the plural form of n, which the sentence calls N.
func (t *tongue) count(id string, n int, args ...any) string {
	form := plural.Cardinal.MatchPlural(t.tag, n, 0, 0, 0, 0)
	return t.render(id, form, append(args, "N", n), escape)
}

func (t *tongue) render(id string, form plural.Form, args []any, escape func(string) string) string {
	if s := t.sentences[id]; s != nil {
		return s.render(form, args, escape)
	}
	return id // a test proves that none is missing; its name is better than nothing
}

// category returns the name of a category with its sign; of any, for the empty one.
func (t *tongue) category(c model.Category) string {
	if c == "" {
		return t.say("category_any")
	}
	return t.say("category_" + string(c))
}

// categoryCalled returns the category of a name, with its sign or without.
func (t *tongue) categoryCalled(name string) (model.Category, bool) {
	for _, k := range model.Categories {
		_, words, _ := strings.Cut(t.category(k), " ")
		if strings.EqualFold(name, words) || name == t.category(k) {
			return k, true
		}
	}
	return "", false
}

// day returns "Sat 25 Nov".
func (t *tongue) day(at time.Time) string {
	return fmt.Sprintf("%s %d %s", t.weekdays[at.Weekday()], at.Day(), t.months[at.Month()-1])
}

// moment returns "today 19:30", "tomorrow 19:30" or "Sat 25 Nov 19:30", all in the time
// zone of at.
func (t *tongue) moment(at, now time.Time) string {
	clock := at.Format("15:04")
	switch daysBetween(now.In(at.Location()), at) {
	case 0:
		return t.say("today_at", "Time", clock)
	case 1:
		return t.say("tomorrow_at", "Time", clock)
	}
	return t.date(at, now)
}

// date returns "Sat 25 Nov 19:30", in the time zone of at; with the year where it is not that of
// now.
func (t *tongue) date(at, now time.Time) string {
	day := t.day(at)
	if at.Year() != now.In(at.Location()).Year() {
		day = fmt.Sprintf("%s %d", day, at.Year())
	}
	return day + " " + at.Format("15:04")
}

// distance returns "350 m", "1.2 km" or "17 km".
func (t *tongue) distance(metres int) string {
	switch {
	case metres < 1000:
		return t.say("metres", "N", metres/10*10)
	case metres < 10_000:
		return t.say("kilometres_tenths", "N", metres/1000, "Tenths", metres%1000/100)
	}
	return t.say("kilometres", "N", metres/1000)
}

// daysBetween counts the midnights between two times of one time zone.
func daysBetween(a, b time.Time) int {
	midnight := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(midnight(b).Sub(midnight(a)).Hours() / 24)
}

// escape makes text safe inside Telegram's HTML.
func escape(text string) string { return html.EscapeString(text) }
