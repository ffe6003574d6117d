package sandbox

// Watcher is told what bots do in private chats, in the server's own process: for crowds so
// large that a request and a poll for each person would cost more than the bot under test.
// Its methods are called in the order of each chat, with the chat locked: they must be quick,
// and must not call the server.
type Watcher interface {
	// Shown is told of a message that a bot sent or edited; its HTML is left empty.
	Shown(person int64, m Message)
	// Answered is told of the first answer to a press.
	Answered(person int64, callbackID string, a CallbackAnswer)
}

// Join makes a person known, or renews their profile, without HTTP.
func (s *Server) Join(pr Profile) error {
	_, err := s.join(pr)
	return err
}

// Say puts what a person says into the private chat with a bot, named by its id, without HTTP.
func (s *Server) Say(person, bot int64, what Saying) error {
	c, err := s.private(person, bot)
	if err != nil {
		return err
	}
	said, err := what.content()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sayInPrivate(&message{from: c.person, content: said, replyTo: what.ReplyTo})
}

// Press presses a button of the private chat with a bot, without HTTP; see [Person.Press].
func (s *Server) Press(person, bot, messageID int64, data string) (callbackID string, err error) {
	c, err := s.private(person, bot)
	if err != nil {
		return "", err
	}
	cb, err := c.press(c.person, messageID, data)
	if err != nil {
		return "", err
	}
	return cb.id, nil
}

func (s *Server) private(person, bot int64) (*chat, error) {
	p := s.person(person)
	if p == nil {
		return nil, &Error{404, "Not Found: no such person"}
	}
	if p.gone.Load() {
		return nil, errGone
	}
	b, err := s.bot(bot)
	if err != nil {
		return nil, err
	}
	return s.chat(b, p), nil
}

// tellShown tells the watcher, if there is one, of a message of a bot in a private chat.
func (c *chat) tellShown(m *message) {
	if w := c.server.opts.Watcher; w != nil && m.from == nil && c.group == nil {
		w.Shown(c.person.id, m.plainlySeen())
	}
}
