package sandbox

import (
	"math"
	"sync"
	"time"
)

// Limits are how much a bot may write before it is told to wait: 429 with retry_after. What
// counts is every message that is sent, copied, forwarded or edited; a refused call does not.
// A limit of 0 is none. In JSON for the control API.
type Limits struct {
	ChatPerSecond  float64 `json:"chat_per_second,omitzero"`  // in one chat, in the long run
	ChatBurst      int     `json:"chat_burst,omitzero"`       // at once in one chat; default 1
	GroupPerMinute int     `json:"group_per_minute,omitzero"` // in one group, beside the above
	BotPerSecond   int     `json:"bot_per_second,omitzero"`   // overall
}

// TelegramLimits are those of https://core.telegram.org/bots/faq#broadcasting-to-users: one
// message a second in a chat, 20 a minute in a group, 30 a second overall. "Short bursts" in a
// chat are not numbered there: five.
func TelegramLimits() Limits {
	return Limits{ChatPerSecond: 1, ChatBurst: 5, GroupPerMinute: 20, BotPerSecond: 30}
}

// SetLimits replaces the flood limits. It fails, and changes nothing, where one is negative.
func (s *Server) SetLimits(l Limits) error {
	if !(l.ChatPerSecond >= 0) || math.IsInf(l.ChatPerSecond, 0) || l.ChatBurst < 0 || l.GroupPerMinute < 0 || l.BotPerSecond < 0 {
		return badRequest("a limit is negative or no number")
	}
	s.limits.Store(&l)
	return nil
}

// flood is how fast a bot has been writing.
type flood struct {
	mu    sync.Mutex
	all   pace
	chats map[int64]*chatPace
	sweep int // at which number of chats those at rest are forgotten
}

type chatPace struct{ second, minute pace }

// pace is the time at which what was taken so far would be spent at the allowed rate: the
// generic cell rate algorithm (ITU-T I.371).
type pace struct{ spent time.Time }

// wait is how long it takes until one more may be taken at one each interval, burst at once.
func (p pace) wait(now time.Time, interval time.Duration, burst int) time.Duration {
	if !p.spent.After(now) {
		return 0
	}
	return p.spent.Sub(now) - time.Duration(burst-1)*interval
}

func (p *pace) take(now time.Time, interval time.Duration) {
	if p.spent.Before(now) {
		p.spent = now
	}
	p.spent = p.spent.Add(interval)
}

// minSweep is the least number of chats whose pace is remembered before any is forgotten.
const minSweep = 1024

// chat returns the pace of a chat, after forgetting those at rest where there are many.
func (f *flood) chat(id int64, now time.Time) *chatPace {
	if p := f.chats[id]; p != nil {
		return p
	}
	if len(f.chats) >= max(f.sweep, minSweep) {
		for id, p := range f.chats {
			if !p.second.spent.After(now) && !p.minute.spent.After(now) {
				delete(f.chats, id)
			}
		}
		f.sweep = 2 * len(f.chats)
	}
	if f.chats == nil {
		f.chats = map[int64]*chatPace{}
	}
	p := &chatPace{}
	f.chats[id] = p
	return p
}

// rule is one limit on one pace.
type rule struct {
	pace     *pace
	interval time.Duration
	burst    int
}

// admit takes one message in a chat from the limits, or refuses it. Groups have negative ids.
func (f *flood) admit(l Limits, chat int64, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rules []rule
	if l.BotPerSecond > 0 {
		rules = append(rules, rule{&f.all, time.Second / time.Duration(l.BotPerSecond), l.BotPerSecond})
	}
	if l.ChatPerSecond > 0 {
		rules = append(rules, rule{&f.chat(chat, now).second, time.Duration(float64(time.Second) / l.ChatPerSecond), max(l.ChatBurst, 1)})
	}
	if l.GroupPerMinute > 0 && chat < 0 {
		rules = append(rules, rule{&f.chat(chat, now).minute, time.Minute / time.Duration(l.GroupPerMinute), l.GroupPerMinute})
	}
	var wait time.Duration
	for _, r := range rules {
		wait = max(wait, r.pace.wait(now, r.interval, r.burst))
	}
	if wait > 0 {
		return tooManyRequests(int(math.Ceil(wait.Seconds())))
	}
	for _, r := range rules {
		r.pace.take(now, r.interval)
	}
	return nil
}

// admit refuses what floods a chat.
func (c *call) admit(chat int64) error {
	l := *c.server.limits.Load()
	if l == (Limits{}) {
		return nil
	}
	err := c.bot.flood.admit(l, chat, c.now())
	if err != nil {
		c.server.floods.Add(1)
	}
	return err
}
