package ui

import (
	"embed"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"okolo/persistence/model"
)

//go:embed locales/*.toml
var locales embed.FS

// languages are those the bot speaks, the first where a person's own is not among them.
var languages = []string{"en", "ru"}

var tongues = loadTongues()

// tongue speaks one language.
type tongue struct {
	lang     string
	words    *i18n.Localizer
	weekdays []string // from Sunday
	months   []string // from January
}

func loadTongues() map[string]*tongue {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	all := make(map[string]*tongue, len(languages))
	for _, lang := range languages {
		if _, err := bundle.LoadMessageFileFS(locales, "locales/"+lang+".toml"); err != nil {
			panic(fmt.Sprintf("ui: the embedded words of %q: %v", lang, err)) // a broken build
		}
	}
	for _, lang := range languages {
		t := &tongue{lang: lang, words: i18n.NewLocalizer(bundle, lang)}
		t.weekdays = strings.Fields(t.say("weekdays"))
		t.months = strings.Fields(t.say("months"))
		all[lang] = t
	}
	return all
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
	return t.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: fields(args)})
}

// html is say for a sentence that is HTML: strings among the values are escaped.
func (t *tongue) html(id string, args ...any) string {
	f := fields(args)
	for name, v := range f {
		if text, ok := v.(string); ok {
			f[name] = escape(text)
		}
	}
	return t.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: f})
}

// count returns a sentence in the plural form of n, which the sentence calls N.
func (t *tongue) count(id string, n int, args ...any) string {
	f := fields(args)
	f["N"] = n
	return t.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: f, PluralCount: n})
}

func (t *tongue) localize(c *i18n.LocalizeConfig) string {
	text, err := t.words.Localize(c)
	if err != nil {
		// A test proves that no sentence is missing; should one be, its name is better than nothing.
		return c.MessageID
	}
	return text
}

func fields(args []any) map[string]any {
	f := make(map[string]any, len(args)/2+1)
	for i := 0; i+1 < len(args); i += 2 {
		f[args[i].(string)] = args[i+1]
	}
	return f
}

// category returns the name of a category with its sign; of any, for the empty one.
func (t *tongue) category(c model.Category) string {
	if c == "" {
		return t.say("category_any")
	}
	return t.say("category_" + string(c))
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
	day := t.day(at)
	if at.Year() != now.In(at.Location()).Year() {
		day = fmt.Sprintf("%s %d", day, at.Year())
	}
	return day + " " + clock
}

// distance returns "350 m" or "1.2 km".
func (t *tongue) distance(metres int) string {
	if metres < 1000 {
		return t.say("metres", "N", metres/10*10)
	}
	if metres < 10_000 {
		return t.say("kilometres", "N", fmt.Sprintf("%.1f", float64(metres)/1000))
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
