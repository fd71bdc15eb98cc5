package kiosk

import (
	"errors"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata anew")

func show(t testing.TB) Show {
	t.Helper()
	typeface, err := NewTypeface()
	if err != nil {
		t.Fatal(err)
	}
	return Show{Typeface: typeface, Title: "École de Kersabiec", Label: "données publiques de ce bâtiment"}
}

// slides are one of each kind, as a household or a school may have them.
func slides() []Slide {
	wave := func(scale, from float64) []float64 {
		values := make([]float64, 73)
		for i := range values {
			values[i] = scale * math.Max(0, math.Sin(float64(i)/8+from)+0.2)
		}
		values[20], values[21] = math.NaN(), math.NaN()
		return values
	}
	return []Slide{
		{
			Name: "now", Title: "Maintenant", Spoken: "Prélevé : 1 240 VA sur le réseau.",
			Hero:  &Hero{Tone: Drawn, Arrow: Down, Word: "Prélevé sur le réseau", Number: "1\u202f240", Unit: "VA", Caption: "mesure il y a 2 s"},
			Bar:   &Bar{Text: "21 % de 6 kVA", Fill: 0.21},
			Tiles: []Tile{{Plain, "aujourd’hui", "8,4 kWh"}, {Alert, "période", "Heures pleines"}},
			Curve: &Curve{Above: wave(1240, 0), AboveTone: Drawn, From: "il y a 6 h", To: "maintenant", Top: "1 500 VA"},
		},
		{
			Name: "synchro", Title: "Consommation et production", Spoken: "62 % autoconsommés.",
			Tiles: []Tile{{Drawn, "consommé", "12,1 kWh"}, {Injected, "produit", "9,3 kWh"}, {Shared, "autoconsommé", "62 %"}},
			Curve: &Curve{Above: wave(900, 0), Below: wave(1500, 2), AboveTone: Injected, BelowTone: Drawn, From: "0 h", To: "24 h"},
		},
		{
			Name: "equivalence", Title: "Cette puissance, c’est…", Spoken: "Une cafetière et deux réfrigérateurs.",
			Lines: []Line{{"1", "cafetière en marche"}, {"2", "réfrigérateurs"}, {"18 km", "en voiture électrique, avec l’énergie d’aujourd’hui"}},
		},
	}
}

// TestGolden draws every kind of slide on every kind of screen, and wants each pixel as it was. Machines that round
// otherwise than the one that drew them are left out.
func TestGolden(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("pixels are compared on amd64 alone: others may fuse a multiplication with an addition")
	}
	night := noon.Add(10 * time.Hour)
	for _, row := range []struct {
		name          string
		on            int
		at            time.Time
		width, height int
	}{
		{"now", 0, noon, 800, 480},
		{"now-night", 0, night, 400, 240},
		{"now-tall", 0, noon, 360, 640},
		{"synchro", 1, noon, 400, 240},
		{"equivalence", 2, noon, 400, 240},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := show(t)
			picture, err := s.Sheet(slides(), row.on, row.at, row.width, row.height).Paint(s.Typeface)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", row.name+".png")
			if *update {
				write(t, file, picture)
			}
			if got, want := picture, read(t, file); got.Rect != want.Bounds() || !slices.Equal(got.Pix, pixels(want)) {
				t.Errorf("%s is not what is drawn now; look at both, then: go test ./agent/kiosk -update", file)
			}
		})
	}
}

func write(t *testing.T, file string, picture image.Image) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := errors.Join(encoder.Encode(out, picture), out.Close()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) image.Image {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	picture, err := png.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func pixels(picture image.Image) []uint8 {
	plain := image.NewRGBA(picture.Bounds())
	draw.Draw(plain, plain.Bounds(), picture, picture.Bounds().Min, draw.Src)
	return plain.Pix
}
