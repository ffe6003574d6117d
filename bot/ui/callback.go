package ui

import (
	"errors"
	"strconv"
	"strings"
)

// button data looks like "1p:2:5~1a": the version of the form, the action, its numbers and
// after the tilde the revision of the screen that the button is on, all numbers in base 36.

// The actions of buttons. The letters are in messages that people keep: never reuse one.
const (
	actHome       = "h"
	actNearby     = "n"
	actPage       = "p" // search, page
	actRadius     = "r" // search, km
	actDays       = "d" // search, days
	actCategories = "k" // search
	actCategory   = "c" // search, category (0: any)
	actAgain      = "a" // search
	actWider      = "g" // search
	actEvent      = "e" // event, screen that lists it (0: none)
	actJoin       = "j" // event
	actLeave      = "l" // event
	actCallOff    = "x" // event: asks
	actCallOffYes = "X" // event: does
	actBack       = "b" // screen
	actMine       = "m"
	actLanguage   = "L"
	actCreate     = "w"
	actWizard     = "W" // draft, choice, argument
	actPin        = "P" // event
	actCalendar   = "C" // event
	actEdit       = "E" // event
	actAttendance = "A" // event
	actMute       = "M" // event, 1: no reminders, 0: reminders
	actMuteAll    = "O" // 1: no reminders, 0: reminders
	actTell       = "T" // event: asks
	actPrivacy    = "v"
	actForget     = "z" // asks
	actForgetSure = "Z" // asks once more
	actForgetYes  = "y" // does
	actReport     = "R" // event: asks
	actReportFor  = "F" // event, reason

	// On messages in a group.
	actGroupEvents = "G" // page
	actGroupJoin   = "J" // event, page of the list + 1; 0: its announcement
	actGroupLeave  = "Q" // event, the same
	actGroupSet    = "s" // field, value
)

// The actions of the operators' buttons begin with this letter.
const operatorAction = "o"

const (
	actCase      = "oc" // event
	actHide      = "oh" // event, 1: hides, 0: shows again
	actDelete    = "od" // event: asks
	actDeleteYes = "oD" // event: does
	actDismiss   = "os" // event, up to when its reports were seen (microseconds)
	actBan       = "ob" // event, person, 1: bans, 0: lets in again
	actNextCase  = "on" // after event
	actBans      = "ol" // page
)

const dataVersion = '1'

// errForged is the error of data that no version of the bot has made.
var errForged = errors.New("button data of no known form")

// Forged reports whether no version of the bot has made a button's data.
func Forged(raw string) bool {
	_, err := decode(raw)
	return err != nil
}

// data is the decoded data of a button.
type data struct {
	action   string
	args     []int64
	revision uint32
}

// arg returns the i-th number, or 0.
func (d data) arg(i int) int64 {
	if i < len(d.args) {
		return d.args[i]
	}
	return 0
}

// encode makes the data of a button on the screen that s is about to show.
func (s State) encode(action string, args ...int64) string {
	b := make([]byte, 0, 64)
	b = append(b, dataVersion)
	b = append(b, action...)
	for _, a := range args {
		b = append(b, ':')
		b = strconv.AppendInt(b, a, 36)
	}
	b = append(b, '~')
	b = strconv.AppendUint(b, uint64(s.Revision), 36)
	return string(b)
}

// decode reads the data of a button; whatever it is given, it does not panic.
func decode(raw string) (data, error) {
	if len(raw) < 2 || len(raw) > 64 || raw[0] != dataVersion {
		return data{}, errForged
	}
	body, rev, ok := strings.Cut(raw[1:], "~")
	if !ok {
		return data{}, errForged
	}
	revision, err := strconv.ParseUint(rev, 36, 32)
	if err != nil {
		return data{}, errForged
	}
	parts := strings.Split(body, ":")
	d := data{action: parts[0], revision: uint32(revision)}
	for _, p := range parts[1:] {
		n, err := strconv.ParseInt(p, 36, 64)
		if err != nil {
			return data{}, errForged
		}
		d.args = append(d.args, n)
	}
	return d, nil
}
