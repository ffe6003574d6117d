package sandbox

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"
)

// A late update that can get no id is held back and tried again in good time, not in a loop.
func TestNoIDForALateUpdate(t *testing.T) {
	s, err := New(Options{IDs: filepath.Join(t.TempDir(), "ids")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("close: %v", err)
		}
	}()
	s.ids.path = filepath.Join(t.TempDir(), "gone", "ids")
	s.ids.update.reserved = s.ids.update.last
	b, err := s.bot(7001)
	if err != nil {
		t.Fatal(err)
	}
	h := &webhook{server: s, bot: b, lanes: map[int64]*lane{}}
	h.bot.updates.late = []event{{kind: "message", due: time.Now().Add(-time.Hour), until: time.Now().Add(time.Hour)}}
	if u, pause := h.next(); u.id != 0 || pause != idsRetry || h.bot.updates.len() != 1 {
		t.Errorf("%+v in %v, %d wait", u, pause, h.bot.updates.len())
	}
}
