package framebuffer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Geometry is how pixels lie in a frame buffer.
type Geometry struct {
	Width, Height int
	Bits          int // a pixel: 16 (RGB565) or 32 (XRGB8888), both little-endian
	Stride        int // bytes from one row to the next
}

// A screen is larger than nothing and smaller than what any has; a buffer of more than this is a mistake.
const most = 16384

// read reads the files of a frame buffer in sysfs.
//
//	Format:  virtual_size "WIDTH,HEIGHT"   bits_per_pixel "BITS"   stride "BYTES"   mode "U:WIDTHxHEIGHTp-RATE" or empty
//	Example: virtual_size "800,480"        bits_per_pixel "16"     stride "1600"    mode "U:800x480p-0"
//
// mode is what is seen of it; a virtual size may be that of several pages.
func read(sysfs string) (Geometry, error) {
	var g Geometry
	for _, file := range []struct {
		name, format string
		into         []any
	}{
		{"virtual_size", "%d,%d", []any{&g.Width, &g.Height}},
		{"bits_per_pixel", "%d", []any{&g.Bits}},
		{"stride", "%d", []any{&g.Stride}},
	} {
		text, err := os.ReadFile(filepath.Join(sysfs, file.name))
		if err != nil {
			return g, err
		}
		if _, err := fmt.Sscanf(string(text), file.format, file.into...); err != nil {
			return g, fmt.Errorf("%s is %q, which is no size", file.name, strings.TrimSpace(string(text)))
		}
	}
	if mode, err := os.ReadFile(filepath.Join(sysfs, "mode")); err == nil {
		var kind rune
		var width, height int
		if _, err := fmt.Sscanf(string(mode), "%c:%dx%d", &kind, &width, &height); err == nil {
			g.Width, g.Height = min(g.Width, width), min(g.Height, height)
		}
	}
	return g, g.check()
}

func (g Geometry) check() error {
	switch {
	case g.Bits != 16 && g.Bits != 32:
		return fmt.Errorf("it has %d bits a pixel, and only 16 and 32 can be drawn; set framebuffer_depth=16 in config.txt", g.Bits)
	case g.Width <= 0 || g.Height <= 0 || g.Width > most || g.Height > most:
		return fmt.Errorf("it is said to have %d × %d pixels", g.Width, g.Height)
	case g.Stride < g.used() || g.Stride > 8*most:
		return fmt.Errorf("%d pixels of %d bits do not fit into rows of %d bytes", g.Width, g.Bits, g.Stride)
	}
	return nil
}

// used is how much of a row is seen.
func (g Geometry) used() int { return g.Width * g.Bits / 8 }

// encode puts pixels (R, G, B, A each) into a row; those that do not fit are cut off.
func (g Geometry) encode(row, pixels []byte) {
	for x := range min(g.Width, len(pixels)/4) {
		p := pixels[4*x:]
		if g.Bits == 32 {
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = p[2], p[1], p[0], 0
			continue
		}
		packed := uint16(p[0]>>3)<<11 | uint16(p[1]>>2)<<5 | uint16(p[2]>>3)
		row[2*x], row[2*x+1] = byte(packed), byte(packed>>8)
	}
}
