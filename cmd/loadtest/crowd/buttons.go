package crowd

import (
	"strings"

	"okolo/bot/sandbox"
)

// role is what a button is for, by its label.
type role byte

const (
	roleNone     role = 0
	roleNext     role = '>'
	rolePrevious role = '<'
	roleWider    role = '+'
	roleSmaller  role = '-'
	roleToday    role = 't'
	roleTomorrow role = 'm'
	roleWeek     role = 'w'
	roleNumber   role = '#'
	roleJoin     role = 'j'
	roleLeave    role = 'l'
	roleBack     role = 'b'
	roleCallOff  role = 'x'
	roleYes      role = 'y'
	roleCategory role = 'c'
	roleHere     role = 'h'
	roleTime     role = 'T' // a suggested moment
	rolePublish  role = 'p'
	roleNearby   role = 'n'
)

// buttons are those of one message that a person may press, packed: for each the role, an
// argument, the length of the data, and the data. They are most of what a person remembers.
type buttons string

// packer packs buttons into a buffer that is used again and again.
type packer struct{ buf []byte }

// pack keeps the buttons that somebody may press on a screen.
func (k *packer) pack(m *sandbox.Message, s *screen) buttons {
	k.buf = k.buf[:0]
	for _, row := range m.Buttons {
		for _, b := range row {
			r, arg := roleOf(b.Text, s)
			if r == roleNone || len(b.Data) == 0 || len(b.Data) > 64 {
				continue
			}
			k.buf = append(k.buf, byte(r), byte(arg), byte(arg>>8), byte(len(b.Data)))
			k.buf = append(k.buf, b.Data...)
		}
	}
	return buttons(k.buf)
}

// button is one of them, on the message it belongs to.
type button struct {
	message int64
	role    role
	arg     int
	data    string
}

// each calls yield for every button, until it returns false.
func (b buttons) each(yield func(button) bool) {
	for len(b) >= 4 {
		n := 4 + int(b[3])
		if !yield(button{role: role(b[0]), arg: int(b[1]) | int(b[2])<<8, data: string(b[4:n])}) {
			return
		}
		b = b[n:]
	}
}

// any counts the buttons of a role.
func (b buttons) count(r role) (n int) {
	b.each(func(x button) bool {
		if x.role == r {
			n++
		}
		return true
	})
	return n
}

// nth returns the n-th button of a role, from 0.
func (b buttons) nth(r role, n int) (found button, ok bool) {
	b.each(func(x button) bool {
		if x.role == r {
			if n == 0 {
				found, ok = x, true
			}
			n--
		}
		return !ok
	})
	return found, ok
}

// labels are those that do not change.
var labels = map[string]role{
	"▶": roleNext, "◀": rolePrevious, "today": roleToday, "tomorrow": roleTomorrow, "week": roleWeek,
	"🙋 Join": roleJoin, "👋 Leave": roleLeave, "❌ Call it off": roleCallOff, "Yes, call it off": roleYes,
	"📍 Where I am": roleHere, "✅ Publish": rolePublish, "🗺 Nearby": roleNearby,
}

type category struct{ label, name string }

// categories are the labels of the wizard's categories, by the name that is stored.
var categories = [...]category{
	{"🎵 music", "music"}, {"⚽ sport", "sport"}, {"🧸 for kids", "kids"}, {"🍲 food", "food"},
	{"🎲 games", "games"}, {"🎤 talks", "talks"}, {"🚶 walks", "walks"}, {"📌 other", "other"},
}

// roleOf tells what a button is for, with its argument: the radius in km, the number of the
// event, the category, or the minute of the day.
func roleOf(label string, s *screen) (role, int) {
	if r, ok := labels[label]; ok {
		return r, 0
	}
	switch s.sight {
	case askCategory:
		for i, c := range categories {
			if c.label == label {
				return roleCategory, i
			}
		}
	case askWhen:
		if minute, ok := minuteOf(label); ok {
			return roleTime, minute
		}
	case card, saved:
		if label == "‹ Back" {
			return roleBack, 0
		}
	case list, mine:
		if n, ok := number(label); ok {
			return roleNumber, n
		}
		if km, ok := strings.CutSuffix(label, " km"); ok {
			if n, ok := number(strings.TrimPrefix(km, "➕ ")); ok {
				return roleWider, n
			}
			if n, ok := number(strings.TrimPrefix(km, "➖ ")); ok {
				return roleSmaller, n
			}
		}
	}
	return roleNone, 0
}

// minuteOf reads the time of day at the end of "tomorrow 19:00".
func minuteOf(label string) (int, bool) {
	_, clock, ok := strings.Cut(label[max(0, len(label)-6):], " ")
	hours, minutes, ok2 := strings.Cut(clock, ":")
	h, ok3 := number(hours)
	m, ok4 := number(minutes)
	return h*60 + m, ok && ok2 && ok3 && ok4
}

// number reads a small whole number.
func number(text string) (n int, ok bool) {
	if text == "" || len(text) > 4 {
		return 0, false
	}
	for _, r := range text {
		if r < '0' || r > '9' {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, true
}
