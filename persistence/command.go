package persistence

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"okolo/actors/trace"
	"okolo/persistence/model"
)

// maxCommunityTitle is more than Telegram lets a group's title have (128), in code points.
const maxCommunityTitle = 255

// pending is a command on its way through the writer.
type pending struct {
	key  model.Key
	cmd  model.Command
	hash int64
	done func(model.Answer, error)
	span *trace.Span // of its stations; nil: it is not followed

	// What the last attempt to carry it out gave.
	answer  model.Answer
	outcome string // under which the answer is stored
	err     error
}

// newPending checks what can be checked without the database.
func newPending(key model.Key, cmd model.Command, done func(model.Answer, error)) (*pending, error) {
	if err := validate(cmd); err != nil {
		return nil, err
	}
	return &pending{key: key, cmd: cmd, hash: hashOf(cmd), done: done}, nil
}

func validate(cmd model.Command) error {
	var err error
	switch c := cmd.(type) {
	case model.CreateUserEvent:
		err = validateDetails(&c.Details)
	case model.CreateCommunityEvent:
		err = validateDetails(&c.Details)
	case model.EditEvent:
		err = c.Validate()
		if t := c.Time; err == nil && t != nil {
			err = storable(t.Starts)
		}
	case model.ReportEvent:
		err = c.Validate()
	case model.SetCommunity:
		err = c.Settings.Validate()
	case model.TellJoined:
		err = c.Validate()
	case model.MoveCommunity:
		err = c.Validate()
	case model.BanPerson:
		err = c.Validate()
	case model.ForgetPerson:
		if len(c.Events) > model.MaxForget {
			err = &model.InvalidError{Field: "events", Reason: "too many"}
		}
	case model.JoinEvent, model.LeaveEvent, model.CancelEvent, model.HideEvent, model.DeleteEvent, model.DismissReports,
		model.EnterCommunity, model.LeaveCommunity:
	default:
		return fmt.Errorf("the writer knows no command %T", cmd)
	}
	if cmd.Actor().ID <= 0 {
		return &model.InvalidError{Field: "person", Reason: "unknown"}
	}
	return err
}

func validateDetails(d *model.Details) error {
	if err := storable(d.Starts); err != nil {
		return err
	}
	return d.Validate()
}

// storable refuses what is beyond a database's time.
func storable(starts time.Time) error {
	if starts.Year() > 9999 || starts.Year() < 1 {
		return &model.InvalidError{Field: "starts", Reason: "out of range"}
	}
	return nil
}

// event returns the event that the command is about; 0: none yet, or none at all.
func (p *pending) event() int64 {
	switch c := p.cmd.(type) {
	case model.EditEvent:
		return c.Event
	case model.CancelEvent:
		return c.Event
	case model.JoinEvent:
		return c.Event
	case model.LeaveEvent:
		return c.Event
	case model.ReportEvent:
		return c.Event
	case model.HideEvent:
		return c.Event
	case model.DeleteEvent:
		return c.Event
	case model.DismissReports:
		return c.Event
	case model.TellJoined:
		return c.Event
	}
	return 0
}

// cut makes s storable text of at most limit code points.
func cut(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit])
	}
	return s
}
