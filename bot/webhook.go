package bot

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego"
)

const (
	// maxUpdate is the most bytes that an update may have; Telegram's have some ten thousand.
	maxUpdate = 1 << 20
	// maxInFlight is the most updates of a webhook that are neither settled nor in the inbox, and
	// the most requests that are read or wait for their answer.
	maxInFlight = 256
	// answerWithin is how long an update may take before Telegram is told to bring it again, so that
	// its connection is free for others. Telegram itself waits for a minute.
	answerWithin = 10 * time.Second
	// wary is for how long after the start updates are committed before they are handled: one that
	// killed the program comes again after two minutes at the latest, Telegram's longest pause.
	wary = 150 * time.Second

	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
)

// MaxWebhookConnections is the most updates that Telegram brings at a time.
const MaxWebhookConnections = 100

// Webhook says how Telegram brings updates by itself: to a server of HTTP, behind a proxy that
// ends TLS. Without a URL updates are fetched.
type Webhook struct {
	URL         string // where Telegram brings them; its path is the only one that is served
	Listen      string // address to listen on, to which the proxy passes requests on
	Secret      string // what Telegram proves itself by, see [CheckSecret]; empty: a new one
	Connections int    // most updates that are brought at a time, up to [MaxWebhookConnections]; 0: 40
	// Wary is for how long after the start each update is committed to the inbox before it is
	// handled, as it may have killed the program before; 0: 150 s, which outlasts Telegram's pauses.
	Wary time.Duration
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

// CheckSecret refuses a secret that Telegram does not take, or that could be guessed.
func CheckSecret(secret string) error {
	if !secretForm.MatchString(secret) {
		return errors.New("it has 16 to 256 characters of A-Z, a-z, 0-9, _ and -")
	}
	return nil
}

// webhook takes updates as Telegram brings them, one a request. It answers 200 when the update is
// settled or in the inbox, and else an error, after which the update comes again.
//
// Telegram brings the updates of one chat one after the other, the next when the one before was
// answered with 200, and those of different chats side by side; presses are a chat of their own in
// that. So the messages of a person keep their order, and so do the presses; a message and a press
// of the same moment may change places, and are handled as they come. Where an answer is lost, its
// update comes again before the next of its chat, while the session knows it yet.
type webhook struct {
	Webhook
	bot      *Bot
	path     string
	secret   [sha256.Size]byte
	since    time.Time
	requests chan struct{}  // has one for each
	handling sync.WaitGroup // whoever ends the server, and then the sessions, waits for it

	set       bool  // at Telegram; this and the next are attend's own
	lastError int64 // Telegram's last that was logged, in Unix time

	mu      sync.Mutex
	open    map[int64]*delivery // by update
	trouble error               // why Telegram brings no updates; nil: it does, as far as is known

	taken, strangers, malformed, refused, again atomic.Uint64
	pending                                     atomic.Int64 // updates that wait at Telegram
}

// delivery is an update that is neither settled nor in the inbox.
type delivery struct {
	ended chan struct{} // closed when it is, or has to come again
	safe  bool          // it is
}

func newWebhook(b *Bot) (*webhook, error) {
	c := b.Webhook
	c.Secret, c.Connections, c.Wary = cmp.Or(c.Secret, rand.Text()), cmp.Or(c.Connections, 40), cmp.Or(c.Wary, wary)
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("the webhook's URL cannot be read") // err repeats it, and a path can be a secret
	}
	return &webhook{
		Webhook: c, bot: b, path: cmp.Or(u.Path, "/"), secret: sha256.Sum256([]byte(c.Secret)), since: time.Now(),
		requests: make(chan struct{}, maxInFlight), open: map[int64]*delivery{}, trouble: errNotSet,
	}, nil
}

// ServeHTTP implements [http.Handler].
func (w *webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != w.path:
		w.refuse(rw, http.StatusNotFound, &w.strangers)
	case r.Method != http.MethodPost:
		rw.Header().Set("Allow", http.MethodPost)
		w.refuse(rw, http.StatusMethodNotAllowed, &w.strangers)
	case !w.knows(r.Header.Get(secretHeader)):
		w.refuse(rw, http.StatusUnauthorized, &w.strangers)
	default:
		select {
		case w.requests <- struct{}{}:
			w.receive(rw, r)
			<-w.requests
		default:
			w.refuse(rw, http.StatusServiceUnavailable, &w.refused)
		}
	}
}

// knows compares in a time that tells nothing of the secret.
func (w *webhook) knows(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(sum[:], w.secret[:]) == 1
}

func (w *webhook) refuse(rw http.ResponseWriter, status int, count *atomic.Uint64) {
	count.Add(1)
	http.Error(rw, http.StatusText(status), status)
}

// receive takes the update of a request from Telegram.
func (w *webhook) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxUpdate))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		w.refuse(rw, http.StatusRequestEntityTooLarge, &w.malformed)
		return
	}
	update, cause, ok := decodeUpdate(body)
	if err != nil || !ok {
		w.refuse(rw, http.StatusBadRequest, &w.malformed)
		return
	}
	if cause != nil { // it would come again and again
		w.bot.unreadable(int64(update.UpdateID), cause)
	}
	d := w.take(update)
	if d == nil {
		w.refuse(rw, http.StatusServiceUnavailable, &w.refused)
		return
	}
	late := time.NewTimer(answerWithin)
	defer late.Stop()
	select {
	case <-d.ended:
		if d.safe {
			return // 200
		}
	case <-late.C:
	case <-r.Context().Done(): // nobody waits any more
	}
	w.refuse(rw, http.StatusServiceUnavailable, &w.again)
}

// decodeUpdate reads an update; ok is false where there is none. Of one in a form that this program
// does not know it returns the id alone, with the cause.
func decodeUpdate(body []byte) (update telego.Update, cause error, ok bool) {
	if cause = json.Unmarshal(body, &update); cause == nil {
		return update, nil, update.UpdateID > 0
	}
	var bare struct {
		ID int `json:"update_id"`
	}
	err := json.Unmarshal(body, &bare)
	return telego.Update{UpdateID: bare.ID}, cause, err == nil && bare.ID > 0
}

// take has an update handled, and returns its delivery: that which is under way where the update
// comes again; nil where too many are.
func (w *webhook) take(u telego.Update) *delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := int64(u.UpdateID)
	if d := w.open[id]; d != nil {
		return d
	}
	if len(w.open) >= maxInFlight || w.bot.intake.len() >= maxTaken {
		return nil
	}
	w.taken.Add(1)
	d := &delivery{ended: make(chan struct{})}
	w.open[id] = d
	w.handling.Go(func() { w.handle(u, d) })
	return d
}

func (w *webhook) handle(u telego.Update, d *delivery) {
	pieces, safe := w.bot.handle([]telego.Update{u}, time.Since(w.since) < w.Wary)
	w.mu.Lock()
	delete(w.open, int64(u.UpdateID))
	w.mu.Unlock()
	d.safe = safe
	close(d.ended)
	settled, _ := w.bot.intake.finished(pieces)
	w.bot.release(settled...)
}

// inFlight returns how many updates are neither settled nor in the inbox.
func (w *webhook) inFlight() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)
}
