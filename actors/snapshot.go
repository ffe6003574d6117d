package actors

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/fxamacker/cbor/v2"
)

// Snapshot is a session in its stored form. Of two snapshots of a user, the one with the
// greater (Epoch, Incarnation, Revision), compared in that order, is the newer.
type Snapshot struct {
	User        int64
	Epoch       uint64 // of the runtime; see [Config]
	Incarnation uint64 // of the session, minted by the supervisor
	Revision    uint64 // counts the changes of the session, over all incarnations
	Data        []byte // empty: there is nothing to keep, and the stored one is to be deleted
}

// SnapshotStore keeps the newest snapshot of each user. Its methods return when ctx ends;
// Save is called from one goroutine at a time, Load from several.
type SnapshotStore interface {
	// Load returns the snapshots of those users who have one.
	Load(ctx context.Context, users []int64) ([]Snapshot, error)
	// Save stores a batch, at most one snapshot for each user. A snapshot older than the
	// stored one is left out; that is no error. One without data deletes the stored one. What
	// the batch holds is used again once Save has returned: a store that keeps it copies it.
	Save(ctx context.Context, batch []Snapshot) error
}

// Errors of reading a snapshot.
var (
	errDamaged = errors.New("the snapshot is damaged")
	errVersion = errors.New("the snapshot has another version")
)

// envelope is what a snapshot's data holds behind its checksum. State is *S when it is
// written; it is read raw, since only the version says whether it can be understood.
type envelope[State any] struct {
	_       struct{} `cbor:",toarray"`
	Version uint32
	Applied updates
	Pressed presses
	State   State
}

// checksumSize is the length of the CRC-32C (Castagnoli, RFC 3720) before the CBOR.
const checksumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encoding writes CBOR (RFC 8949) into a buffer of its user's.
var encoding = func() cbor.UserBufferEncMode {
	mode, err := cbor.EncOptions{}.UserBufferEncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}()

// encode writes a session's state and what it remembers, into room where there is enough of it.
func encode[S any](room []byte, version uint32, applied updates, pressed presses, state *S) ([]byte, error) {
	b := bytes.NewBuffer(room[:0])
	b.Write(make([]byte, checksumSize))
	e := envelope[*S]{Version: version, Applied: applied, Pressed: pressed, State: state}
	if err := encoding.MarshalToBuffer(&e, b); err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}
	data := b.Bytes()
	binary.BigEndian.PutUint32(data, crc32.Checksum(data[checksumSize:], castagnoli))
	return data, nil
}

// decode reads what encode wrote. It fails with errDamaged or errVersion.
func decode[S any](data []byte, version uint32) (applied updates, pressed presses, state S, err error) {
	if len(data) < checksumSize ||
		binary.BigEndian.Uint32(data) != crc32.Checksum(data[checksumSize:], castagnoli) {
		return nil, nil, state, errDamaged
	}
	var e envelope[cbor.RawMessage]
	if err := cbor.Unmarshal(data[checksumSize:], &e); err != nil {
		return nil, nil, state, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if e.Version != version {
		return nil, nil, state, fmt.Errorf("%w: %d, not %d", errVersion, e.Version, version)
	}
	if len(e.Applied) > MaxApplied || len(e.Pressed) > MaxPresses {
		return nil, nil, state, fmt.Errorf("%w: it remembers too much", errDamaged)
	}
	if err := cbor.Unmarshal(e.State, &state); err != nil {
		return nil, nil, state, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return e.Applied, e.Pressed, state, nil
}
