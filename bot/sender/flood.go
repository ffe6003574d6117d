package sender

import "time"

// Where Telegram refuses floodChats chats within floodWindow, the limit it guards is the
// bot's, not a chat's.
const (
	floodChats  = 3
	floodWindow = time.Second
)

// floods remembers the last chats for which Telegram answered 429.
type floods [floodChats]struct {
	chat int64
	at   time.Duration
	set  bool
}

// add notes a flood and reports whether it looks like one of the whole bot.
func (f *floods) add(chat int64, now time.Duration) bool {
	oldest := 0
	for i := range f {
		if f[i].set && f[i].chat == chat {
			oldest = i
			break
		}
		if !f[i].set || f[oldest].set && f[i].at < f[oldest].at {
			oldest = i
		}
	}
	f[oldest].chat, f[oldest].at, f[oldest].set = chat, now, true
	for i := range f {
		if !f[i].set || now-f[i].at > floodWindow {
			return false
		}
	}
	return true
}
