package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/pgtest"
)

// TestKilledWhileTelling kills the program (SIGKILL) as soon as the organiser sees that the event
// is off, while those who joined are being told. Everybody is told in the end, and only those who
// were being written to twice.
func TestKilledWhileTelling(t *testing.T) {
	t.Parallel()
	const people, atOnce = 90, 30
	api := localTelegram(t)
	database := pgtest.URL(t)
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + database, "BOT_API_URL=" + api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=30", "CHAT_RATE=0"}
	program := startServe(t, env)
	crowd := sandbox.NewPeople(api, nil)
	enter := func(id int64) *visit.Visitor {
		v, err := visit.Join(t.Context(), crowd, sandbox.Profile{ID: id, FirstName: fmt.Sprint("P", id), LanguageCode: "en"}, visit.Options{Wait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	organiser := enter(1)
	m := publish(organiser, "Street party")
	if err := organiser.Err(); err != nil {
		t.Fatal(err)
	}
	guests := make([]*visit.Visitor, people)
	for i := range guests {
		guests[i] = enter(int64(100 + i))
		guests[i].Say("/help") // so that the bot may write to them
		guests[i].See("the help", contains("What I can do"))
		if err := guests[i].Err(); err != nil {
			t.Fatal(err)
		}
	}
	seat(t, database, 100, people)

	organiser.Press(m, "Call it off")
	m = organiser.SeeEdited(m, "the question", contains("Call Street party off"))
	organiser.Press(m, "Yes")
	organiser.SeeEdited(m, "that it is off", contains("called off"))
	if err := organiser.Err(); err != nil {
		t.Fatal(err)
	}
	guests[atOnce/2].See("that it is off", contains("was called off")) // the telling has begun
	if err := program.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.cmd.Wait() // it was killed
	program = startServe(t, env)

	twice := 0
	for i, v := range guests {
		if i != atOnce/2 {
			v.See("that it is off", contains("was called off"))
		}
		if err := v.Err(); err != nil {
			t.Fatalf("%v\n%s", err, program.log.String())
		}
	}
	program.terminate(t)
	for _, v := range guests {
		chat, err := v.Person.Chat(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, m := range chat {
			if m.FromBot && contains("was called off")(m) {
				told++
			}
		}
		if told > 2 {
			t.Errorf("told %d times", told)
		}
		twice += told - 1
	}
	if twice > atOnce {
		t.Errorf("%d were told twice, at most %d were being told", twice, atOnce)
	}
	t.Logf("%d of %d were told twice", twice, people)
}

// publish takes a person through the wizard to the card of a saved event.
func publish(v *visit.Visitor, title string) sandbox.Message {
	v.Say("/create")
	v.See("the question for a title", contains("the title"))
	v.Say(title)
	m := v.See("the question for a category", contains("What kind"))
	v.Press(m, "walks")
	v.SeeEdited(m, "the question where", contains("Where"))
	v.Locate(52.52, 13.405)
	m = v.See("the question when", contains("When"))
	v.Press(m, "tomorrow 19:00")
	m = v.SeeEdited(m, "the preview", contains("Is everything right"))
	v.Press(m, "Publish")
	return v.SeeEdited(m, "the saved event", contains("Saved."))
}

// seat puts people on the list of the only event.
func seat(t *testing.T, database string, first, n int) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	const sql = `
		WITH guests AS (
			INSERT INTO users (id, name, lang) SELECT i, 'Guest', 'en' FROM generate_series($1::bigint, $1 + $2 - 1) i
			RETURNING id
		), seats AS (
			INSERT INTO participants (event, person, part) SELECT events.id, guests.id, 'going' FROM events, guests
		)
		UPDATE events SET going = $2`
	if _, err := conn.Exec(context.Background(), sql, first, n); err != nil {
		t.Fatal(err)
	}
}
