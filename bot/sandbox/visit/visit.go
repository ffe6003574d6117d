// Package visit scripts simulated people. A [Visitor] acts, waits for what should appear in
// the chat, and remembers the first thing that did not; with a writer, the chat is printed
// as it happens.
//
// It stands on the people's side of package sandbox and knows no bot in particular.
package visit

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"okolo/bot/sandbox"
)

// defaultWait is how long a visitor waits for one thing to appear.
const defaultWait = 20 * time.Second

// Options set up a [Visitor]. The zero value works.
type Options struct {
	Bot  string        // username or id of the bot to write to; empty: the only one there is
	Wait time.Duration // for one thing to appear; default 20 s
	Out  io.Writer     // where the chat is printed; nil: nowhere
	Name string        // what the bot is called there
}

// Visitor is a simulated person who follows a script. After the first thing that does not
// happen, Err is set and every further step does nothing. Not safe for concurrent use.
type Visitor struct {
	Person *sandbox.Person

	ctx  context.Context
	name string
	o    Options
	seen int64 // the newest message that was waited for
	err  error
}

// Join lets a person in, whose script runs until ctx is done.
func Join(ctx context.Context, people *sandbox.People, p sandbox.Profile, o Options) (*Visitor, error) {
	person, err := people.Join(ctx, p, o.Bot)
	if err != nil {
		return nil, fmt.Errorf("let %s in: %w", p.FirstName, err)
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	return &Visitor{Person: person, ctx: ctx, name: p.FirstName, o: o}, nil
}

// In returns the visitor in a group. Each of the two fails by itself.
func (v *Visitor) In(group int64) *Visitor {
	there := *v
	there.Person, there.seen = v.Person.In(group), 0
	return &there
}

// Err returns the first thing that did not happen.
func (v *Visitor) Err() error { return v.err }

// Say writes a message.
func (v *Visitor) Say(text string) {
	v.act(text, func() error { _, err := v.Person.Say(v.ctx, text); return err })
}

// SayIn writes a message in a topic of a forum.
func (v *Visitor) SayIn(topic int64, text string) {
	v.act(text, func() error {
		_, err := v.Person.Send(v.ctx, sandbox.Saying{Text: text, Thread: topic})
		return err
	})
}

// Locate sends a location, in degrees.
func (v *Visitor) Locate(lat, lon float64) {
	v.act(fmt.Sprintf("📍 %.4f, %.4f", lat, lon), func() error {
		_, err := v.Person.SendLocation(v.ctx, lat, lon)
		return err
	})
}

// Press presses the button with a label, waits for the answer, and returns the text of its
// toast or alert.
func (v *Visitor) Press(m sandbox.Message, label string) (toast string) {
	if v.err != nil {
		return ""
	}
	b, ok := m.Button(label)
	if !ok {
		v.Fail("there is no button %q on:\n%s", label, m.Body())
		return ""
	}
	return v.PressData(m.ID, b.Text, b.Data)
}

// PressData presses a button that has such a label and data, whether it is there or not.
func (v *Visitor) PressData(message int64, label, data string) (toast string) {
	v.act("presses ["+label+"]", func() error {
		ctx, cancel := context.WithTimeout(v.ctx, v.o.Wait)
		defer cancel()
		a, err := v.Person.PressAndWait(ctx, message, data)
		toast = a.Text
		if toast != "" {
			v.Note("“%s”", toast)
		}
		return err
	})
	return toast
}

func (v *Visitor) act(what string, do func() error) {
	if v.err != nil {
		return
	}
	fmt.Fprintf(v.o.Out, "%s ▸ %s\n\n", v.name, strings.ReplaceAll(what, "\n", " "))
	if err := do(); err != nil {
		v.Fail("%s: %v", what, err)
	}
}

// See waits for a new message of the bot and prints it.
func (v *Visitor) See(what string, ok func(sandbox.Message) bool) sandbox.Message {
	return v.wait(what, func(m sandbox.Message) bool { return m.FromBot && m.ID > v.seen && ok(m) })
}

// SeeEdited waits until a message has changed in place and prints it.
func (v *Visitor) SeeEdited(old sandbox.Message, what string, ok func(sandbox.Message) bool) sandbox.Message {
	return v.wait(what, func(m sandbox.Message) bool { return m.ID == old.ID && m.Edited > old.Edited && ok(m) })
}

// SeeAny waits until the chat has such a message of the bot, new or not, and prints it.
func (v *Visitor) SeeAny(what string, ok func(sandbox.Message) bool) sandbox.Message {
	return v.wait(what, func(m sandbox.Message) bool { return m.FromBot && ok(m) })
}

func (v *Visitor) wait(what string, ok func(sandbox.Message) bool) (found sandbox.Message) {
	if v.err != nil {
		return sandbox.Message{}
	}
	ctx, cancel := context.WithTimeout(v.ctx, v.o.Wait)
	defer cancel()
	_, err := v.Person.Wait(ctx, func(chat []sandbox.Message) bool {
		for _, m := range chat {
			if ok(m) {
				found = m
				return true
			}
		}
		return false
	})
	if err != nil {
		v.Fail("%s did not see %s: %v", v.name, what, err)
		return sandbox.Message{}
	}
	v.seen = max(v.seen, found.ID)
	v.print(found)
	return found
}

// Last finds the newest message of the chat that is such a one.
func (v *Visitor) Last(ok func(sandbox.Message) bool) (found sandbox.Message) {
	if v.err != nil {
		return sandbox.Message{}
	}
	chat, err := v.Person.Chat(v.ctx)
	if err != nil {
		v.Fail("read the chat: %v", err)
	}
	for _, m := range chat {
		if m.FromBot && ok(m) {
			found = m
		}
	}
	return found
}

// NumberOf returns the number under which a list has a title.
func (v *Visitor) NumberOf(list sandbox.Message, title string) string {
	for _, line := range strings.Split(list.Text, "\n") {
		if number, rest, ok := strings.Cut(line, ". "); ok && rest == title {
			return number
		}
	}
	v.Fail("%q is not in the list:\n%s", title, list.Text)
	return ""
}

// Note prints a line between the messages.
func (v *Visitor) Note(format string, args ...any) {
	fmt.Fprintf(v.o.Out, "        · "+format+"\n\n", args...)
}

// Fail ends the script: something is not as it should be.
func (v *Visitor) Fail(format string, args ...any) {
	if v.err == nil {
		v.err = fmt.Errorf(format, args...)
	}
}

// print prints a message of the bot with its buttons.
func (v *Visitor) print(m sandbox.Message) {
	const indent = "        "
	w := v.o.Out
	edited := ""
	if m.Edited > 0 {
		edited = " (edited)"
	}
	fmt.Fprintf(w, "  %s%s\n", v.o.Name, edited)
	if m.Photo != nil {
		fmt.Fprintf(w, "%s🖼 picture, %d×%d, %d KB\n", indent, m.Photo.Width, m.Photo.Height, (m.Photo.Size+1023)/1024)
	}
	for _, line := range strings.Split(m.Body(), "\n") {
		fmt.Fprintln(w, strings.TrimRight(indent+line, " "))
	}
	for _, row := range m.Buttons {
		labels := make([]string, len(row))
		for i, b := range row {
			labels[i] = "[" + b.Text + "]"
		}
		fmt.Fprintln(w, indent+strings.Join(labels, " "))
	}
	if m.Keyboard != nil {
		for _, row := range m.Keyboard.Rows {
			for _, b := range row {
				fmt.Fprintf(w, "%s⌨ [%s]\n", indent, b.Text)
			}
		}
	}
	fmt.Fprintln(w)
}
