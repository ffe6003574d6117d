package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"sync/atomic"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoapi"
)

// updatesCaller stands between telego and the Bot API for the sake of updates that telego
// cannot decode, such as one of a kind that is newer than this program. One of them makes
// telego fail on all that came with it, and they come again and again.
//
// After such a failure the caller is careful for one call: it looks at each update by itself
// and empties those that cannot be read, so that they are passed over and the others are not.
type updatesCaller struct {
	next    telegoapi.Caller
	careful atomic.Bool
	// unreadable hears of each update that was emptied.
	unreadable func(id int64, err error)
}

// Call implements [telegoapi.Caller].
func (c *updatesCaller) Call(ctx context.Context, url string, data *telegoapi.RequestData) (*telegoapi.Response, error) {
	resp, err := c.next.Call(ctx, url, data)
	if err != nil || path.Base(url) != "getUpdates" || !resp.Ok || !c.careful.CompareAndSwap(true, false) {
		return resp, err
	}
	if resp.Result, err = c.readable(resp.Result); err != nil {
		return nil, fmt.Errorf("getUpdates: %w", err)
	}
	return resp, nil
}

// readable returns updates without the contents of those that telego cannot decode.
func (c *updatesCaller) readable(raw json.RawMessage) (json.RawMessage, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("decode the updates: %w", err)
	}
	for i, one := range all {
		var update telego.Update
		cause := json.Unmarshal(one, &update)
		if cause == nil {
			continue
		}
		var bare struct {
			ID int64 `json:"update_id"`
		}
		if err := json.Unmarshal(one, &bare); err != nil {
			return nil, fmt.Errorf("decode an update's id: %w", err)
		}
		if c.unreadable != nil {
			c.unreadable(bare.ID, cause)
		}
		all[i] = json.RawMessage(fmt.Sprintf(`{"update_id":%d}`, bare.ID))
	}
	return json.Marshal(all)
}
