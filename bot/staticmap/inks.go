package staticmap

import (
	"image/color"

	"okolo/persistence/model"
)

// The colours of the picture, not premultiplied.
var (
	paper   = color.RGBA{0xE8, 0xED, 0xF3, 255} // beyond the ring
	light   = color.RGBA{0xFB, 0xFC, 0xFE, 255} // inside
	white   = color.RGBA{255, 255, 255, 255}
	text    = color.RGBA{0x2B, 0x36, 0x42, 255}
	faint   = color.RGBA{0x7C, 0x8A, 0x99, 255} // numbers of the grid
	grid    = color.RGBA{0x46, 0x62, 0x80, 36}
	subgrid = color.RGBA{0x46, 0x62, 0x80, 14}
	shadow  = color.RGBA{0x14, 0x20, 0x30, 110}
	blue    = color.RGBA{0x25, 0x63, 0xEB, 255} // what belongs to the person: place and ring
	tint    = color.RGBA{0x25, 0x63, 0xEB, 20}  // the ring's inside over tiles
	halo    = color.RGBA{0x25, 0x63, 0xEB, 48}
	plate   = color.RGBA{255, 255, 255, 225} // below words
)

// pinInks tells the kinds of event apart, also for most who do not see red or green.
var pinInks = map[model.Kind]color.RGBA{
	model.Personal:  {0xE2, 0x4A, 0x33, 255}, // vermilion
	model.Community: {0x7A, 0x3F, 0xD6, 255}, // violet
	model.Imported:  {0x0F, 0x80, 0x6C, 255}, // teal
}
