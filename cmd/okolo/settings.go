package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"okolo/actors"
	"okolo/actors/ops"
	"okolo/bot/sender"
	"okolo/bot/staticmap"
)

// sessionSettings keep the names and the defaults that operators of the predecessor know.
type sessionSettings struct {
	UserStateMaxSize    int           `env:"USER_STATE_MAX_SIZE" default:"500" placeholder:"N" help:"Most user sessions held in memory (1 to 10,000,000)."`
	UserStateTTLSeconds int           `env:"USER_STATE_TTL_SECONDS" default:"1800" placeholder:"SECONDS" help:"Idle life of a session in memory (1 to 2,592,000)."`
	MaxPreparedEvents   int           `env:"MAX_PREPARED_EVENTS" default:"50" placeholder:"N" help:"Most events prepared for display in a session (2 to 200); half of it while the memory guard is active."`
	MemoryThresholdMB   int           `env:"MEMORY_THRESHOLD_MB" default:"512" placeholder:"MB" help:"Resident memory at which the guard acts (0: no guard; else 64 to 1,048,576; without any session it is about 45)." name:"memory-threshold-mb"`
	SweepInterval       time.Duration `env:"SWEEP_INTERVAL" default:"15m" placeholder:"TIME" help:"Time between sweeps for sessions past their idle life (1s to 24h)."`
	MemoryLogInterval   time.Duration `env:"MEMORY_LOG_INTERVAL" default:"5m" placeholder:"TIME" help:"Time between lines of MEMORY STATS in the log (1s to 24h)."`
	SnapshotDeadline    time.Duration `env:"SNAPSHOT_DEADLINE" default:"2s" placeholder:"TIME" help:"How long a session waits for its snapshot to be stored before that is given up (100ms to 10m)."`
	SnapshotTTL         time.Duration `env:"SNAPSHOT_TTL" default:"720h" placeholder:"TIME" help:"How long a session that is not used is kept in the store (1m to 87600h; 0: sessions are not stored, whoever leaves memory begins anew)." name:"snapshot-ttl"`
	RedisURL            string        `env:"REDIS_URL" mask:"url" placeholder:"URL" help:"Redis, Valkey or KeyDB to keep the sessions in, in place of PostgreSQL, redis://:password@host:6379/0." name:"redis-url"`
}

func (s sessionSettings) config(log *slog.Logger) (actors.Config, error) {
	for _, r := range []struct {
		name            string
		value, min, max int
	}{
		{"USER_STATE_MAX_SIZE", s.UserStateMaxSize, 1, 10_000_000},
		{"USER_STATE_TTL_SECONDS", s.UserStateTTLSeconds, 1, 2_592_000},
		{"MAX_PREPARED_EVENTS", s.MaxPreparedEvents, 2, 200},
	} {
		if err := within(r.name, r.value, r.min, r.max); err != nil {
			return actors.Config{}, err
		}
	}
	if s.MemoryThresholdMB != 0 {
		if err := within("MEMORY_THRESHOLD_MB", s.MemoryThresholdMB, 64, 1_048_576); err != nil {
			return actors.Config{}, err
		}
	}
	for _, r := range []struct {
		name            string
		value, min, max time.Duration
	}{
		{"SWEEP_INTERVAL", s.SweepInterval, time.Second, 24 * time.Hour},
		{"MEMORY_LOG_INTERVAL", s.MemoryLogInterval, time.Second, 24 * time.Hour},
		{"SNAPSHOT_DEADLINE", s.SnapshotDeadline, 100 * time.Millisecond, 10 * time.Minute},
	} {
		if err := within(r.name, r.value, r.min, r.max); err != nil {
			return actors.Config{}, err
		}
	}
	c := actors.Defaults()
	c.MaxSessions = s.UserStateMaxSize
	c.IdleLife = time.Duration(s.UserStateTTLSeconds) * time.Second
	c.MaxPrepared, c.GuardedPrepared = s.MaxPreparedEvents, s.MaxPreparedEvents/2
	c.MemoryThreshold = uint64(s.MemoryThresholdMB) << 20
	c.SweepEvery, c.LogEvery = s.SweepInterval, s.MemoryLogInterval
	c.SnapshotDeadline = s.SnapshotDeadline
	c.Logger = log
	return c, nil
}

// maxRate is the most messages a second that can be asked for.
const maxRate = 100_000

// telegramSettings say how the bot talks to the Bot API.
type telegramSettings struct {
	SendRate   float64 `env:"SEND_RATE" default:"30" placeholder:"N" help:"Most messages a second to all chats together (0 to 100,000; 0: no limit)."`
	ChatRate   float64 `env:"CHAT_RATE" default:"1" placeholder:"N" help:"Most messages a second to one chat, beyond a short burst (0 to 100,000; 0: no limit)."`
	PersonRate float64 `env:"PERSON_RATE" default:"2" placeholder:"N" help:"Most messages and presses a second of one person, beyond a burst of 40; who sends more is ignored for half a minute (0 to 100,000; 0: no limit)."`
}

func (s telegramSettings) options(log *slog.Logger) (sender.Options, error) {
	for name, rate := range map[string]float64{"SEND_RATE": s.SendRate, "CHAT_RATE": s.ChatRate, "PERSON_RATE": s.PersonRate} {
		if err := within(name, rate, 0, maxRate); err != nil {
			return sender.Options{}, err
		}
	}
	o := sender.Limits()
	o.GlobalPerSecond, o.ChatPerSecond, o.Logger = s.SendRate, s.ChatRate, log
	return o, nil
}

// mapSettings say where the map picture comes from.
type mapSettings struct {
	Tiles       string `env:"TILES" mask:"web" placeholder:"URL" help:"Template of a tile server, with {z}, {x} and {y}. Without it the map has a plain background."`
	Attribution string `env:"TILES_ATTRIBUTION" default:"© OpenStreetMap contributors" help:"Whose tiles they are, written on the picture."`
}

func (s mapSettings) renderer(log *slog.Logger) (*staticmap.Renderer, error) {
	r, err := staticmap.New(staticmap.Options{Tiles: s.Tiles, Attribution: s.Attribution, Logger: log})
	if err != nil {
		return nil, usageError{fmt.Sprintf("TILES cannot be used: %v.", err)} // err has no template, which may hold a key
	}
	return r, nil
}

// databaseSettings say where PostgreSQL is.
type databaseSettings struct {
	DatabaseURL string `env:"DATABASE_URL" mask:"url" placeholder:"URL" help:"PostgreSQL to keep everything in, postgres://user:password@host/database."`
}

// url returns the address, or the sentence that asks for it.
func (s databaseSettings) url() (string, error) {
	if strings.TrimSpace(s.DatabaseURL) == "" {
		return "", usageError{"DATABASE_URL is not set: give the PostgreSQL database to keep everything in, such as postgres://okolo:password@localhost/okolo."}
	}
	if _, err := pgxpool.ParseConfig(s.DatabaseURL); err != nil {
		return "", usageError{"DATABASE_URL is not the address of a PostgreSQL database: it should look like postgres://okolo:password@localhost/okolo."}
	}
	return s.DatabaseURL, nil
}

// isWebAddress reports whether HTTP can be spoken with what is there.
func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// checkListen refuses what nobody can listen on, and without public what others reach.
func checkListen(name, addr string, public bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.ResolveTCPAddr("tcp", addr)
	}
	switch {
	case err != nil:
		return usageError{name + " is not an address to listen on: it should look like 127.0.0.1:8081."}
	case !public && host != "" && !ops.Loopback(addr):
		return usageError{name + " is not a loopback address, such as 127.0.0.1:8081: others would reach it."}
	}
	return nil
}

// within refuses a value that lies outside of its range, with its name and the range.
func within[N int | float64 | time.Duration](name string, value, least, most N) error {
	if !(value >= least && value <= most) { // which NaN is not
		return usageError{fmt.Sprintf("%s is %v, which is out of range: it goes from %v to %v.", name, value, least, most)}
	}
	return nil
}
