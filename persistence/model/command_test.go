package model

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestLimitsOfDetails(t *testing.T) {
	starts := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*Details)
		field  string // that is bad; "": none
	}{
		"as it should be":      {func(*Details) {}, ""},
		"a moment":             {func(d *Details) { d.Ends = d.Starts }, ""},
		"longest":              {func(d *Details) { d.Ends = d.Starts.Add(MaxDuration) }, ""},
		"longest title":        {func(d *Details) { d.Title = strings.Repeat("🎉", MaxTitle) }, ""},
		"fullest":              {func(d *Details) { d.Capacity = MaxCapacity }, ""},
		"at the pole":          {func(d *Details) { d.Point = Point{-90, 180} }, ""},
		"no title":             {func(d *Details) { d.Title = "" }, "title"},
		"long title":           {func(d *Details) { d.Title = strings.Repeat("я", MaxTitle+1) }, "title"},
		"broken title":         {func(d *Details) { d.Title = "\xff" }, "title"},
		"title with a NUL":     {func(d *Details) { d.Title = "a\x00b" }, "title"},
		"long description":     {func(d *Details) { d.Description = strings.Repeat("я", MaxDescription+1) }, "description"},
		"long place":           {func(d *Details) { d.Place = strings.Repeat("я", MaxPlace+1) }, "place"},
		"any category":         {func(d *Details) { d.Category = "" }, "category"},
		"unknown category":     {func(d *Details) { d.Category = "war" }, "category"},
		"too far north":        {func(d *Details) { d.Lat = 90.001 }, "point"},
		"too far west":         {func(d *Details) { d.Lon = -180.001 }, "point"},
		"nowhere":              {func(d *Details) { d.Lat = math.NaN() }, "point"},
		"less than none":       {func(d *Details) { d.Capacity = -1 }, "capacity"},
		"too many":             {func(d *Details) { d.Capacity = MaxCapacity + 1 }, "capacity"},
		"ends first":           {func(d *Details) { d.Ends = d.Starts.Add(-1) }, "ends"},
		"too long":             {func(d *Details) { d.Ends = d.Starts.Add(MaxDuration + 1) }, "ends"},
		"no zone":              {func(d *Details) { d.Zone = "" }, "zone"},
		"the machine's zone":   {func(d *Details) { d.Zone = "Local" }, "zone"},
		"unknown zone":         {func(d *Details) { d.Zone = "Mars/Olympus" }, "zone"},
		"zone by another path": {func(d *Details) { d.Zone = "Europe//Berlin" }, "zone"},
		"zone out of its box":  {func(d *Details) { d.Zone = "../../etc/passwd" }, "zone"},
	} {
		d := Details{Title: "Title", Category: "music", Starts: starts, Ends: starts.Add(time.Hour), Zone: "Europe/Berlin"}
		c.change(&d)
		err := d.Validate()
		var invalid *InvalidError
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.field != "" && (!errors.As(err, &invalid) || invalid.Field != c.field):
			t.Errorf("%s: %v, want a bad %s", name, err, c.field)
		}
	}
}
