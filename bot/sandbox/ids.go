package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// idBlock is how many ids are reserved in the file at once: a crash skips at most so many.
const idBlock = 1 << 14

// idEpoch is where the clock that ids start from begins, so that they stay below 2^31, which
// many clients take them for: at four a second until 2043.
var idEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// ids gives out update and message ids, each from one counter that only grows.
type ids struct {
	path string // empty: not kept

	mu              sync.Mutex
	update, message counter
}

// counter is one sequence: the last id given out, and the last that the file reserves.
type counter struct{ last, reserved int64 }

// marks is the content of the file: no id above these has been given out.
type marks struct {
	Update  int64 `json:"update"`
	Message int64 `json:"message"`
}

func openIDs(path string, now time.Time) (*ids, error) {
	first := max(0, int64(now.Sub(idEpoch).Seconds())*4)
	n := &ids{path: path, update: counter{last: first}, message: counter{last: first}}
	if path == "" {
		return n, nil
	}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // from the clock, in case a file was lost
	case err != nil:
		return nil, fmt.Errorf("ids: %w", err)
	default:
		var m marks
		if err := json.Unmarshal(b, &m); err != nil || m.Update < 0 || m.Message < 0 {
			return nil, fmt.Errorf("ids: %s does not hold the marks of ids (%q)", path, b)
		}
		n.update.last, n.message.last = m.Update, m.Message
	}
	n.update.reserved, n.message.reserved = n.update.last+idBlock, n.message.last+idBlock
	return n, n.write(n.update.reserved, n.message.reserved)
}

func (n *ids) nextUpdate() (int64, error)  { return n.next(&n.update) }
func (n *ids) nextMessage() (int64, error) { return n.next(&n.message) }

// next gives out an id, after reserving further ones where the last block is used up.
func (n *ids) next(c *counter) (int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.path != "" && c.last == c.reserved {
		c.reserved += idBlock
		if err := n.write(n.update.reserved, n.message.reserved); err != nil {
			c.reserved -= idBlock
			return 0, err
		}
	}
	c.last++
	return c.last, nil
}

// close gives back what was reserved and not used.
func (n *ids) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.path == "" {
		return nil
	}
	n.update.reserved, n.message.reserved = n.update.last, n.message.last
	return n.write(n.update.last, n.message.last)
}

// write replaces the file, so that a crash leaves the old marks or the new ones.
func (n *ids) write(update, message int64) error {
	b, err := json.Marshal(marks{update, message})
	if err != nil {
		return fmt.Errorf("ids: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(n.path), filepath.Base(n.path)+".*")
	if err != nil {
		return fmt.Errorf("ids: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), n.path)
	}
	if err != nil {
		return fmt.Errorf("ids: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
