package kiosk

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
)

func file(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReadLogo(t *testing.T) {
	t.Parallel()
	whole := file(t, 30, 20)
	for _, row := range []struct {
		name string
		file []byte
		want string // the beginning
	}{
		{"fine", whole, ""},
		{"cut off", whole[:len(whole)/2], "read the logo: unexpected EOF"},
		{"text", []byte("<svg/>"), "read the logo, which must be a PNG: "},
		{"nothing", nil, "read the logo, which must be a PNG: "},
		{"a photograph", file(t, 2001, 10), "read the logo: 2001 × 10 pixels are more than 2000 × 2000"},
	} {
		_, err := ReadLogo(row.file)
		if (err == nil) != (row.want == "") || err != nil && !strings.HasPrefix(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

func TestFitted(t *testing.T) {
	t.Parallel()
	box := image.Rect(10, 20, 110, 70)
	for _, row := range []struct{ picture, want image.Rectangle }{
		{image.Rect(0, 0, 400, 100), image.Rect(10, 32, 110, 57)},
		{image.Rect(0, 0, 10, 10), image.Rect(10, 20, 60, 70)},
		{image.Rect(5, 5, 5, 5), image.Rectangle{}},
	} {
		if got := fitted(row.picture, box); got != row.want {
			t.Errorf("%v is put to %v, want %v", row.picture, got, row.want)
		}
	}
}

func FuzzReadLogo(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if picture, err := ReadLogo(file); err == nil && picture.Bounds().Empty() {
			t.Error("a picture of nothing was taken")
		}
	})
}
