package sandbox

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one request of a bot.
type call struct {
	*params
	ctx    context.Context
	server *Server
	bot    *bot
	left   func() bool // see request
}

func (c *call) now() time.Time { return c.server.now() }

// methodTable returns the methods of the Bot API by their names in lower case: Telegram does
// not tell cases apart.
func methodTable() map[string]func(*call) (any, error) {
	return map[string]func(*call) (any, error){
		"getme": (*call).getMe, "logout": (*call).logOut, "close": (*call).close,
		"getupdates": (*call).getUpdates,
		"setwebhook": (*call).setWebhook, "deletewebhook": (*call).deleteWebhook, "getwebhookinfo": (*call).getWebhookInfo,

		"sendmessage": (*call).sendMessage, "sendphoto": sendFile(kinds["photo"]), "senddocument": sendFile(kinds["document"]),
		"sendaudio": sendFile(kinds["audio"]), "sendvideo": sendFile(kinds["video"]), "sendvoice": sendFile(kinds["voice"]),
		"sendanimation": sendFile(kinds["animation"]), "sendsticker": sendFile(kinds["sticker"]),
		"sendlocation": (*call).sendLocation, "sendvenue": (*call).sendVenue, "sendcontact": (*call).sendContact,
		"senddice": (*call).sendDice, "sendpoll": (*call).sendPoll, "stoppoll": (*call).stopPoll,
		"sendchataction": (*call).sendChatAction, "setmessagereaction": (*call).setMessageReaction,

		"sendmediagroup": (*call).sendMediaGroup,
		"forwardmessage": (*call).forwardMessage, "forwardmessages": (*call).forwardMessages,
		"copymessage": (*call).copyMessage, "copymessages": (*call).copyMessages,

		"editmessagetext": (*call).editMessageText, "editmessagecaption": (*call).editMessageCaption,
		"editmessagemedia": (*call).editMessageMedia, "editmessagereplymarkup": (*call).editMessageReplyMarkup,
		"editmessagelivelocation": (*call).editMessageLiveLocation, "stopmessagelivelocation": (*call).stopMessageLiveLocation,
		"deletemessage": (*call).deleteMessage, "deletemessages": (*call).deleteMessages,

		"answercallbackquery": (*call).answerCallbackQuery, "answerinlinequery": (*call).answerInlineQuery,

		"setmycommands": (*call).setMyCommands, "getmycommands": (*call).getMyCommands, "deletemycommands": (*call).deleteMyCommands,
		"setmyname": setAbout("name", maxBotName, (*call).rename), "getmyname": (*call).getMyName,
		"setmydescription": setAbout("description", maxBotDescription, nil), "getmydescription": (*call).getMyDescription,
		"setmyshortdescription": setAbout("short_description", maxShortDescription, nil),
		"getmyshortdescription": (*call).getMyShortDescription,
		"setchatmenubutton":     (*call).setChatMenuButton, "getchatmenubutton": (*call).getChatMenuButton,

		"getchat": (*call).getChat, "getfile": (*call).getFile, "getuserprofilephotos": (*call).getUserProfilePhotos,
		"getchatadministrators": (*call).getChatAdministrators, "getchatmember": (*call).getChatMember,
		"getchatmembercount": (*call).getChatMemberCount, "leavechat": (*call).leaveChat,
		"banchatmember": (*call).banChatMember, "unbanchatmember": (*call).unbanChatMember,
		"restrictchatmember": (*call).restrictChatMember, "promotechatmember": (*call).promoteChatMember,
		"setchattitle": (*call).setChatTitle, "setchatdescription": (*call).setChatDescription,
		"pinchatmessage": (*call).pinChatMessage, "unpinchatmessage": (*call).unpinChatMessage,
		"unpinallchatmessages":       (*call).unpinAllChatMessages,
		"unpinallforumtopicmessages": (*call).unpinAllForumTopicMessages,
		"createforumtopic":           (*call).createForumTopic, "editforumtopic": (*call).editForumTopic,
		"closeforumtopic": (*call).closeForumTopic, "reopenforumtopic": (*call).reopenForumTopic,
		"deleteforumtopic": (*call).deleteForumTopic,
	}
}

// route tells the Bot API, downloads, people and the page apart.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/bot"):
		s.serveCall(w, r, path[len("/bot"):])
	case strings.HasPrefix(path, "/file/bot"):
		s.serveFile(w, r, path[len("/file/bot"):])
	case strings.HasPrefix(path, "/people/"):
		s.servePeopleGuarded(w, r, path[len("/people/"):])
	case strings.HasPrefix(path, "/control/"):
		s.serveControl(w, r, path[len("/control/"):])
	case path == "/":
		s.serveWeb(w, r, "")
	case strings.HasPrefix(path, "/web/"):
		s.serveWeb(w, r, path[len("/web/"):])
	default:
		answer(w, nil, errNotFound)
	}
}

// serveCall answers a call that net/http took: /bot<token>/<method>.
func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, rest string) {
	if err := s.guardCall(r.Host, r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")); err != nil {
		answer(w, nil, err)
		return
	}
	body, err := readBody(r, maxMultipart)
	if err != nil {
		answer(w, nil, err)
		return
	}
	result, err := s.carryOut(r.Context(), rest, &request{
		method: r.Method, query: r.URL.RawQuery, contentType: r.Header.Get("Content-Type"), body: body,
	})
	if err == errCut {
		panic(http.ErrAbortHandler) // documented to break the connection
	}
	answer(w, result, err)
}

// carryOut reads a call to <token>/<method>, lets happen to it what was ordered, and does it.
func (s *Server) carryOut(ctx context.Context, path string, r *request) (any, error) {
	token, method, _ := strings.Cut(path, "/")
	id, ok := botID(token)
	switch {
	case !ok:
		return nil, errNotFound
	case r.method != http.MethodGet && r.method != http.MethodPost:
		return nil, &Error{http.StatusMethodNotAllowed, "Method Not Allowed"}
	}
	p, err := r.params()
	fate := s.mishaps.ofCall(method)
	s.linger(ctx, fate.latency)
	switch {
	case fate.cutBefore:
		return nil, errCut
	case err != nil:
		return nil, err
	case fate.refusal != nil:
		return nil, fate.refusal
	}
	result, err := s.call(ctx, id, method, p, r.left)
	if fate.cutAfter {
		return nil, errCut
	}
	return result, err
}

// call carries a method out; left is as in [request].
func (s *Server) call(ctx context.Context, id int64, method string, p *params, left func() bool) (any, error) {
	do := s.methods[strings.ToLower(method)]
	if do == nil {
		return nil, &Error{http.StatusNotFound, "Not Found: method not found"}
	}
	b, err := s.bot(id)
	if err != nil {
		return nil, err
	}
	if until := b.loggedOutUntil.Load(); until != 0 && s.now().Unix() < until {
		return nil, &Error{http.StatusBadRequest, "Logged out"}
	}
	result, err := do(&call{params: p, ctx: ctx, server: s, bot: b, left: left})
	if refusal := (*Error)(nil); err != nil && !errors.As(err, &refusal) && ctx.Err() == nil && err != errLeft {
		s.log.Error("sandbox failed a call", "method", method, "error", err)
	}
	return result, err
}

// target finds the chat a call is about.
func (c *call) target() (*chat, error) { return c.chatNamed("chat_id") }

// chatNamed finds the chat that a parameter names.
func (c *call) chatNamed(parameter string) (*chat, error) {
	v := strings.TrimSpace(c.text(parameter))
	if v == "" {
		return nil, badRequest("%s is empty", parameter)
	}
	return c.chatWith(v)
}

// chatWith finds the chat with an id.
func (c *call) chatWith(v string) (*chat, error) {
	id, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return nil, badRequest("chat not found")
	}
	if id < 0 {
		return c.groupFor(id)
	}
	if p := c.server.person(id); p != nil {
		return c.server.chat(c.bot, p), nil
	}
	if _, isBot := c.server.bots.Load(id); isBot {
		return nil, forbidden("bots can't send messages to bots")
	}
	return nil, badRequest("chat not found")
}
