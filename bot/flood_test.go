package bot_test

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestFlood: a person who hammers is told once, then ignored for a while, and then heard again.
// Others are answered meanwhile.
func TestFlood(t *testing.T) {
	for lang, words := range map[string]struct{ slow, help string }{
		"en": {"faster than I am", "What I can do"}, "ru": {"не успеваю", "Что я умею"},
	} {
		t.Run(lang, func(t *testing.T) {
			var passed atomic.Int64
			began := time.Now()
			w := newWorld(t, worldOptions{personRate: 2, now: func() time.Time { return began.Add(time.Duration(passed.Load())) }})
			anna, boris := w.visitor(1, "Anna", lang), w.visitor(2, "Boris", "en")
			for range 60 {
				anna.Say("/x")
			}
			anna.See("that she is too fast", contains(words.slow))
			anna.Say("/help") // is not heard
			boris.Say("/help")
			boris.See("his answer", contains("What I can do"))
			w.eventually("flooded are %v", func() (any, bool) {
				s, err := w.bot.Stats(t.Context())
				return s.Ingress.Flooded, err == nil && s.Ingress.Flooded == 21 && s.Ingress.Watched == 2
			})
			passed.Add(int64(time.Minute))
			anna.Say("/help")
			anna.See("her answer", contains(words.help))
			check(t, anna.Err())
			check(t, boris.Err())
			if n := count(t, anna, words.slow); n != 1 {
				t.Errorf("she was told %d times", n)
			}
			if n := count(t, anna, words.help); n != 1 {
				t.Errorf("%d of two calls for help were answered", n)
			}
		})
	}
}
