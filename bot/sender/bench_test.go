package sender

import (
	"context"
	"sync"
	"testing"
)

// BenchmarkSubmit is the way of an operation through the sender, its call aside.
func BenchmarkSubmit(b *testing.B) {
	call := func(context.Context) (any, error) { return nil, nil }
	b.Run("one at a time", func(b *testing.B) {
		s := New(Options{})
		defer s.Close(b.Context())
		done := make(chan struct{})
		op := Op{Chat: 1, Call: call, Done: func(any, error) { done <- struct{}{} }}
		b.ReportAllocs()
		for b.Loop() {
			s.Submit(op)
			<-done
		}
	})
	for name, limits := range map[string]Options{
		"1000 chats":          {MaxQueued: 1 << 20, MaxQueuedPerChat: 1 << 20},
		"1000 chats, limited": {MaxQueued: 1 << 20, MaxQueuedPerChat: 1 << 20, GlobalPerSecond: 1e9, ChatPerSecond: 1e9},
	} {
		b.Run(name, func(b *testing.B) {
			s := New(limits)
			defer s.Close(b.Context())
			var left sync.WaitGroup
			op := Op{Call: call, Done: func(any, error) { left.Done() }}
			b.ReportAllocs()
			for i := range b.N {
				left.Add(1)
				op.Chat = int64(i % 1000)
				s.Submit(op)
			}
			left.Wait()
		})
	}
}
