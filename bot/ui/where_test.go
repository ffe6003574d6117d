package ui

import (
	"testing"

	"okolo/persistence/model"
)

func TestParsePoint(t *testing.T) {
	for text, want := range map[string]model.Point{
		"52.52, 13.405": berlin, "52.52,13.405": berlin, "52.52 13.405": berlin, "  52.52 ;  13.405 ": berlin,
		"52,52 13,405": berlin, "52,52, 13,405": berlin, "52,52,13,405": berlin, "52,52; 13,405": berlin,
		"+52.52, +13.405": berlin, "52.52°, 13.405°": berlin, "52.52° N, 13.405° E": berlin, "52.52N 13.405E": berlin,
		"-33.87, 151.21": {Lat: -33.87, Lon: 151.21}, "33.87° S, 151.21° E": {Lat: -33.87, Lon: 151.21},
		"−33.87, −70.6": {Lat: -33.87, Lon: -70.6}, "40.7 N, 74 W": {Lat: 40.7, Lon: -74}, "-40.7 S, 74.5": {Lat: 40.7, Lon: 74.5},
		"52, 13": {Lat: 52, Lon: 13}, "52;13": {Lat: 52, Lon: 13}, "0, 0": {}, "-0.0, 0.0": {},
		"52.520008123456789, 13": {Lat: 52.520008123456789, Lon: 13},
		"91, 181":                {Lat: 91, Lon: 181}, "9999.5, 0.5": {Lat: 9999.5, Lon: .5},
	} {
		if got, ok := ParsePoint(text); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", " ", ",", "52.52", "52 13", "52,13", "2,5", "1,2,3", "52.52.13.405", "52.52, 13.405, 7", "a, b", "52.52, b", "13.405 E, 52.52 N",
		"19:30", "25.12.2026 18:00", "25.12 18:00", "NaN, NaN", "Inf, 1", "1e3, 1e3", "0x1, 0x2", "--1.5, 2.5", "1.5, 2.5\x00",
		"12345, 1", "٥٢.٥, ١٣.٤", "52.52, 13.405 " + string(make([]byte, 200)), "https://maps.example/52.52,13.405",
	} {
		if got, ok := ParsePoint(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
