package staticmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zlib"
)

// pngFile makes the file of a picture with a palette out of its lines as they are. That leaves
// out what image/png does to every line, and takes the faster of two compressors: half of the time.
// https://www.w3.org/TR/png-3/
type pngFile struct {
	buf  bytes.Buffer
	zlib *zlib.Writer
}

// make returns the file of a picture: of its palette, red, green and blue of each colour, and of its
// lines, each a byte 0 and the pixels.
func (f *pngFile) make(palette, lines []byte) ([]byte, error) {
	f.buf.Reset()
	f.buf.WriteString("\x89PNG\r\n\x1a\n")
	f.chunk("IHDR", header)
	f.chunk("PLTE", palette)
	at := f.begin("IDAT")
	if f.zlib == nil {
		var err error
		if f.zlib, err = zlib.NewWriterLevel(&f.buf, zlib.BestSpeed); err != nil {
			return nil, fmt.Errorf("make a compressor: %w", err)
		}
	} else {
		f.zlib.Reset(&f.buf)
	}
	if _, err := f.zlib.Write(lines); err != nil {
		return nil, err
	}
	if err := f.zlib.Close(); err != nil {
		return nil, err
	}
	f.end(at)
	f.chunk("IEND", nil)
	if f.buf.Len() >= MaxBytes {
		return nil, fmt.Errorf("it takes %d bytes", f.buf.Len())
	}
	return bytes.Clone(f.buf.Bytes()), nil
}

// header says: so wide and so high, 8 bits a pixel, a palette, and the only ways there are to compress,
// to filter and not to interlace.
var header = append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height), 8, 3, 0, 0, 0)

func (f *pngFile) chunk(kind string, data []byte) {
	at := f.begin(kind)
	f.buf.Write(data)
	f.end(at)
}

// begin starts a chunk and returns where it does; end adds its length and its sum.
func (f *pngFile) begin(kind string) (at int) {
	at = f.buf.Len()
	f.buf.WriteString("\x00\x00\x00\x00" + kind)
	return at
}

func (f *pngFile) end(at int) {
	chunk := f.buf.Bytes()[at:]
	binary.BigEndian.PutUint32(chunk, uint32(len(chunk)-8))
	f.buf.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk[4:])))
}
