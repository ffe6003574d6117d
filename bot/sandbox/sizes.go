package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	"github.com/mymmrac/telego"
	"golang.org/x/image/draw"
)

// photoBoxes are the sides of the squares that Telegram fits a photo into: s, m, x, y and w of
// https://core.telegram.org/api/files#image-thumbnail-types, the first as its servers draw it
// today. A photo has the sizes that are smaller than itself.
var photoBoxes = []int{90, 320, 800, 1280, 2560}

// sizeQuality is of the smaller sizes, in JPEG.
const sizeQuality = 82

// smallerSizes are those a photo has beside its own. They are drawn when somebody asks for
// them.
func smallerSizes(f *file) []*file {
	var sizes []*file
	long := max(f.width, f.height)
	for _, box := range photoBoxes {
		if box >= long {
			break
		}
		sizes = append(sizes, &file{
			kind: f.kind, name: "photo.jpg", whole: f,
			width: scaled(f.width, box, long), height: scaled(f.height, box, long),
		})
	}
	return sizes
}

func scaled(side, box, long int) int {
	return max(int(math.Round(float64(side)*float64(box)/float64(long))), 1)
}

// sizes are the photo as the Bot API shows it, the largest last. Only of that one the size in
// bytes is known without drawing it; the others say none, which the Bot API allows.
func (f *file) sizes() []telego.PhotoSize {
	list := make([]telego.PhotoSize, 0, len(f.smaller)+1)
	for _, s := range f.smaller {
		list = append(list, telego.PhotoSize{FileID: s.id, FileUniqueID: s.unique, Width: s.width, Height: s.height})
	}
	return append(list, telego.PhotoSize{FileID: f.id, FileUniqueID: f.unique, Width: f.width, Height: f.height, FileSize: int(f.size)})
}

// scale draws a photo smaller, as JPEG.
func scale(photo []byte, width, height int) ([]byte, error) {
	if photo == nil {
		return nil, errors.New("the photo has left")
	}
	src, _, err := image.Decode(bytes.NewReader(photo))
	if err != nil {
		return nil, fmt.Errorf("scale a photo: %w", err)
	}
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, dst, &jpeg.Options{Quality: sizeQuality}); err != nil {
		return nil, fmt.Errorf("scale a photo: %w", err)
	}
	return out.Bytes(), nil
}
