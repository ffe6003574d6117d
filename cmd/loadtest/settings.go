package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
)

// sweepEvery is the time between the bot's sweeps for sessions past their idle life.
const sweepEvery = 15 * time.Minute

// peopleSettings say who comes, and how they behave.
type peopleSettings struct {
	Users    int            `default:"1000" placeholder:"N" help:"Simulated people (1 to 2,000,000)."`
	Rate     float64        `default:"100" placeholder:"N" help:"Actions a second that people mean to take, all together, whether or not the bot keeps up (0: as many as it answers, see --at-once)."`
	AtOnce   int            `default:"64" placeholder:"N" help:"With --rate 0: people who act at once, without thinking."`
	Think    time.Duration  `default:"1s" placeholder:"TIME" help:"Time between two steps of a person, on average (1ms to 1h)."`
	Zipf     float64        `default:"1.1" placeholder:"S" help:"Exponent of how often people come, above 1; 0: everybody in turn."`
	Mix      map[string]int `placeholder:"NAME=N" help:"Who comes: personas with their shares, such as browser=3;organizer=1 (browser, organizer, night_crowd, double_tapper, old_presser, leaver, spammer, walker, returner). Default: of every kind for run, sweep and soak, mostly writers for torture, walkers for compare."`
	Seed     uint64         `default:"1" placeholder:"N" help:"The same seed, the same people."`
	Patience time.Duration  `default:"30s" placeholder:"TIME" help:"What is not answered for so long counts as unanswered (1s to 10m)."`
}

// botSettings say which bot is driven, and on what.
type botSettings struct {
	Okolo       string   `placeholder:"PATH" help:"The bot's program. Default: built from this module."`
	Target      string   `placeholder:"URL" help:"Statistics of a bot that runs already, with --listen as its Bot API and --database-url as its database; nothing is started."`
	Listen      string   `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Where the sandbox Bot API listens; loopback only."`
	DatabaseURL string   `placeholder:"URL" help:"PostgreSQL for the bot. Default: a private one, removed at the end."`
	BotEnv      []string `placeholder:"NAME=VALUE" help:"More settings of the bot, such as SNAPSHOT_DEADLINE=5s."`
	BotLog      bool     `help:"Print the bot's log."`

	MaxSessions       int           `default:"200" placeholder:"N" help:"The bot's USER_STATE_MAX_SIZE."`
	MemoryThresholdMB int           `default:"512" placeholder:"MB" help:"The bot's MEMORY_THRESHOLD_MB." name:"memory-threshold-mb"`
	MemoryLimitMB     int           `default:"0" placeholder:"MB" help:"The most memory that the bot may have, by a cgroup, as in a container, where one can be made (Linux, root), else by RLIMIT_DATA (0: no limit; else from 64)." name:"memory-limit-mb"`
	IdleLife          time.Duration `default:"30m" placeholder:"TIME" help:"The bot's USER_STATE_TTL_SECONDS."`
	Speed             float64       `default:"1" placeholder:"N" help:"Virtual time: the bot's idle life, its sweep every 15 minutes, and the hour and the week that some people stay away pass so many times faster (1 to 1800); an absence that still takes more than 10 minutes is left out."`
	MessagesPerChat   int           `default:"12" placeholder:"N" help:"Messages of each chat that the sandbox keeps (2 to 1,000): of a million people, 2 for whom the newest map and list are enough."`
	Events            int           `default:"40" placeholder:"N" help:"Events at each of 64 places before the people come."`
}

// outputSettings say where the results go.
type outputSettings struct {
	JSON string `placeholder:"FILE" help:"Write the result as JSON; -: to the standard output, in place of the summary." name:"json"`
	HTML string `placeholder:"FILE" help:"Write the report as one page of HTML that needs nothing else." name:"html"`
	PNG  string `placeholder:"FILE" help:"Draw the charts into a picture." name:"png"`
}

func (s peopleSettings) check() error {
	switch {
	case s.Users < 1 || s.Users > 2_000_000:
		return usageError{"--users goes from 1 to 2,000,000."}
	case !(s.Rate >= 0) || s.Rate > 1e6:
		return usageError{"--rate goes from 0 to 1,000,000 actions a second."}
	case s.AtOnce < 1 || s.AtOnce > s.Users && s.Rate == 0:
		return usageError{"--at-once goes from 1 to the number of people."}
	case s.Think < time.Millisecond || s.Think > time.Hour:
		return usageError{"--think goes from 1ms to 1h."}
	case s.Zipf != 0 && !(s.Zipf > 1 && s.Zipf < 100):
		return usageError{"--zipf is 0, for everybody in turn, or above 1."}
	case s.Patience < time.Second || s.Patience > 10*time.Minute:
		return usageError{"--patience goes from 1s to 10m."}
	}
	if len(s.Mix) > 0 {
		if _, err := crowd.ParseMix(s.Mix); err != nil {
			return usageError{fmt.Sprintf("--mix: %v.", err)}
		}
	}
	return nil
}

// crowd are the people, of the usual mix unless another was asked for; ledger and folder are still
// missing.
func (s peopleSettings) crowd(firstID int64, speed float64, usual crowd.Mix) crowd.Options {
	mix, err := crowd.ParseMix(s.Mix)
	if err != nil { // none was asked for: a wrong one does not get past check
		mix = usual
	}
	return crowd.Options{
		People: s.Users, FirstID: firstID, Seed: s.Seed, Mix: mix,
		Speed: speed, Rate: s.Rate, AtOnce: s.AtOnce, Think: s.Think, Zipf: s.Zipf, Patience: s.Patience,
	}
}

func (s botSettings) check() error {
	switch {
	case s.Target != "" && (s.DatabaseURL == "" || strings.HasSuffix(s.Listen, ":0")):
		return usageError{"--target needs --listen, which the bot uses as its Bot API, and --database-url, which is the bot's."}
	case !(s.Speed >= 1 && s.Speed <= 1800):
		return usageError{"--speed goes from 1 to 1800."}
	case s.IdleLife < time.Second:
		return usageError{"--idle-life is at least 1s."}
	case s.MemoryLimitMB != 0 && (s.MemoryLimitMB < 64 || s.MemoryLimitMB > 1<<20):
		return usageError{"--memory-limit-mb is 0, or goes from 64 to 1,048,576."}
	case s.MemoryLimitMB != 0 && s.Target != "":
		return usageError{"--memory-limit-mb is for a bot that is started here: leave --target out."}
	case s.MessagesPerChat < 2 || s.MessagesPerChat > 1000:
		return usageError{"--messages-per-chat goes from 2 to 1,000."}
	case s.Events < 0 || s.Events > 10_000:
		return usageError{"--events goes from 0 to 10,000."}
	}
	for _, e := range s.BotEnv {
		if !strings.Contains(e, "=") {
			return usageError{fmt.Sprintf("--bot-env %s: it should look like NAME=VALUE.", e)}
		}
	}
	return nil
}

// rig is what the bot stands on.
func (s botSettings) rig(c *console) rig.Options {
	o := rig.Options{
		Listen: s.Listen, DatabaseURL: s.DatabaseURL, Target: s.Target, MemoryMB: s.MemoryLimitMB, MessagesPerChat: s.MessagesPerChat,
		Env: append([]string{
			"USER_STATE_MAX_SIZE=" + strconv.Itoa(s.MaxSessions),
			"MEMORY_THRESHOLD_MB=" + strconv.Itoa(s.MemoryThresholdMB),
			"USER_STATE_TTL_SECONDS=" + strconv.Itoa(max(int(s.IdleLife.Seconds()/s.Speed), 1)),
			"SWEEP_INTERVAL=" + max(time.Duration(float64(sweepEvery)/s.Speed), time.Second).String(),
		}, s.BotEnv...),
	}
	if s.Okolo != "" {
		o.Command = []string{s.Okolo, "serve"}
	}
	if s.BotLog {
		o.Log = c.err
	}
	return o
}

// described is what the settings say about the numbers.
func described(p peopleSettings, bot string) report.Settings {
	return report.Settings{
		Users: p.Users, Rate: p.Rate, AtOnce: p.AtOnce, Seed: p.Seed, Bot: bot,
		CPUs: runtime.NumCPU(), Machine: runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// write puts the result where it is wanted.
func (s outputSettings) write(r *report.Result, c *console) error {
	if s.JSON != "" {
		if err := r.WriteFile(s.JSON, c.out); err != nil {
			return err
		}
	}
	if s.HTML != "" {
		if err := r.PageFile(s.HTML); err != nil {
			return err
		}
	}
	if s.PNG != "" {
		if err := r.PictureFile(s.PNG); err != nil {
			return err
		}
	}
	if s.JSON != "-" {
		return r.Summary(c.out)
	}
	return nil
}
