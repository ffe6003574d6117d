package persistence

import (
	"testing"

	"okolo/actors"
)

// A stack that is used again holds nothing of the batch before.
func TestStackForgets(t *testing.T) {
	st := stacks.New().(*stack)
	for bot := range int64(2) {
		st.reset(bot)
		if !st.kept.empty() || !st.gone.empty() || len(st.data) > 0 || st.bot[7] != byte(bot) || len(st.bot) != 8 {
			t.Fatalf("%+v", st)
		}
		st.add(&actors.Snapshot{User: 1, Data: []byte("a")})
		st.add(&actors.Snapshot{User: 2})
		if st.kept.empty() || st.gone.empty() {
			t.Fatalf("%+v", st)
		}
	}
}
