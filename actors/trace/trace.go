// Package trace records one input on its way: the stations that it comes through, one after
// the other, and beside them what is done on its behalf. It knows nothing of who reads the
// record.
package trace

import (
	"sync"
	"time"
)

// MaxParts is the most spans in a record; further ones are left out, and counted.
const MaxParts = 64

// Span is a stretch of time on the way of an input. A nil Span records nothing and costs
// nothing: it belongs to an input that is not followed. The methods are safe for concurrent
// use; the fields may be read once the record is handed over.
type Span struct {
	Name       string
	Begin, End time.Time
	Notes      []Note
	Parts      []*Span // stations and branches, by the time of their beginning

	record  *record
	station *Span // the one under way
}

// Note is something to know about a span. It holds nothing that people wrote, nor where they
// are, nor who they are.
type Note struct {
	Key   string
	Value any // a string or an int64
}

// record is what the spans of one input have in common.
type record struct {
	mu    sync.Mutex
	root  *Span // nil: it was handed over
	parts int   // asked for
	done  func(*Span)
}

// Start begins a record. done gets it when its span has ended; from then on it does not change.
func Start(name string, begin time.Time, done func(*Span)) *Span {
	s := &Span{Name: name, Begin: begin, record: &record{done: done}}
	s.record.root = s
	return s
}

// Next notes that the input comes to its next station, and has left the one before.
func (s *Span) Next(station string) {
	if s != nil {
		s.next(station, time.Now())
	}
}

func (s *Span) next(station string, now time.Time) {
	r := s.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil || !s.End.IsZero() {
		return
	}
	s.leave(now)
	s.station = s.add(station, now)
}

// Branch begins something that is done beside the stations. Where the record is full or the
// span has ended it returns nil.
func (s *Span) Branch(name string) *Span {
	if s == nil {
		return nil
	}
	r := s.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil || !s.End.IsZero() {
		return nil
	}
	return s.add(name, time.Now())
}

// Note adds something to know.
func (s *Span) Note(key string, value any) {
	if s == nil {
		return
	}
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	if s.record.root != nil {
		s.Notes = append(s.Notes, Note{key, value})
	}
}

// Finish ends the span and the station under way. The end of the first span ends the record,
// with all that has not ended, and hands it over.
func (s *Span) Finish() {
	if s == nil {
		return
	}
	if r := s.record; r.finish(s, time.Now()) {
		r.done(s)
	}
}

// finish reports whether the record is to be handed over.
func (r *record) finish(s *Span, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.root == nil || !s.End.IsZero() {
		return false
	}
	if r.root != s {
		s.leave(now)
		s.End = now
		return false
	}
	r.root = nil
	s.close(now)
	if left := r.parts - MaxParts; left > 0 {
		s.Notes = append(s.Notes, Note{"parts_left_out", int64(left)})
	}
	return true
}

// add makes a part; nil where there are enough.
func (s *Span) add(name string, now time.Time) *Span {
	if s.record.parts++; s.record.parts > MaxParts {
		return nil
	}
	part := &Span{Name: name, Begin: now, record: s.record}
	s.Parts = append(s.Parts, part)
	return part
}

// leave ends the station under way.
func (s *Span) leave(now time.Time) {
	if s.station != nil {
		s.station.End = now
		s.station = nil
	}
}

// close ends the span and all below it that has not ended.
func (s *Span) close(now time.Time) {
	if s.End.IsZero() {
		s.End = now
	}
	for _, part := range s.Parts {
		part.close(now)
	}
}
