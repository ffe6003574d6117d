package sandbox

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	_ "image/gif"  // a photo may be one
	_ "image/jpeg" // a photo may be one
	_ "image/png"  // a photo may be one
	"net/http"
	"path"
	"strings"
	"sync"
)

// Limits of files. The first two are the Bot API's, the others those of Telegram's servers.
const (
	maxPhotoBytes    = 10 << 20
	maxDownload      = 20 << 20
	maxPhotoSides    = 10_000 // width and height together, pixels
	maxPhotoSideRate = 20     // of the longer side to the shorter
)

// fileIDStart is how every file_id begins.
const fileIDStart = "AgAC"

// fileStore keeps uploads within a bound of bytes; the oldest leave first. What messages keep
// of a file are its properties, never its bytes.
type fileStore struct {
	bound int64

	mu     sync.RWMutex
	byID   map[string]*stored
	byPath map[string]*stored
	order  []*file // uploads, the oldest first; a photo's smaller sizes go with it
	bytes  int64
	count  int64 // ever stored

	drawing sync.Mutex // held while a size is drawn: a photo in pixels is large
}

// stored is a file and its bytes; nil: a size of a photo that nobody asked for yet.
type stored struct {
	file *file
	data []byte
}

func newFileStore(bound int64) *fileStore {
	return &fileStore{bound: bound, byID: map[string]*stored{}, byPath: map[string]*stored{}}
}

// put stores an upload and gives it its ids.
func (s *fileStore) put(f *file, data []byte) *file {
	f.size = int64(len(data))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index(f, data)
	for _, small := range f.smaller {
		s.index(small, nil)
	}
	s.order = append(s.order, f)
	s.bytes += f.size
	s.shed()
	return f
}

func (s *fileStore) index(f *file, data []byte) {
	token := rand.Text()
	f.id, f.unique = fileIDStart+token, "AQAD"+token[:12]
	s.count++
	f.path = fmt.Sprintf("%s/file_%d%s", f.kind.folder, s.count, strings.ToLower(path.Ext(f.name)))
	e := &stored{f, data}
	s.byID[f.id], s.byPath[f.path] = e, e
}

// shed drops the oldest files while there are too many bytes.
func (s *fileStore) shed() {
	for s.bytes > s.bound && len(s.order) > 1 {
		old := s.order[0]
		s.order[0] = nil
		s.order = s.order[1:]
		for _, f := range append([]*file{old}, old.smaller...) {
			s.bytes -= int64(len(s.byID[f.id].data))
			delete(s.byID, f.id)
			delete(s.byPath, f.path)
		}
	}
}

// get returns the file with an id, or nil.
func (s *fileStore) get(id string) *file {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.byID[id]; e != nil {
		return e.file
	}
	return nil
}

// at returns the file with a path, or nil.
func (s *fileStore) at(path string) *file {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.byPath[path]; e != nil {
		return e.file
	}
	return nil
}

// read returns a file's bytes, drawing a photo's smaller size at first; false where it has
// left, or the photo is damaged.
func (s *fileStore) read(f *file) ([]byte, bool) {
	if data := s.data(f); data != nil || f.whole == nil {
		return data, data != nil
	}
	s.drawing.Lock()
	defer s.drawing.Unlock()
	if data := s.data(f); data != nil {
		return data, true
	}
	data, err := scale(s.data(f.whole), f.width, f.height)
	if err != nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[f.id]; e != nil {
		e.data = data
		s.bytes += int64(len(data))
		s.shed()
	}
	return data, true
}

func (s *fileStore) data(f *file) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.byID[f.id]; e != nil {
		return e.data
	}
	return nil
}

func (s *fileStore) size() (files int, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.order), s.bytes
}

// photo stores an upload as a photo.
func (s *fileStore) photo(u *upload) (*file, error) {
	if len(u.data) > maxPhotoBytes {
		return nil, badRequest("file of size %d bytes is too big for a photo; the maximum size is %d bytes", len(u.data), maxPhotoBytes)
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(u.data))
	if err != nil {
		return nil, badRequest("IMAGE_PROCESS_FAILED")
	}
	long, short := max(c.Width, c.Height), min(c.Width, c.Height)
	if short == 0 || long+short > maxPhotoSides || long > maxPhotoSideRate*short {
		return nil, badRequest("PHOTO_INVALID_DIMENSIONS")
	}
	f := &file{kind: kinds["photo"], name: "photo." + format, width: c.Width, height: c.Height}
	f.smaller = smallerSizes(f)
	return s.put(f, u.data), nil
}

// input finds the file that a parameter names: an upload under the parameter's own name or
// attach://, or the id of one that is there.
func (p *params) input(name, value string) (*upload, string) {
	if u := p.files[name]; u != nil {
		return u, ""
	}
	if part, ok := strings.CutPrefix(value, "attach://"); ok {
		return p.files[part], ""
	}
	return nil, value
}

// inputFile reads a parameter that names a file of a kind. Files by URL are not fetched: the
// sandbox has no network.
func (c *call) inputFile(name, value string, kind *mediaKind) (*file, error) {
	u, id := c.input(name, value)
	switch {
	case u != nil && len(u.data) == 0:
		return nil, badRequest("file must be non-empty")
	case u != nil && kind == kinds["photo"]:
		return c.server.files.photo(u)
	case u != nil:
		return c.server.files.put(c.described(&file{kind: kind, name: path.Base(u.name)}), u.data), nil
	case id == "":
		return nil, badRequest("there is no %s in the request", kind.parameter)
	}
	return c.server.fileByID(id, kind)
}

// fileByID finds a file by its id for a message that should be of a kind. As in td, a photo
// stays one, and so does what is none.
func (s *Server) fileByID(id string, kind *mediaKind) (*file, error) {
	f := s.files.get(id)
	switch {
	case f == nil && strings.Contains(id, "."): // by which td tells URLs
		return nil, badRequest("failed to get HTTP URL content")
	case f == nil && strings.HasPrefix(id, fileIDStart):
		return nil, badRequest("wrong file identifier/HTTP URL specified")
	case f == nil && strings.ContainsFunc(id, notBase64):
		return nil, badRequest("wrong remote file identifier specified: Wrong character in the string")
	case f == nil:
		return nil, badRequest("wrong remote file identifier specified: can't unserialize it")
	case (f.kind == kinds["photo"]) != (kind == kinds["photo"]):
		return nil, badRequest("can't use file of type %s as %s", f.kind.name, kind.name)
	case f.whole != nil:
		return f.whole, nil
	}
	return f, nil
}

// notBase64 reports whether a character is none of base64url's.
func notBase64(r rune) bool {
	return r != '-' && r != '_' && notDigit(r) && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// serveFile answers a download: /file/bot<token>/<path>.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, rest string) {
	if err := s.guardCall(r.Host, r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")); err != nil {
		answer(w, nil, err)
		return
	}
	token, name, _ := strings.Cut(rest, "/")
	if _, ok := botID(token); !ok {
		answer(w, nil, errNotFound)
		return
	}
	s.writeFile(w, s.files.at(name), errNotFound)
}

// writeFile writes a file's bytes, or a refusal where it is not there.
func (s *Server) writeFile(w http.ResponseWriter, f *file, absent error) {
	if f == nil {
		answer(w, nil, absent)
		return
	}
	data, ok := s.files.read(f)
	if !ok {
		answer(w, nil, absent)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data) // the reader has gone where this fails
}
