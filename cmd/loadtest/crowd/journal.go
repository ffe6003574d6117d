package crowd

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"okolo/bot/sandbox"
)

// maxNote is the most of a message that a journal keeps, in bytes.
const maxNote = 600

// journal keeps everything that everybody did and saw in a file, so that any person's whole
// story can be told, and memory holds none of it. Safe for concurrent use.
type journal struct {
	began time.Time

	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	buf  []byte
	err  error // the first that writing had
}

func openJournal(folder string) (*journal, error) {
	f, err := os.CreateTemp(folder, "loadtest-*.journal")
	if err != nil {
		return nil, fmt.Errorf("make a file for what people see: %w", err)
	}
	return &journal{began: time.Now(), file: f, out: bufio.NewWriterSize(f, 1<<20)}, nil
}

// close removes the file.
func (j *journal) close() error {
	return errors.Join(j.file.Close(), os.Remove(j.file.Name()))
}

// note writes a line: who, when, and what, in parts that are joined.
func (j *journal) note(person int64, parts ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := binary.AppendUvarint(j.buf[:0], uint64(person))
	b = binary.AppendUvarint(b, uint64(time.Since(j.began).Microseconds()))
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	left := min(n, maxNote)
	b = binary.AppendUvarint(b, uint64(left))
	for _, p := range parts {
		p = p[:min(len(p), left)]
		b = append(b, p...)
		left -= len(p)
	}
	j.buf = b
	if _, err := j.out.Write(b); err != nil && j.err == nil {
		j.err = err
	}
}

// shown notes a message of the bot, with the labels of its buttons.
func (j *journal) shown(person int64, m *sandbox.Message) {
	sign := "  bot: "
	if m.Edited > 0 {
		sign = "  bot, edited: "
	}
	parts := [48]string{fmt.Sprintf("%s#%d ", sign, m.ID), m.Text, m.Caption}
	list := parts[:3]
	for _, row := range m.Buttons {
		for _, b := range row {
			if len(list)+3 <= len(parts) {
				list = append(list, " [", b.Text, "]")
			}
		}
	}
	j.note(person, list...)
}

// tell reads the whole stories of some people, of each as lines.
func (j *journal) tell(people []int64) (map[int64]string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := errors.Join(j.err, j.out.Flush()); err != nil {
		return nil, fmt.Errorf("write down what people see: %w", err)
	}
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read what people saw: %w", err)
	}
	defer func() { _, _ = j.file.Seek(0, io.SeekEnd) }() // what fails here fails the next write
	stories := map[int64]*strings.Builder{}
	in := bufio.NewReaderSize(j.file, 1<<20)
	for {
		person, at, text, err := readNote(in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read what people saw: %w", err)
		}
		if !slices.Contains(people, person) {
			continue
		}
		if stories[person] == nil {
			stories[person] = &strings.Builder{}
		}
		fmt.Fprintf(stories[person], "%9.3f s %s\n", at.Seconds(), strings.ReplaceAll(text, "\n", " ⏎ "))
	}
	told := make(map[int64]string, len(stories))
	for id, b := range stories {
		told[id] = b.String()
	}
	return told, nil
}

func readNote(in *bufio.Reader) (person int64, at time.Duration, text string, err error) {
	var head [3]uint64
	for i := range head {
		if head[i], err = binary.ReadUvarint(in); err != nil {
			return 0, 0, "", err
		}
	}
	b := make([]byte, min(head[2], maxNote))
	if _, err = io.ReadFull(in, b); err != nil {
		return 0, 0, "", err
	}
	return int64(head[0]), time.Duration(head[1]) * time.Microsecond, string(b), nil
}
