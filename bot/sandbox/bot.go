package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego"
)

// bot is an account that programs act through with a token.
type bot struct {
	id        int64
	profile   atomic.Pointer[telego.User] // what getMe says, without the fields that only getMe has
	updates   *updates
	callbacks *callbacks
	commands  commandLists
	hook      webhookSlot
	flood     flood
	inline    inlineQueries
	about     about

	answersInline  atomic.Bool  // inline mode is on
	readsAll       atomic.Bool  // in groups: privacy mode is off
	loggedOutUntil atomic.Int64 // Unix time; 0: never logged out
}

// logOutPause is how long a bot that logged out is kept out, by the Bot API's logOut.
const logOutPause = 10 * time.Minute

// botID reads the id from a token, and false where it is malformed: <digits>:<text>.
func botID(token string) (int64, bool) {
	digits, secret, found := strings.Cut(token, ":")
	if !found || secret == "" || strings.ContainsFunc(digits, notDigit) {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil && id > 0
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// bot returns the account with an id, making it at the first call. It fails where a person has
// the id.
func (s *Server) bot(id int64) (*bot, error) {
	if b, ok := s.bots.Load(id); ok {
		return b.(*bot), nil
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	if b, ok := s.bots.Load(id); ok {
		return b.(*bot), nil
	}
	if s.person(id) != nil {
		return nil, &Error{http.StatusUnauthorized, "Unauthorized: the id of the token is a person's in this sandbox"}
	}
	b := &bot{
		id:        id,
		updates:   newUpdates(s.ids, s.opts.UpdatesPerBot, &s.mishaps),
		callbacks: newCallbacks(s.opts.CallbacksPerBot),
	}
	b.profile.Store(&telego.User{
		ID: id, IsBot: true,
		FirstName: fmt.Sprintf("Sandbox bot %d", id),
		Username:  fmt.Sprintf("sandbox%d_bot", id),
	})
	s.bots.Store(id, b)
	return b, nil
}

// user is the bot as Telegram shows it now.
func (b *bot) user() *telego.User { return b.profile.Load() }

// findBot finds a bot by its id or username, or the only bot where name is empty. A number
// names a bot even before its program first called.
func (s *Server) findBot(name string) (*bot, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil && id > 0 {
		return s.bot(id)
	}
	name = strings.TrimPrefix(name, "@")
	var found []*bot
	s.bots.Range(func(_, v any) bool {
		if b := v.(*bot); name == "" || strings.EqualFold(b.user().Username, name) {
			found = append(found, b)
		}
		return true
	})
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, badRequest("there are %d bots: say which", len(found))
	case name == "":
		return nil, &Error{404, "Not Found: no bot has called yet"}
	default:
		return nil, &Error{404, "Not Found: no such bot"}
	}
}

func (c *call) getMe() (any, error) {
	me := *c.bot.user()
	me.CanJoinGroups, me.CanReadAllGroupMessages = true, c.bot.readsAll.Load()
	me.SupportsInlineQueries = c.bot.answersInline.Load()
	return me, nil
}

// logOut and close end the bot's long poll, as Telegram does before a bot moves to another
// server. A webhook stays: the Bot API has the bot delete it before.
func (c *call) logOut() (any, error) {
	c.bot.loggedOutUntil.Store(c.now().Add(logOutPause).Unix())
	return c.close()
}

func (c *call) close() (any, error) {
	c.bot.updates.endPoll(&Error{500, "Internal Server Error: restart"})
	return true, nil
}
