package framebuffer

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// described makes a device, which is a file, and a folder of sysfs that describes it.
func described(t *testing.T, content []byte, files map[string]string) (device, sysfs string) {
	t.Helper()
	dir := t.TempDir()
	device = filepath.Join(dir, "fb0")
	if err := os.WriteFile(device, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return device, dir
}

func content(t *testing.T, device string) []byte {
	t.Helper()
	text, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// drawing is 3 × 2 pixels: red, green, blue; white, black, grey.
func drawing() *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, 3, 2))
	for i, c := range []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}, {0, 0, 0, 255}, {0x80, 0x80, 0x80, 255}} {
		picture.SetRGBA(i%3, i/3, c)
	}
	return picture
}

func TestShow(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		files map[string]string
		size  image.Point
		want  []byte // of a device full of 0xEE
	}{
		{
			"16 bits, with padding",
			map[string]string{"virtual_size": "3,2", "bits_per_pixel": "16", "stride": "8"}, image.Pt(3, 2),
			[]byte{0x00, 0xF8, 0xE0, 0x07, 0x1F, 0x00, 0xEE, 0xEE, 0xFF, 0xFF, 0x00, 0x00, 0x10, 0x84, 0xEE, 0xEE},
		},
		{
			"32 bits, narrower than the picture",
			map[string]string{"virtual_size": "2,2", "bits_per_pixel": "32", "stride": "8", "mode": ""}, image.Pt(2, 2),
			[]byte{0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0},
		},
		{
			"two pages, of which one is seen",
			map[string]string{"virtual_size": "4,4", "bits_per_pixel": "16", "stride": "8", "mode": "U:4x1p-60"}, image.Pt(4, 1),
			append([]byte{0x00, 0xF8, 0xE0, 0x07, 0x1F, 0x00, 0xEE, 0xEE}, bytes.Repeat([]byte{0xEE}, 24)...),
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			blank := bytes.Repeat([]byte{0xEE}, len(row.want))
			device, sysfs := described(t, blank, row.files)
			s, err := Open(device, sysfs)
			if err != nil {
				t.Fatal(err)
			}
			if s.Size() != row.size {
				t.Errorf("the size is %v, want %v", s.Size(), row.size)
			}
			changed := []int{}
			picture := drawing()
			for range 2 {
				rows, err := s.Show(picture)
				if err != nil {
					t.Fatal(err)
				}
				changed = append(changed, rows)
			}
			if diff := cmp.Diff([]int{row.size.Y, 0}, changed); diff != "" {
				t.Errorf("rows written (-want +got):\n%s", diff)
			}
			if got := content(t, device); !bytes.Equal(got, row.want) {
				t.Errorf("got % X, want % X", got, row.want)
			}
			picture.SetRGBA(1, 0, color.RGBA{9, 9, 9, 255})
			if rows, err := s.Show(picture); rows != 1 || err != nil {
				t.Errorf("one pixel was changed, and %d rows were written, %v", rows, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := content(t, device); !bytes.Equal(got, blank) {
				t.Errorf("after the end it shows % X", got)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	fine := map[string]string{"virtual_size": "3,2", "bits_per_pixel": "16", "stride": "8"}
	with := func(name, text string) map[string]string {
		files := maps.Clone(fine)
		files[name] = text
		return files
	}
	for _, row := range []struct {
		files map[string]string
		want  string // after "look at the screen of DEVICE: "
	}{
		{with("bits_per_pixel", "24"), "it has 24 bits a pixel, and only 16 and 32 can be drawn; set framebuffer_depth=16 in config.txt"},
		{with("virtual_size", "0,2"), "it is said to have 0 × 2 pixels"},
		{with("virtual_size", "99999,2"), "it is said to have 99999 × 2 pixels"},
		{with("virtual_size", "wide"), `virtual_size is "wide", which is no size`},
		{with("stride", "5"), "3 pixels of 16 bits do not fit into rows of 5 bytes"},
	} {
		device, sysfs := described(t, nil, row.files)
		if _, err := Open(device, sysfs); err == nil || err.Error() != "look at the screen of "+device+": "+row.want {
			t.Errorf("got %v, want %s", err, row.want)
		}
	}
	device, sysfs := described(t, nil, fine)
	if _, err := Open(device+"9", sysfs); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a device that is not there: %v", err)
	}
	if _, err := Open(device, t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a device that sysfs does not know: %v", err)
	}
}

func FuzzGeometry(f *testing.F) {
	f.Add("3,2", "16", "8", "U:3x2p-0")
	f.Add("800,480", "32", "3200", "")
	f.Fuzz(func(t *testing.T, size, bits, stride, mode string) {
		_, sysfs := described(t, nil, map[string]string{"virtual_size": size, "bits_per_pixel": bits, "stride": stride, "mode": mode})
		if g, err := read(sysfs); err == nil && (g.used() > g.Stride || g.Width <= 0 || g.Height <= 0) {
			t.Errorf("%+v was taken", g)
		}
	})
}
