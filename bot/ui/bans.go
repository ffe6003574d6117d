package ui

import (
	"fmt"
	"math"
	"strings"

	"okolo/persistence/model"
)

// bansPage is how many people are on a page of the list of those banned.
const bansPage = 10

// LoadBans asks who is banned, one more than a page shows; its result is [BansLoaded].
type LoadBans struct {
	Context
	Skip, Limit int
}

// BansLoaded is the result of [LoadBans].
type BansLoaded struct {
	Context
	Bans []model.Ban // the latest first
	Err  error
}

// openBans loads a page of the list of those banned; bansLoaded shows it.
func (s State) openBans(c Context, page int64) Turn {
	if !c.Operator {
		return s.showHome(c)
	}
	s.Screen, s.BansPage = ScreenBans, int16(min(max(page, 0), math.MaxInt16))
	return Turn{Next: s, Await: []any{LoadBans{Context: c, Skip: int(s.BansPage) * bansPage, Limit: bansPage + 1}}}
}

func (s State) bansLoaded(in BansLoaded) Turn {
	c, t := in.Context, s.tongue(in.Context)
	switch {
	case in.Err != nil:
		return s.unread(c)
	case len(in.Bans) == 0 && s.BansPage > 0:
		return s.openBans(c, 0) // they have been let in again
	}
	var b strings.Builder
	b.WriteString(t.html("bans_title"))
	if len(in.Bans) == 0 {
		b.WriteString("\n\n" + t.html("bans_none"))
	}
	for i, ban := range in.Bans[:min(len(in.Bans), bansPage)] {
		fmt.Fprintf(&b, "\n\n<b>%d.</b> %s · <code>%d</code>\n%s", int(s.BansPage)*bansPage+i+1,
			escape(t.name(ban.Name)), ban.Person, escape(t.day(ban.Since)))
		if ban.Reason != "" {
			b.WriteString(" · " + escape(clip(ban.Reason, complaintShown)))
		}
	}
	var turn []Button
	if s.BansPage > 0 {
		turn = append(turn, Button{Text: "◀", Data: s.encode(actBans, int64(s.BansPage)-1)})
	}
	if len(in.Bans) > bansPage {
		turn = append(turn, Button{Text: "▶", Data: s.encode(actBans, int64(s.BansPage)+1)})
	}
	rows := [][]Button{{s.menuButton(t)}}
	if len(turn) > 0 {
		rows = [][]Button{turn, rows[0]}
	}
	return s.present(c, Message{Text: b.String(), Buttons: rows})
}

// bansButton opens the list of those banned.
func (s State) bansButton(t *tongue) Button {
	return Button{Text: t.say("button_bans"), Data: s.encode(actBans, 0)}
}
