package kiosk

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"

	scaled "golang.org/x/image/draw"
)

// A logo is a picture of a few hundred pixels; one of more than this is a mistake, and would fill the memory.
const mostLogo = 2000

// Logo is a picture that is fitted into a box.
type Logo struct {
	Box     image.Rectangle
	Picture image.Image
	Address string // where a browser finds it
}

// ReadLogo reads a PNG. The errors say what is wrong with it.
func ReadLogo(file []byte) (image.Image, error) {
	size, err := png.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the logo, which must be a PNG: %w", err)
	case size.Width > mostLogo || size.Height > mostLogo:
		return nil, fmt.Errorf("read the logo: %d × %d pixels are more than %d × %[3]d", size.Width, size.Height, mostLogo)
	case size.Width == 0 || size.Height == 0:
		return nil, errors.New("read the logo: it has no pixels")
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	return picture, nil
}

func (l Logo) paint(p *painter) {
	box := l.Box.Add(image.Pt(int(p.dx), int(p.dy)))
	scaled.CatmullRom.Scale(p.picture, fitted(l.Picture.Bounds(), box), l.Picture, l.Picture.Bounds(), draw.Over, nil)
}

// fitted is the largest part of a box with the proportions of a picture, at its left, centred in height.
func fitted(picture, box image.Rectangle) image.Rectangle {
	w, h := picture.Dx(), picture.Dy()
	if w == 0 || h == 0 {
		return image.Rectangle{}
	}
	if w*box.Dy() > h*box.Dx() { // too wide
		w, h = box.Dx(), h*box.Dx()/w
	} else {
		w, h = w*box.Dy()/h, box.Dy()
	}
	top := box.Min.Y + (box.Dy()-h)/2
	return image.Rect(box.Min.X, top, box.Min.X+w, top+h)
}
