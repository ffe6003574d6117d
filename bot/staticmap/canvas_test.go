package staticmap

import "testing"

// TestMixRoundsEachChannel compares the two-channels-at-a-time mix with the plain formula
// for every alpha and every pair of values.
func TestMixRoundsEachChannel(t *testing.T) {
	const all = 0x01010101 // four channels alike
	for alpha := range uint32(256) {
		for below := range uint32(256) {
			for above := range uint32(256) {
				want := (below*(255-alpha) + above*alpha + 127) / 255
				if got := mix(below*all, above*all, alpha); got != want*all {
					t.Fatalf("%d over %d at %d/255: %08x, want %02x in each channel", above, below, alpha, got, want)
				}
			}
		}
	}
	if got := mix(0xFF102030, 0xFF506070, 255); got != 0xFF506070 {
		t.Errorf("an opaque pixel leaves %08x", got)
	}
}
