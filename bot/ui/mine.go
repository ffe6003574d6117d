package ui

import (
	"fmt"
	"strings"

	"okolo/persistence/model"
)

// maxMine is the most events shown of those that a person made or joined.
const maxMine = 20

// openMine loads what a person made or joined; mineLoaded shows it.
func (s State) openMine(c Context) Turn {
	s.Screen = ScreenMine
	return Turn{Next: s, Await: []any{LoadMine{Context: c, Limit: maxMine}}}
}

func (s State) mineLoaded(in MineLoaded) Turn {
	c, t := in.Context, s.tongue(in.Context)
	switch {
	case in.inline != "":
		return s.answerInline(c, in.Events)
	case in.Err != nil:
		return s.unread(c)
	}
	var b strings.Builder
	b.WriteString(t.html("mine_title"))
	if len(in.Events) == 0 {
		b.WriteString("\n\n" + t.html("mine_empty"))
	}
	var numbers []Button
	for i, e := range in.Events {
		fmt.Fprintf(&b, "\n\n<b>%d.</b> %s\n%s · %s", i+1, escape(clip(e.Title, mineTitleShown)),
			escape(t.moment(e.Starts.In(zone(e.Zone)), c.Now)), t.html(mineRole(e, c.From.ID)))
		numbers = append(numbers, Button{Text: fmt.Sprint(i + 1), Data: s.encode(actEvent, e.ID, int64(ScreenMine))})
	}
	var rows [][]Button
	if len(numbers) > 0 {
		rows = grid(numbers, PageSize)
	}
	rows = append(rows, []Button{
		s.createButton(t),
		{Text: t.say("button_menu"), Data: s.encode(actHome)},
	})
	return s.present(c, Message{Text: b.String(), Buttons: rows})
}

// mineRole names what the person has to do with an event.
func mineRole(e model.Seen, person int64) string {
	switch {
	case e.Status == model.Cancelled:
		return "card_cancelled"
	case e.Owner == person:
		return "mine_organiser"
	case e.Part == model.Waiting:
		return "mine_waiting"
	}
	return "mine_going"
}
