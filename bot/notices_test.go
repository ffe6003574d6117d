package bot_test

import (
	"slices"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/pgtest"
)

// execute changes the database behind the bot's back.
func execute(w *world, sql string, args ...any) {
	w.t.Helper()
	pgtest.Execute(w.t, w.url, sql, args...)
}

// await waits until a query returns true.
func await(w *world, what, sql string, args ...any) {
	w.t.Helper()
	for until := time.Now().Add(time.Minute); !query[bool](w, sql, args...); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			w.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// join has a person join an event by its link, and returns the card.
func join(v *visit.Visitor, event int64, button string) sandbox.Message {
	v.Say("/start " + deepLink(event))
	m := v.See("the card", has(button))
	v.Press(m, button)
	return v.SeeEdited(m, "that it is done", func(m sandbox.Message) bool { return !has(button)(m) })
}

// count returns how many messages of a chat have a text.
func count(t *testing.T, v *visit.Visitor, text string) int {
	t.Helper()
	chat, err := v.Person.Chat(t.Context())
	check(t, err)
	n := 0
	for _, m := range chat {
		if m.FromBot && contains(text)(m) {
			n++
		}
	}
	return n
}

// TestNotices: who joined is told of an edit, of a place that became free and of a cancel, in
// their language and by the event's clock; who did it is not.
func TestNotices(t *testing.T) {
	w := newWorld(t, worldOptions{})
	boris := w.visitor(1, "Boris", "en")
	create(boris, "Boat <trip>")
	check(t, boris.Err())
	event := query[int64](w, `SELECT id FROM events`)
	execute(w, `UPDATE events SET capacity = 2, zone = 'Asia/Tokyo', starts = date_trunc('day', starts) + interval '10 hours', ends = date_trunc('day', starts) + interval '12 hours'`)
	anna, clara := w.visitor(2, "Anna", "ru"), w.visitor(3, "Clara", "en")
	join(boris, event, "Join")
	join(anna, event, "Пойду")
	join(clara, event, "Join")

	boris.Say("/start " + deepLink(event))
	m := boris.See("the card", has("Edit"))
	boris.Press(m, "Edit")
	m = boris.SeeEdited(m, "the fields", has("Title"))
	boris.Press(m, "Title")
	boris.SeeEdited(m, "the question", contains("called"))
	boris.Say("Ship <trip>")
	m = boris.See("the fields", has("Save"))
	boris.Press(m, "Save")
	boris.SeeEdited(m, "that it is saved", contains("is changed"))
	told := anna.See("that it changed", contains("Организатор изменил событие Ship <trip>"))
	if !contains("19:00–21:00")(told) || !contains("Asia/Tokyo")(told) {
		t.Errorf("not by the event's clock: %s", told.Body())
	}
	clara.See("that it changed", contains("The organiser changed Ship <trip>"))
	anna.Press(told, "Показать")
	card := anna.SeeEdited(told, "the card", has("Не пойду"))

	anna.Press(card, "Не пойду")
	clara.See("that she is let in", contains("you come to Ship <trip>"))
	check(t, anna.Err())

	boris.Say("/start " + deepLink(event))
	m = boris.See("the card", has("Call it off"))
	boris.Press(m, "Call it off")
	m = boris.SeeEdited(m, "the question", has("Yes"))
	boris.Press(m, "Yes")
	clara.See("that it is off", contains("Ship <trip>, which you joined, was called off"))
	for _, v := range []*visit.Visitor{anna, boris, clara} {
		check(t, v.Err())
	}
	await(w, "all to be told", `SELECT NOT EXISTS (SELECT FROM river_job WHERE kind = 'notice' AND state <> 'completed')`)
	if count(t, anna, "отменено") > 0 {
		t.Error("who left was told")
	}
	if count(t, boris, "which you joined") > 0 {
		t.Error("who did it was told")
	}
	stats, err := w.bot.Stats(t.Context())
	if err != nil || stats.Notices.Sent != 4 {
		t.Errorf("%+v, %v", stats.Notices, err)
	}
}

// TestRemindersOnce: a reminder comes once, also where the bot starts again, and never to who
// wants none; who mutes it by its button gets no second one.
func TestRemindersOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	boris := w.visitor(1, "Boris", "en")
	create(boris, "Chess")
	check(t, boris.Err())
	event := query[int64](w, `SELECT id FROM events`)
	anna, clara := w.visitor(2, "Anna", "ru"), w.visitor(3, "Clara", "en")
	join(anna, event, "Пойду")
	m := join(clara, event, "Join")
	clara.Press(m, "No reminders")
	clara.SeeEdited(m, "that she can have them again", has("Remind me"))
	check(t, clara.Err())
	check(t, w.stop())
	execute(w, `UPDATE events SET starts = now() + interval '20 hours', ends = now() + interval '22 hours'`)
	execute(w, `UPDATE participants SET since = now() - interval '3 days'`)
	w.startBot(worldOptions{})
	m = anna.See("the reminder", contains("Скоро: Chess"))
	check(t, anna.Err())
	await(w, "the reminder to be noted", `SELECT EXISTS (SELECT FROM reminders WHERE person = 2 AND ended_at IS NOT NULL)`)
	check(t, w.stop())

	w.startBot(worldOptions{})
	anna.Press(m, "Не напоминать")
	anna.SeeEdited(m, "the card, with the way back", has("Напомнить"))
	check(t, anna.Err())
	check(t, w.stop())
	execute(w, `DELETE FROM river_job WHERE kind = 'remind'`)
	execute(w, `UPDATE participants SET muted = false WHERE person = 3`)
	execute(w, `UPDATE events SET starts = now() + interval '50 minutes', ends = now() + interval '2 hours'`)
	w.startBot(worldOptions{})
	clara.See("the reminder", contains("Chess begins within the hour"))
	check(t, clara.Err())
	await(w, "a look for reminders", `SELECT EXISTS (SELECT FROM river_job WHERE kind = 'remind' AND state = 'completed')`)
	if n := count(t, anna, "⏰"); n != 0 { // the first became the card
		t.Errorf("%d reminders more", n)
	}
	if n := count(t, clara, "⏰"); n != 1 {
		t.Errorf("%d reminders, want 1", n)
	}
}

// TestNoRemindersAtAll: who wants none at all gets none; others do.
func TestNoRemindersAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	boris := w.visitor(1, "Boris", "en")
	create(boris, "Chess")
	check(t, boris.Err())
	event := query[int64](w, `SELECT id FROM events`)
	anna, clara := w.visitor(2, "Anna", "ru"), w.visitor(3, "Clara", "en")
	anna.Say("/privacy")
	m := anna.See("what is kept", has("Никаких напоминаний"))
	anna.Press(m, "Никаких напоминаний")
	m = anna.SeeEdited(m, "the way back", has("Снова напоминать"))
	join(anna, event, "Пойду")
	join(clara, event, "Join")
	check(t, w.stop())
	execute(w, `UPDATE events SET starts = now() + interval '50 minutes', ends = now() + interval '2 hours'`)
	execute(w, `UPDATE participants SET since = now() - interval '3 days'`)
	w.startBot(worldOptions{})
	clara.See("the reminder", contains("Chess begins within the hour"))
	await(w, "the reminders to be over", `SELECT count(*) = 2 FROM reminders WHERE ended_at IS NOT NULL`)
	if n := count(t, anna, "⏰"); n != 0 {
		t.Errorf("%d reminders of who wants none", n)
	}
	anna.Press(m, "Снова напоминать")
	anna.SeeEdited(m, "that she gets them again", has("Никаких напоминаний"))
	check(t, anna.Err())
	check(t, clara.Err())
	if !query[bool](w, `SELECT muted_at IS NULL FROM users WHERE id = 2`) {
		t.Error("she still gets none")
	}
}

// TestNoticesOutlive: what is owed when the bot dies is delivered by the next, also where it was
// begun, and once; a notice that finds Telegram away is tried again.
func TestNoticesOutlive(t *testing.T) {
	w := newWorld(t, worldOptions{})
	boris := w.visitor(1, "Boris", "en")
	create(boris, "Dance")
	anna := w.visitor(2, "Anna", "en")
	event := query[int64](w, `SELECT id FROM events`)
	join(anna, event, "Join")
	check(t, anna.Err())
	check(t, w.stop())
	// As a process leaves it that is killed when it has begun to deliver.
	execute(w, `UPDATE events SET status = 'cancelled'`)
	execute(w, `INSERT INTO river_job (kind, queue, state, args, max_attempts, attempt, attempted_at, attempted_by)
		VALUES ('notice', 'default', 'running', jsonb_build_object('Bot', 4242, 'Event', $1::bigint, 'News', 'cancelled', 'By', 1), 25, 1, now(), ARRAY['okolo-4242-1'])`, event)
	w.startBot(worldOptions{})
	anna.See("that it is off", contains("was called off"))
	check(t, anna.Err())
	await(w, "the notice to be done", `SELECT EXISTS (SELECT FROM river_job WHERE kind = 'notice' AND state = 'completed')`)
	check(t, w.stop())
	w.startBot(worldOptions{})
	anna.Say("/mine")
	anna.See("the bot", contains("Your events"))
	check(t, anna.Err())
	if n := count(t, anna, "was called off"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestBlockedIsLeftAlone: who blocked the bot is written to once more, and then not before they
// return.
func TestBlockedIsLeftAlone(t *testing.T) {
	w := newWorld(t, worldOptions{})
	boris := w.visitor(1, "Boris", "en")
	create(boris, "Picnic")
	anna := w.visitor(2, "Anna", "en")
	event := query[int64](w, `SELECT id FROM events`)
	join(anna, event, "Join")
	check(t, anna.Err())
	check(t, anna.Person.Block(t.Context()))
	blocked := func() uint64 {
		stats, err := w.bot.Stats(t.Context())
		check(t, err)
		return stats.Ingress.Blocked
	}
	owed := 0
	rename := func(title string) {
		boris.Say("/start " + deepLink(event))
		m := boris.See("the card", has("Edit"))
		boris.Press(m, "Edit")
		m = boris.SeeEdited(m, "the fields", has("Title"))
		boris.Press(m, "Title")
		boris.SeeEdited(m, "the question", contains("called"))
		boris.Say(title)
		m = boris.See("the fields", has("Save"))
		boris.Press(m, "Save")
		boris.SeeEdited(m, "that it is saved", contains("is changed"))
		check(t, boris.Err())
		owed++
		await(w, "the notice to be done", `SELECT count(*) = $1 FROM river_job WHERE kind = 'notice' AND state = 'completed'`, owed)
	}
	rename("Picnic two")
	if n := blocked(); n != 1 {
		t.Fatalf("%d messages to who blocked the bot, want 1", n)
	}
	rename("Picnic three")
	if n := blocked(); n != 1 {
		t.Errorf("written to again: %d messages", n)
	}
	check(t, anna.Person.Unblock(t.Context()))
	await(w, "her return to be noted", `SELECT blocked_at IS NULL FROM users WHERE id = 2`)
	rename("Picnic four")
	anna.See("that it changed", contains("Picnic four"))
	check(t, anna.Err())
	if n := count(t, anna, "Picnic three"); n != 0 {
		t.Error("told while she had blocked the bot")
	}
}

// TestTwoClocks: who last looked around in another time zone is reminded, and told of news, by that
// clock, too. Nothing but their stored session says where that was.
func TestTwoClocks(t *testing.T) {
	w := newWorld(t, worldOptions{})
	boris := w.visitor(1, "Boris", "en")
	create(boris, "Chess")
	check(t, boris.Err())
	event := query[int64](w, `SELECT id FROM events`)
	anna, clara, dasha := w.visitor(2, "Anna", "ru"), w.visitor(3, "Clara", "en"), w.visitor(4, "Dasha", "en")
	anna.Locate(55.75, 37.61)
	anna.See("the list", contains("Рядом"))
	clara.Locate(35.68, 139.69)
	clara.See("the list", contains("Nearby"))
	join(anna, event, "Пойду")
	join(clara, event, "Join")
	join(dasha, event, "Join")
	check(t, w.stop())
	execute(w, `UPDATE events SET starts = now() + interval '50 minutes', ends = now() + interval '2 hours'`)
	execute(w, `UPDATE participants SET since = now() - interval '3 days'`)
	w.startBot(worldOptions{})
	anna.See("the reminder by both clocks", says("Меньше чем через час", "Europe/Berlin", "(MSK, Europe/Moscow) – там, где вы искали"))
	clara.See("the reminder by both clocks", says("begins within the hour", "Europe/Berlin", "(JST, Asia/Tokyo), where you last looked around"))
	dasha.See("the reminder by one clock", func(m sandbox.Message) bool {
		return contains("begins within the hour")(m) && !contains("🕰")(m)
	})
	for _, v := range []*visit.Visitor{anna, clara, dasha} {
		check(t, v.Err())
	}
}

// says reports whether a message has all of the texts.
func says(texts ...string) func(sandbox.Message) bool {
	return func(m sandbox.Message) bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return !contains(text)(m) })
	}
}
