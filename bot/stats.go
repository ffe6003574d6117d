package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"okolo/actors"
	"okolo/actors/ops"
	"okolo/bot/sender"
	"okolo/bot/staticmap"
	"okolo/bot/ui"
	"okolo/persistence"
)

// Stats is all that an operator can ask a bot for, at one moment.
type Stats struct {
	Sessions actors.Stats            `json:"sessions"`
	Ingress  IngressStats            `json:"ingress"`
	Writes   persistence.WriterStats `json:"writes"`
	Database DatabaseStats           `json:"database"`
	Sending  sender.Stats            `json:"sending"`
	Maps     staticmap.Stats         `json:"maps"`
	Reads    ReadStats               `json:"reads"`
}

// IngressStats is about the updates from Telegram. Counts are since the start.
type IngressStats struct {
	Received    uint64 `json:"received"`
	Unsettled   int64  `json:"unsettled"`        // taken from Telegram, not settled yet
	Bound       int    `json:"unsettled_bound"`  // most that can be
	Ignored     uint64 `json:"ignored"`          // of a kind the bot has no use for
	Unreadable  uint64 `json:"unreadable"`       // in a form that this program does not know
	Undelivered uint64 `json:"undelivered"`      // messages given up
	Resent      uint64 `json:"resent"`           // screens sent anew because their message was gone
	Blocked     uint64 `json:"blocked"`          // messages to people who blocked the bot
	Offset      int64  `json:"confirmed_offset"` // every update below it is settled
}

// DatabaseStats is about the connections, which reads and writes have apart.
type DatabaseStats struct {
	Reads  persistence.PoolStats `json:"reads"`
	Writes persistence.PoolStats `json:"writes"`
}

// ReadStats is about the queue of reads of the database, and about what was read or uploaded
// and is remembered.
type ReadStats struct {
	Waiting       int `json:"waiting"`
	WaitingBound  int `json:"waiting_bound"`
	Workers       int `json:"workers"`
	Pictures      int `json:"pictures_remembered"`
	PicturesBound int `json:"pictures_remembered_bound"`
	Zones         int `json:"time_zones_remembered"`
	ZonesBound    int `json:"time_zones_remembered_bound"`
}

// Stats asks every part of the bot.
func (b *Bot) Stats(ctx context.Context) (Stats, error) {
	sessions, err := b.runtime.Stats(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("ask the sessions: %w", err)
	}
	waiting, bound := b.readers.waiting()
	zones, zonesBound := ui.Zones()
	var pools DatabaseStats
	pools.Reads, pools.Writes = b.Store.PoolStats()
	return Stats{
		Sessions: sessions,
		Ingress: IngressStats{
			Received: b.ingress.received.Load(), Unsettled: b.ingress.unsettled.Load(), Bound: pollBatch,
			Offset: b.ingress.offset.Load(), Ignored: b.counts.ignored.Load(), Unreadable: b.counts.unreadable.Load(),
			Undelivered: b.counts.undelivered.Load(), Resent: b.counts.resent.Load(), Blocked: b.counts.blocked.Load(),
		},
		Writes:   b.Writer.Stats(),
		Database: pools,
		Sending:  b.sender.Stats(),
		Maps:     b.Maps.Stats(),
		Reads: ReadStats{
			Waiting: waiting, WaitingBound: bound, Workers: readersPerBot,
			Pictures: b.pictures.ids.Len(), PicturesBound: picturesKept,
			Zones: zones, ZonesBound: zonesBound,
		},
	}, nil
}

// statsText is the statistics as a table for an operator's chat.
func (b *Bot) statsText(ctx context.Context) (string, error) {
	s, err := b.Stats(ctx)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode the statistics: %w", err)
	}
	var table bytes.Buffer
	if err := ops.Table(&table, raw); err != nil {
		return "", err
	}
	return table.String(), nil
}
