package kiosk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
)

// Sheet is one drawing: marks on paper, the later over the earlier.
type Sheet struct {
	Width, Height int
	Name          string // of the view
	Spoken        string // all of it in one sentence
	Paper         color.RGBA
	Shift         image.Point // of all marks, against burning in
	Marks         []Mark
}

// Mark is one thing drawn.
type Mark interface {
	svg(o *outline)
	paint(p *painter)
}

// Box is a filled rectangle with round corners.
type Box struct {
	X, Y, W, H, Round float64
	Colour            color.RGBA
}

// Disc is a filled circle.
type Disc struct {
	X, Y, R float64
	Colour  color.RGBA
}

// Point is a place on the sheet.
type Point struct{ X, Y float64 }

// Area is a filled polygon.
type Area struct {
	Points []Point
	Colour color.RGBA
}

// Stroke is a line through points.
type Stroke struct {
	Points []Point
	Width  float64
	Colour color.RGBA
}

// Anchor is which part of a text stands at its place.
type Anchor int

// The anchors.
const (
	Start Anchor = iota
	Middle
	End
)

// Text is one line of text; Y is its base line, Size its em, in pixels.
type Text struct {
	X, Y, Size float64
	Bold       bool
	Anchor     Anchor
	Colour     color.RGBA
	Say        string
}

// Digest names what is drawn, so that who has it need not take it again.
func (s Sheet) Digest() string {
	sum := sha256.New()
	fmt.Fprint(sum, s.Width, s.Height, s.Paper, s.Shift) // never fails
	for _, m := range s.Marks {
		if logo, ok := m.(Logo); ok {
			m = Logo{Box: logo.Box, Address: logo.Address} // it is read once
		}
		fmt.Fprintf(sum, "%T%v", m, m)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}
