package sandbox_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"okolo/bot/sandbox"
)

// life runs a server over a file of ids, gives out n ids of each kind, and returns the lowest
// and highest of both. A crash is a server that is never closed.
func life(t *testing.T, file string, n int, crash bool) (low, high [2]int) {
	t.Helper()
	s, err := sandbox.New(sandbox.Options{IDs: file})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	p := person(t, srv.URL, ann)
	for i := range n {
		said(t, p, "hello")
		us := get(t, srv.URL, fields{"offset": -1})
		ids := [2]int{us[0].UpdateID, us[0].Message.MessageID}
		if i == 0 {
			low = ids
		}
		high = ids
	}
	if !crash {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return low, high
}

func TestIDsNeverRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ids.json")
	var last [2]int
	for i, crash := range []bool{false, true, true, false} {
		low, high := life(t, file, 5, crash)
		if low[0] <= last[0] || low[1] <= last[1] {
			t.Fatalf("life %d began at %v, the one before ended at %v", i, low, last)
		}
		if high[0] != low[0]+4 || high[1] != low[1]+4 {
			t.Fatalf("ids leap within life %d: %v to %v", i, low, high)
		}
		last = high
	}
	low, _ := life(t, file, 1, false)
	if low != [2]int{last[0] + 1, last[1] + 1} {
		t.Errorf("after a clean end ids go on without a gap: %v after %v", low, last)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if low, _ := life(t, file, 1, false); low[0] < 1<<20 {
		t.Errorf("a lost file begins from the clock, not at %v", low)
	}
}

func TestDamagedIDs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ids.json")
	for _, content := range []string{"", "{", `{"update":-1}`, "[]"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sandbox.New(sandbox.Options{IDs: file}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, err := sandbox.New(sandbox.Options{IDs: t.TempDir() + "/none/ids"}); err == nil {
		t.Error("a folder that is not there was taken")
	}
}

// More ids than are reserved at once, then a crash.
func TestIDsBeyondABlock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ids.json")
	s, err := sandbox.New(sandbox.Options{IDs: file})
	if err != nil {
		t.Fatal(err)
	}
	direct(t, s, "PUT", "/people/501?bot=7001", fields{"first_name": "Ann"})
	var last sandbox.Message
	for range 1<<14 + 10 {
		resp := direct(t, s, "POST", "/people/501/chats/7001/messages", fields{"text": "hello"})
		if err := json.NewDecoder(resp.Body).Decode(&last); err != nil {
			t.Fatal(err)
		}
	}
	low, _ := life(t, file, 1, true)
	if low[1] <= int(last.ID) {
		t.Errorf("message %d after %d", low[1], last.ID)
	}
}
