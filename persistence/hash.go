package persistence

import (
	"encoding/binary"
	"hash"
	"hash/fnv"
	"math"
	"time"

	"okolo/persistence/model"
)

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
	case model.EditEvent:
		h.text("edit event")
		h.numbers(c.By.ID, c.Event)
		h.edit(&c.Edit)
	case model.ReportEvent:
		h.text("report event")
		h.numbers(c.By.ID, c.Event)
		h.text(c.Reason)
	case model.HideEvent:
		h.text("hide event")
		h.numbers(c.By.ID, c.Event)
		h.flag(c.Hidden)
	case model.BanPerson:
		h.text("ban person")
		h.numbers(c.By.ID, c.Person)
		h.flag(c.Banned)
		if c.Reason != "" { // earlier programs knew none
			h.text(c.Reason)
		}
	case model.DeleteEvent:
		h.text("delete event")
		h.numbers(c.By.ID, c.Event)
	case model.DismissReports:
		h.text("dismiss reports")
		h.numbers(c.By.ID, c.Event, c.Until.UnixMicro())
	case model.TellJoined:
		h.text("tell joined")
		h.numbers(c.By.ID, c.Event)
		h.text(c.Text)
	case model.ForgetPerson: // of whatever events: a replay finds fewer of them
		h.text("forget person")
		h.numbers(c.By.ID)
	case model.SetCommunity:
		h.text("set community")
		h.numbers(c.By.ID, c.Community)
		h.text(string(c.Settings.Creators))
		h.text(c.Settings.Lang)
		h.flag(c.Settings.Quiet)
	case model.EnterCommunity:
		h.text("enter community")
		h.numbers(c.By.ID, c.Community, c.Topic)
	case model.LeaveCommunity:
		h.text("leave community")
		h.numbers(c.By.ID, c.Community)
	case model.MoveCommunity:
		h.text("move community")
		h.numbers(c.By.ID, c.From, c.To)
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

// edit hashes each field behind whether it changes at all.
func (h hasher) edit(e *model.Edit) {
	for _, s := range []*string{e.Title, e.Description, (*string)(e.Category)} {
		if h.flag(s != nil); s != nil {
			h.text(*s)
		}
	}
	if h.flag(e.Time != nil); e.Time != nil {
		h.numbers(e.Time.Starts.UnixMicro(), e.Time.Ends.UnixMicro())
		h.text(e.Time.Zone)
	}
	if h.flag(e.Place != nil); e.Place != nil {
		h.text(e.Place.Name)
		h.numbers(int64(math.Float64bits(e.Place.Lat)), int64(math.Float64bits(e.Place.Lon)))
	}
	if h.flag(e.Capacity != nil); e.Capacity != nil {
		h.numbers(int64(*e.Capacity))
	}
}

func (h hasher) flag(set bool) {
	if set {
		h.numbers(1)
	} else {
		h.numbers(0)
	}
}
