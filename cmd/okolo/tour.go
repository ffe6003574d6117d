package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"io"
	"strings"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/model"
)

const (
	tourTitle  = "Lanterns on the Spree"
	maxPicture = 200 << 10 // bytes of a map picture
)

var tourPlace = model.Point{Lat: 52.5200, Lon: 13.4050}

// takeTour has simulated people use the bot from the first hello to the statistics, printed
// as a chat. The error says which step did not do what it should.
func takeTour(ctx context.Context, out io.Writer, d *demo) error {
	people := sandbox.NewPeople(d.url, nil)
	o := visit.Options{Out: out, Name: "okolo"}
	anna, err := visit.Join(ctx, people, sandbox.Profile{ID: operator, FirstName: "Anna", LanguageCode: "en"}, o)
	if err != nil {
		return err
	}
	boris, err := visit.Join(ctx, people, sandbox.Profile{ID: operator + 1, FirstName: "Борис", LanguageCode: "ru"}, o)
	if err != nil {
		return err
	}
	steps := []struct {
		name string
		take func() error
	}{
		{"hello", func() error { return tourHello(anna) }},
		{"the events nearby", func() error { return tourNearby(ctx, anna) }},
		{"an event of one's own", func() error { return tourCreate(ctx, anna, d) }},
		{"found in the list", func() error { return tourFind(anna) }},
		{"joined by somebody else", func() error { return tourJoin(anna, boris) }},
		{"the statistics", func() error { return tourStats(anna) }},
	}
	for i, s := range steps {
		fmt.Fprintf(out, "── %d. %s\n\n", i+1, s.name)
		if err := s.take(); err != nil {
			return fmt.Errorf("the tour stopped at %q: %w", s.name, err)
		}
	}
	fmt.Fprintf(out, "The tour is over: every step did what it should.\n")
	return nil
}

func tourHello(v *visit.Visitor) error {
	v.Say("/start")
	v.See("the greeting", func(m sandbox.Message) bool { return strings.Contains(m.Text, "Hello, Anna!") })
	v.See("the menu", func(m sandbox.Message) bool { _, ok := m.Button("Create"); return ok })
	return v.Err()
}

func tourNearby(ctx context.Context, v *visit.Visitor) error {
	v.Locate(tourPlace.Lat, tourPlace.Lon)
	picture := v.See("the map", func(m sandbox.Message) bool { return m.Photo != nil })
	checkPicture(ctx, v, picture)
	list := v.See("the list", isList)
	v.Press(list, "week")
	list = v.SeeEdited(list, "the week's list", func(m sandbox.Message) bool { return strings.Contains(m.Text, "week") && hasPage(m, 1) })
	v.Press(list, "▶")
	list = v.SeeEdited(list, "the second page", func(m sandbox.Message) bool { return hasPage(m, 2) })
	v.Press(list, "➕ 10 km")
	v.SeeEdited(list, "the wider list", func(m sandbox.Message) bool { return strings.Contains(m.Text, "10 km") && hasPage(m, 1) })
	return v.Err()
}

func tourCreate(ctx context.Context, v *visit.Visitor, d *demo) error {
	list := v.Last(isList)
	v.Press(list, "Create")
	v.SeeEdited(list, "the question for a title", contains("the title"))
	v.Say(tourTitle)
	m := v.See("the question for a category", contains("What kind"))
	v.Press(m, "walks")
	m = v.SeeEdited(m, "the question where", contains("Where"))
	v.Press(m, "Where I am")
	m = v.SeeEdited(m, "the question when", contains("When"))
	v.Press(m, "tomorrow 19:00")
	m = v.SeeEdited(m, "the preview", contains("Is everything right"))
	v.Press(m, "Publish")
	v.SeeEdited(m, "the saved event", contains("Saved."))
	if v.Err() != nil {
		return v.Err()
	}
	mine, err := d.program.store.Mine(ctx, operator, 10)
	if err != nil {
		return fmt.Errorf("look into the database: %w", err)
	}
	if len(mine) != 1 || mine[0].Title != tourTitle {
		return fmt.Errorf("the database holds %d events of this person in place of one: %+v", len(mine), mine)
	}
	v.Note("In the database: one row, event %d, %q, committed before that answer.", mine[0].ID, mine[0].Title)
	return nil
}

func tourFind(v *visit.Visitor) error {
	card := v.Last(contains("Saved."))
	v.Press(card, "Back")
	list := v.See("the list again", isList)
	v.Press(list, "tomorrow")
	v.SeeEdited(list, "the new event in the list", contains(tourTitle))
	return v.Err()
}

func tourJoin(anna, boris *visit.Visitor) error {
	boris.Say("/start")
	boris.See("the greeting", contains("Здравствуйте, Борис!"))
	boris.Locate(tourPlace.Lat, tourPlace.Lon)
	list := boris.See("the list", isList)
	boris.Press(list, "завтра")
	list = boris.SeeEdited(list, "the new event in the list", contains(tourTitle))
	boris.Press(list, boris.NumberOf(list, tourTitle))
	card := boris.SeeEdited(list, "the card", contains(tourTitle))
	boris.Press(card, "Пойду")
	boris.SeeEdited(card, "that he goes", contains("Вы идёте"))
	if boris.Err() != nil {
		return boris.Err()
	}
	list = anna.Last(isList)
	anna.Press(list, anna.NumberOf(list, tourTitle))
	anna.SeeEdited(list, "that Boris comes", contains("Борис"))
	return anna.Err()
}

func tourStats(v *visit.Visitor) error {
	v.Say("/stats")
	v.See("the statistics", func(m sandbox.Message) bool {
		return strings.Contains(m.Text, "SESSIONS") && strings.Contains(m.Text, "WRITES")
	})
	return v.Err()
}

func contains(text string) func(sandbox.Message) bool {
	return func(m sandbox.Message) bool { return strings.Contains(m.Body(), text) }
}

// isList tells the list of events by its row of days.
func isList(m sandbox.Message) bool {
	for _, day := range []string{"week", "неделя"} {
		if b, ok := m.Button(day); ok && b.Data != "" {
			return true
		}
	}
	return false
}

func hasPage(m sandbox.Message, n int) bool {
	_, ok := m.Button(fmt.Sprintf("%d / ", n))
	return ok
}

// checkPicture looks at the picture itself.
func checkPicture(ctx context.Context, v *visit.Visitor, m sandbox.Message) {
	if v.Err() != nil {
		return
	}
	raw, err := v.Person.File(ctx, m.Photo.FileID)
	if err != nil {
		v.Fail("the picture could not be loaded: %v", err)
		return
	}
	if _, err := png.Decode(bytes.NewReader(raw)); err != nil || len(raw) > maxPicture {
		v.Fail("the picture is no PNG under %d bytes: %d bytes, %v", maxPicture, len(raw), err)
	}
}
