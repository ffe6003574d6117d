package actors

import (
	"log/slog"
	"runtime"
	"testing"
)

// TestAnEmptySystemIsSmall: what an actor system takes, it takes of everybody's memory.
func TestAnEmptySystemIsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	system := NewSystem(slog.New(slog.DiscardHandler))
	runtime.ReadMemStats(&after)
	system.Shutdown()
	if took := after.TotalAlloc - before.TotalAlloc; took > 2<<20 {
		t.Errorf("an actor system without actors takes %d bytes", took)
	}
}
