package persistence

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"strings"
	"time"
	"unicode/utf8"

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

	// What the last attempt to carry it out gave.
	answer model.Answer
	err    error
}

// newPending checks what can be checked without the database.
func newPending(key model.Key, cmd model.Command, done func(model.Answer, error)) (*pending, error) {
	if err := validate(cmd); err != nil {
		return nil, err
	}
	return &pending{key: key, cmd: cmd, hash: hashOf(cmd), done: done}, nil
}

func validate(cmd model.Command) error {
	var details *model.Details
	switch c := cmd.(type) {
	case model.CreateUserEvent:
		details = &c.Details
	case model.CreateCommunityEvent:
		details = &c.Details
	case model.JoinEvent, model.LeaveEvent, model.CancelEvent:
	default:
		return fmt.Errorf("the writer knows no command %T", cmd)
	}
	if cmd.Actor().ID <= 0 {
		return &model.InvalidError{Field: "person", Reason: "unknown"}
	}
	if details == nil {
		return nil
	}
	if details.Starts.Year() > 9999 { // beyond what a database's time can hold
		return &model.InvalidError{Field: "starts", Reason: "too far ahead"}
	}
	return details.Validate()
}

// statement returns the call of the command's function in the database, whose parameters are
// in migrations/00002_commands.sql.
func (p *pending) statement() (sql string, args []any) {
	key := []any{p.key.Bot, p.key.Update, p.key.Ordinal, p.hash}
	switch c := p.cmd.(type) {
	case model.CreateUserEvent:
		return createStatement, append(append(key, person(c.By)...), details(nil, nil, c.Draft, &c.Details)...)
	case model.CreateCommunityEvent:
		title := cut(c.CommunityTitle, maxCommunityTitle)
		return createStatement, append(append(key, person(c.By)...), details(c.Community, title, c.Draft, &c.Details)...)
	case model.JoinEvent:
		return joinStatement, append(append(key, person(c.By)...), c.Event)
	case model.LeaveEvent:
		return leaveStatement, append(key, c.By.ID, c.Event)
	case model.CancelEvent:
		return cancelStatement, append(key, c.By.ID, c.Event)
	}
	return "", nil // validate lets no other command through
}

const (
	answerColumns   = `SELECT outcome, event, part, replayed, changed FROM `
	createStatement = answerColumns + `create_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
		$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`
	joinStatement   = answerColumns + `join_event($1, $2, $3, $4, $5, $6, $7, $8)`
	leaveStatement  = answerColumns + `leave_event($1, $2, $3, $4, $5, $6)`
	cancelStatement = answerColumns + `cancel_event($1, $2, $3, $4, $5, $6)`
)

// person returns what a command stores of a person. A name is not what a command is about,
// so one that breaks the limits is cut rather than refused.
func person(p model.Person) []any {
	lang := p.Lang
	if lang != "ru" {
		lang = "en"
	}
	return []any{p.ID, cut(p.Name, model.MaxName), lang}
}

func details(community, communityTitle any, draft int64, d *model.Details) []any {
	return []any{community, communityTitle, draft, d.Title, d.Description, d.Category, d.Starts, d.Ends,
		d.Zone, d.Place, d.Lat, d.Lon, cellOf(d.Point), d.Capacity}
}

// cut makes s storable text of at most limit code points.
func cut(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit])
	}
	return s
}

// outcomes are the answers of the database's functions that are errors here.
var outcomes = map[string]error{
	"missing": model.ErrNotFound,
	"foreign": model.ErrNotOwner,
	"closed":  model.ErrClosed,
	"past":    model.ErrPast,
	"ahead":   &model.InvalidError{Field: "starts", Reason: "too far ahead"},
	"reused":  model.ErrKeyReused,
}

// take reads the answer of the command's statement.
func (p *pending) take(row interface{ Scan(...any) error }) error {
	var outcome string
	a := &p.answer
	if err := row.Scan(&outcome, &a.Event, &a.Part, &a.Replayed, &a.Changed); err != nil {
		return err
	}
	if p.err = outcomes[outcome]; p.err != nil {
		p.answer = model.Answer{Replayed: a.Replayed}
	}
	return nil
}

// hashOf returns a hash of what the command asks for: FNV-1a over its fields, each text with
// its length before it. It is stored, so it must never change. Names, languages and the titles
// of chats are left out: they may differ when an update is handled a second time.
func hashOf(cmd model.Command) int64 {
	h := hasher{fnv.New64a()}
	switch c := cmd.(type) {
	case model.CreateUserEvent:
		h.text("create user event")
		h.numbers(c.By.ID, c.Draft)
		h.details(&c.Details)
	case model.CreateCommunityEvent:
		h.text("create community event")
		h.numbers(c.By.ID, c.Community, c.Draft)
		h.details(&c.Details)
	case model.JoinEvent:
		h.text("join event")
		h.numbers(c.By.ID, c.Event)
	case model.LeaveEvent:
		h.text("leave event")
		h.numbers(c.By.ID, c.Event)
	case model.CancelEvent:
		h.text("cancel event")
		h.numbers(c.By.ID, c.Event)
	}
	return int64(h.Sum64())
}

type hasher struct{ hash.Hash64 }

func (h hasher) numbers(ns ...int64) {
	for _, n := range ns {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) // a hash never fails
	}
}

func (h hasher) text(s string) {
	h.numbers(int64(len(s)))
	_, _ = h.Write([]byte(s)) // a hash never fails
}

// details hashes times as the database keeps them, in microseconds.
func (h hasher) details(d *model.Details) {
	for _, s := range []string{d.Title, d.Description, string(d.Category), d.Zone, d.Place} {
		h.text(s)
	}
	for _, t := range []time.Time{d.Starts, d.Ends} {
		h.numbers(t.UnixMicro())
	}
	h.numbers(int64(math.Float64bits(d.Lat)), int64(math.Float64bits(d.Lon)), int64(d.Capacity))
}
