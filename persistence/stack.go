package persistence

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"okolo/actors"
)

// stack is snapshots, column by column, as the parameters of statements in PostgreSQL's binary form:
// given Go's values, the driver copies them into two more buffers, which it does not keep. The data of
// all is one value, which takes the server half of what an array of them takes.
type stack struct {
	bot  []byte
	kept bigints // person, epoch, incarnation, revision; where its data is in data, from 1, and how long it is
	gone bigints // person, epoch, incarnation, revision
	data []byte
}

// stacks are used again: one for each batch under way at a time, as large as the largest was.
var stacks = sync.Pool{New: func() any {
	return &stack{kept: make(bigints, 6), gone: make(bigints, 4)}
}}

// reset empties the stack, for snapshots of a bot.
func (c *stack) reset(bot int64) {
	c.bot = binary.BigEndian.AppendUint64(c.bot[:0], uint64(bot))
	c.kept.reset()
	c.gone.reset()
	c.data = c.data[:0]
}

func (c *stack) add(s *actors.Snapshot) {
	person, epoch, incarnation, revision := uint64(s.User), s.Epoch, s.Incarnation, s.Revision
	if len(s.Data) == 0 {
		c.gone.add(person, epoch, incarnation, revision)
		return
	}
	c.kept.add(person, epoch, incarnation, revision, uint64(len(c.data)+1), uint64(len(s.Data)))
	c.data = append(c.data, s.Data...)
}

// bigints are arrays of bigint of the same length.
type bigints [][]byte

// arrayHeader is the length of what comes before the elements: how many dimensions, no nulls, the type
// of the elements, how many these are, and the number of the first.
const arrayHeader = 5 * 4

func (c bigints) reset() {
	for i := range c {
		c[i] = append(c[i][:0], make([]byte, arrayHeader)...)
		binary.BigEndian.PutUint32(c[i], 1)
		binary.BigEndian.PutUint32(c[i][8:], pgtype.Int8OID)
		binary.BigEndian.PutUint32(c[i][16:], 1)
	}
}

// add adds a row.
func (c bigints) add(row ...uint64) {
	for i, v := range row {
		c[i] = binary.BigEndian.AppendUint32(c[i], 8)
		c[i] = binary.BigEndian.AppendUint64(c[i], v)
		binary.BigEndian.PutUint32(c[i][12:], uint32(len(c[i])-arrayHeader)/12)
	}
}

func (c bigints) empty() bool { return len(c[0]) == arrayHeader }

// inBinary says so of all parameters.
var inBinary = []int16{pgx.BinaryFormatCode}

// execute runs a statement, which is prepared once on each connection, with parameters in binary.
func execute(ctx context.Context, conn *pgx.Conn, sql string, params [][]byte) error {
	prepared, err := conn.Prepare(ctx, sql, sql)
	if err != nil {
		return err
	}
	_, err = conn.PgConn().ExecStatement(ctx, prepared, params, inBinary, nil).Close()
	return err
}
