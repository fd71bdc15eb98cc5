package kiosk

import (
	"fmt"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Typeface is the Go fonts, which are part of the program: no machine lacks them, and every ink has the same widths.
type Typeface struct {
	regular, bold *sfnt.Font
}

// NewTypeface reads the fonts.
func NewTypeface() (*Typeface, error) {
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the regular font: %w", err)
	}
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the bold font: %w", err)
	}
	return &Typeface{regular: regular, bold: bold}, nil
}

// TTF returns the file of a font, for a browser.
func TTF(bold bool) []byte {
	if bold {
		return gobold.TTF
	}
	return goregular.TTF
}

func (t *Typeface) font(bold bool) *sfnt.Font {
	if bold {
		return t.bold
	}
	return t.regular
}

// face is a font at a size in pixels.
func (t *Typeface) face(bold bool, size float64) (font.Face, error) {
	return opentype.NewFace(t.font(bold), &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
}

// width measures a text in pixels.
func (t *Typeface) width(text string, bold bool, size float64) float64 {
	const em = 1 << 12 // fine enough, whatever the size
	f, total := t.font(bold), fixed.Int26_6(0)
	var b sfnt.Buffer
	for _, r := range drawable(text) {
		glyph, err := f.GlyphIndex(&b, r)
		if err != nil {
			continue // it is not drawn either
		}
		if advance, err := f.GlyphAdvance(&b, glyph, fixed.I(em), font.HintingNone); err == nil {
			total += advance
		}
	}
	return float64(total) / 64 / em * size
}

// drawable puts what the fonts have in place of what they lack: they know one firm space.
func drawable(text string) string { return strings.ReplaceAll(text, "\u202f", "\u00a0") }
