package sandbox

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"image"
	_ "image/gif"  // a photo may be one
	_ "image/jpeg" // a photo may be one
	_ "image/png"  // a photo may be one
	"mime"
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

// file is an upload.
type file struct {
	id, unique    string
	path          string // as getFile names it
	name          string // as the bot named it
	data          []byte
	width, height int // of a photo, pixels
}

// fileStore keeps uploads within a bound of bytes; the oldest leave first.
type fileStore struct {
	bound int64

	mu    sync.RWMutex
	byID  map[string]*file
	byURL map[string]*file
	order []*file
	bytes int64
	count int64 // ever stored
}

func newFileStore(bound int64) *fileStore {
	return &fileStore{bound: bound, byID: map[string]*file{}, byURL: map[string]*file{}}
}

// put stores a file under a folder's name ("photos", "documents").
func (s *fileStore) put(f *file, folder string) {
	token := rand.Text()
	f.id, f.unique = "AgAC"+token, "AQAD"+token[:12]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	f.path = fmt.Sprintf("%s/file_%d%s", folder, s.count, strings.ToLower(path.Ext(f.name)))
	s.byID[f.id], s.byURL[f.path] = f, f
	s.order = append(s.order, f)
	s.bytes += int64(len(f.data))
	for s.bytes > s.bound && len(s.order) > 1 {
		old := s.order[0]
		s.order[0] = nil
		s.order = s.order[1:]
		s.bytes -= int64(len(old.data))
		delete(s.byID, old.id)
		delete(s.byURL, old.path)
	}
}

func (s *fileStore) get(id string) *file {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[id]
}

func (s *fileStore) size() (files int, bytes int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.byID), s.bytes
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
	f := &file{name: "photo." + format, data: u.data, width: c.Width, height: c.Height}
	s.put(f, "photos")
	return f, nil
}

// document stores an upload as a file of any kind.
func (s *fileStore) document(u *upload) *file {
	f := &file{name: path.Base(u.name), data: u.data}
	s.put(f, "documents")
	return f
}

// mimeType is a file's media type, by its name.
func (f *file) mimeType() string {
	t, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(f.name)), ";")
	return t
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

// inputPhoto reads a photo parameter. Photos by URL are not fetched: the sandbox has no
// network.
func (c *call) inputPhoto(name, value string) (*file, error) {
	return c.inputFile(name, value, "photo", c.server.files.photo)
}

func (c *call) inputDocument(name, value string) (*file, error) {
	return c.inputFile(name, value, "document", func(u *upload) (*file, error) {
		return c.server.files.document(u), nil
	})
}

func (c *call) inputFile(name, value, what string, store func(*upload) (*file, error)) (*file, error) {
	u, id := c.input(name, value)
	switch {
	case u != nil && len(u.data) == 0:
		return nil, badRequest("file must be non-empty")
	case u != nil:
		return store(u)
	case id == "":
		return nil, badRequest("there is no %s in the request", what)
	case strings.Contains(id, "://"):
		return nil, badRequest("failed to get HTTP URL content")
	}
	f := c.server.files.get(id)
	if f == nil {
		return nil, badRequest("wrong file identifier/HTTP URL specified")
	}
	if what == "photo" && f.width == 0 {
		return nil, badRequest("can't use file of type Document as Photo")
	}
	return f, nil
}

// serveFile answers a download: /file/bot<token>/<path>.
func (s *Server) serveFile(w http.ResponseWriter, rest string) {
	token, name, _ := strings.Cut(rest, "/")
	s.files.mu.RLock()
	f := s.files.byURL[name]
	s.files.mu.RUnlock()
	if _, ok := botID(token); !ok || f == nil {
		answer(w, nil, errNotFound)
		return
	}
	writeFile(w, f)
}

func writeFile(w http.ResponseWriter, f *file) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(f.data)))
	_, _ = w.Write(f.data) // the reader has gone where this fails
}
