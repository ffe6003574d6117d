package sandbox

import (
	"mime"
	"path"
	"strings"

	"github.com/mymmrac/telego"
)

// Bounds of what a sender says about a file, by telegram-bot-api: larger values are cut.
const (
	maxDuration = 24 * 60 * 60 // seconds
	maxSide     = 10_000       // pixels
)

// mediaKind is a kind of file that a message may carry.
type mediaKind struct {
	name      string // td's, in refusals
	parameter string // of the method that sends it, and the type of an InputMedia
	folder    string // in its path
	family    string // of media types: a file's own, where its name says one of them
	mime      string // the media type otherwise; empty: what the name says
	replaces  bool   // by editMessageMedia
}

// kinds of files, by the parameter that names them; folders and media types are td's.
var kinds = map[string]*mediaKind{
	"photo":     {name: "Photo", parameter: "photo", folder: "photos", replaces: true},
	"document":  {name: "Document", parameter: "document", folder: "documents", replaces: true},
	"audio":     {name: "Audio", parameter: "audio", folder: "music", family: "audio/", mime: "audio/mpeg", replaces: true},
	"video":     {name: "Video", parameter: "video", folder: "videos", family: "video/", mime: "video/mp4", replaces: true},
	"animation": {name: "Animation", parameter: "animation", folder: "animations", family: "video/", mime: "video/mp4", replaces: true},
	"voice":     {name: "VoiceNote", parameter: "voice", folder: "voice", family: "audio/", mime: "audio/ogg"},
	"sticker":   {name: "Sticker", parameter: "sticker", folder: "stickers", family: "image/", mime: "image/webp"},
}

// file is what is known of an upload. It never changes once stored.
type file struct {
	kind       *mediaKind
	id, unique string
	path       string // as getFile names it
	name       string // as the bot named it
	size       int64  // bytes; 0: a photo's smaller size

	width, height    int // pixels
	duration         int // seconds, as its sender says
	title, performer string
	emoji            string

	whole   *file   // of a smaller size: the photo
	smaller []*file // of a photo: its other sizes, ascending
}

// described adds what the parameters say about an upload.
func (c *call) described(f *file) *file {
	f.duration = int(min(max(c.integer("duration", 0), 0), maxDuration))
	f.width = int(min(max(c.integer("width", 0), 0), maxSide))
	f.height = int(min(max(c.integer("height", 0), 0), maxSide))
	f.title, f.performer, f.emoji = c.text("title"), c.text("performer"), c.text("emoji")
	return f
}

// mediaType is the file's, by its name or its kind.
func (f *file) mediaType() string {
	t, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(f.name)), ";")
	if f.kind.mime != "" && !strings.HasPrefix(t, f.kind.family) {
		return f.kind.mime
	}
	return t
}

// captioned reports whether a message of the file has a caption.
func (f *file) captioned() bool { return f.kind != kinds["sticker"] }

// show sets the field of a message that has the file.
func (f *file) show(t *telego.Message) {
	switch f.kind.parameter {
	case "photo":
		t.Photo = f.sizes()
	case "document":
		t.Document = f.document()
	case "audio":
		t.Audio = &telego.Audio{
			FileID: f.id, FileUniqueID: f.unique, Duration: f.duration, Performer: f.performer, Title: f.title,
			FileName: f.name, MimeType: f.mediaType(), FileSize: f.size,
		}
	case "video":
		t.Video = &telego.Video{
			FileID: f.id, FileUniqueID: f.unique, Width: f.width, Height: f.height, Duration: f.duration,
			FileName: f.name, MimeType: f.mediaType(), FileSize: f.size,
		}
	case "animation": // is a document, too, for older programs
		t.Animation = &telego.Animation{
			FileID: f.id, FileUniqueID: f.unique, Width: f.width, Height: f.height, Duration: f.duration,
			FileName: f.name, MimeType: f.mediaType(), FileSize: f.size,
		}
		t.Document = f.document()
	case "voice":
		t.Voice = &telego.Voice{FileID: f.id, FileUniqueID: f.unique, Duration: f.duration, MimeType: f.mediaType(), FileSize: f.size}
	case "sticker":
		t.Sticker = &telego.Sticker{
			FileID: f.id, FileUniqueID: f.unique, Type: telego.StickerTypeRegular, Emoji: f.emoji, FileSize: int(f.size),
			Width: stickerSide, Height: stickerSide,
		}
	}
}

// stickerSide is how wide and high the sandbox says a sticker is: it does not look into one.
const stickerSide = 512

func (f *file) document() *telego.Document {
	return &telego.Document{FileID: f.id, FileUniqueID: f.unique, FileName: f.name, MimeType: f.mediaType(), FileSize: f.size}
}
