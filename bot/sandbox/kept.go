package sandbox

import "github.com/mymmrac/telego"

// keptKeyboard is an inline keyboard as a message keeps it: as the JSON that bots get, where its
// buttons are plain. telego's struct of a button takes three times as much, and a million people
// look at fourteen buttons each. The zero
// value is none.
type keptKeyboard struct {
	plain string
	other *telego.InlineKeyboardMarkup // with buttons that are not plain
}

func keepKeyboard(k *telego.InlineKeyboardMarkup) keptKeyboard {
	if k == nil {
		return keptKeyboard{}
	}
	n := 0
	for _, row := range k.InlineKeyboard {
		for i := range row {
			if !plainButton(&row[i]) {
				return keptKeyboard{other: k}
			}
			n += len(row[i].Text) + len(row[i].CallbackData) + len(row[i].URL) + 40
		}
	}
	return keptKeyboard{plain: string(appendKeyboard(make([]byte, 0, n+32), k))}
}

// plainButton reports whether a button has nothing but text, data and link.
func plainButton(b *telego.InlineKeyboardButton) bool {
	return *b == telego.InlineKeyboardButton{Text: b.Text, URL: b.URL, CallbackData: b.CallbackData}
}

// none reports whether there are no buttons.
func (k keptKeyboard) none() bool { return k.plain == "" && k.other == nil }

// markup is the keyboard; nil: there are no buttons.
func (k keptKeyboard) markup() *telego.InlineKeyboardMarkup {
	if k.plain == "" {
		return k.other
	}
	rows, _ := plainButtons(k.plain) // it was written here
	return &telego.InlineKeyboardMarkup{InlineKeyboard: rows}
}

// append writes the keyboard as bots get it.
func (k keptKeyboard) append(b []byte) []byte {
	if k.plain != "" {
		return append(b, k.plain...)
	}
	return appendKeyboard(b, k.other)
}

// is reports whether it is the same as another keyboard, nil for none.
func (k keptKeyboard) is(other keptKeyboard) bool {
	return k.plain == other.plain && sameKeyboard(k.other, other.other)
}
