package report

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The size of a picture with all charts, two a row.
const (
	pictureWidth  = 26 * vg.Centimeter
	pictureRow    = 7 * vg.Centimeter
	chartsPerRow  = 2
	pictureMargin = 4 * vg.Millimeter
)

// inks are the colours of the classes of lines.
var inks = map[string]color.Color{
	"c1": color.NRGBA{0x25, 0x63, 0xeb, 0xff}, "c2": color.NRGBA{0xf5, 0x9e, 0x0b, 0xff}, "c3": color.NRGBA{0xdc, 0x26, 0x26, 0xff},
	"c4": color.NRGBA{0x0d, 0x94, 0x88, 0xff}, "c5": color.NRGBA{0x7c, 0x3a, 0xed, 0xff},
}

var (
	gridInk = color.NRGBA{0xe3, 0xe8, 0xee, 0xff}
	markInk = color.NRGBA{0xc6, 0x2f, 0x3b, 0x70}
)

// PictureFile draws the charts into a PNG file.
func (r *Result) PictureFile(name string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("draw the charts: %w", err)
		}
	}()
	return drawAll(name, r.charts())
}

// drawAll draws charts in rows into a PNG file.
func drawAll(name string, charts []*chart) error {
	rows := (len(charts) + chartsPerRow - 1) / chartsPerRow
	plots := make([][]*plot.Plot, rows)
	for i := range plots {
		plots[i] = make([]*plot.Plot, chartsPerRow)
	}
	for i, c := range charts {
		p, err := c.plot()
		if err != nil {
			return err
		}
		plots[i/chartsPerRow][i%chartsPerRow] = p
	}
	canvas := vgimg.NewWith(vgimg.UseWH(pictureWidth, vg.Length(rows)*pictureRow), vgimg.UseDPI(110))
	tiles := draw.Tiles{Rows: rows, Cols: chartsPerRow, PadX: pictureMargin, PadY: pictureMargin,
		PadTop: pictureMargin, PadBottom: pictureMargin, PadLeft: pictureMargin, PadRight: pictureMargin}
	for i, list := range plot.Align(plots, tiles, draw.New(canvas)) {
		for j, c := range list {
			if plots[i][j] != nil {
				plots[i][j].Draw(c)
			}
		}
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(f); err != nil {
		_ = f.Close() // the first error counts
		return err
	}
	return f.Close()
}

// plot makes the chart for a picture.
func (c *chart) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text, p.X.Label.Text = c.title, c.unit, cmp.Or(c.across, "seconds")
	p.Legend.Top, p.Legend.Left = true, true
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridInk, gridInk
	p.Add(grid)
	low, high := c.extent()
	p.Y.Min, p.Y.Max = low, high
	if c.across == "" {
		p.X.Min = 0
	} else { // x are powers of ten
		ticks := make(plot.ConstantTicks, len(c.x))
		for i, x := range c.x {
			ticks[i] = plot.Tick{Value: x, Label: number(math.Round(math.Pow(10, x)))}
		}
		p.X.Tick.Marker = ticks
	}
	if c.log {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	for _, m := range c.marks {
		if err := c.rule(p, plotter.XYs{{X: m.x, Y: low}, {X: m.x, Y: high}}, nil); err != nil {
			return nil, err
		}
	}
	if c.limit > 0 && len(c.x) > 0 {
		across := plotter.XYs{{X: 0, Y: c.limit}, {X: c.x[len(c.x)-1], Y: c.limit}}
		if err := c.rule(p, across, []vg.Length{vg.Points(5), vg.Points(3)}); err != nil {
			return nil, err
		}
	}
	for _, l := range c.lines {
		points := make(plotter.XYs, len(l.y))
		for i, y := range l.y {
			points[i] = plotter.XY{X: c.x[i], Y: max(y, low)}
		}
		drawn, err := plotter.NewLine(points)
		if err != nil {
			return nil, err
		}
		drawn.Color, drawn.Width = inks[l.class], vg.Points(1.4)
		p.Add(drawn)
		if len(c.lines) > 1 {
			p.Legend.Add(strings.ReplaceAll(l.name, "_", " "), drawn)
		}
	}
	return p, nil
}

// rule draws a straight line where something is or was.
func (c *chart) rule(p *plot.Plot, points plotter.XYs, dashes []vg.Length) error {
	l, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	l.Color, l.Dashes = markInk, dashes
	p.Add(l)
	return nil
}
