// Package framebuffer puts pictures on a screen that no desktop owns, such as the HDMI output of a Raspberry Pi Zero,
// which is too small for a browser.
//
// In: a device of the kernel (fbdev, /dev/fb0), what sysfs says of it, and pictures. Out: the rows that have changed. What
// was on the screen comes back at the end. It knows nothing of what the pictures show.
package framebuffer

import (
	"errors"
	"fmt"
	"image"
	"io"
	"os"
)

// Screen is a frame buffer that is drawn on.
type Screen struct {
	geometry Geometry
	file     *os.File
	before   []byte // as it was found
	shown    []byte // as it is
	row      []byte
}

// Open takes the screen of a device. sysfs is the folder that describes it: /sys/class/graphics/fb0.
func Open(device, sysfs string) (*Screen, error) {
	g, err := read(sysfs)
	if err != nil {
		return nil, fmt.Errorf("look at the screen of %s: %w", device, err)
	}
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("open the screen: %w; the user must be in the group video", err)
	case err != nil:
		return nil, fmt.Errorf("open the screen: %w", err)
	}
	s := &Screen{geometry: g, file: file, before: make([]byte, g.Stride*g.Height)}
	if _, err := file.ReadAt(s.before, 0); err != nil && !errors.Is(err, io.EOF) { // a buffer may be shorter by its last padding
		return nil, errors.Join(fmt.Errorf("read what the screen shows: %w", err), file.Close())
	}
	s.shown, s.row = append([]byte(nil), s.before...), make([]byte, g.Stride)
	return s, nil
}

// Size returns the width and the height of the screen, in pixels.
func (s *Screen) Size() image.Point { return image.Pt(s.geometry.Width, s.geometry.Height) }

// Show draws a picture at the upper left corner and returns how many rows had changed. Only those are written.
func (s *Screen) Show(picture *image.RGBA) (rows int, err error) {
	for y := range min(s.geometry.Height, picture.Rect.Dy()) {
		from := picture.Pix[y*picture.Stride:][:4*picture.Rect.Dx()]
		place := s.shown[y*s.geometry.Stride:][:s.geometry.Stride]
		copy(s.row, place)
		s.geometry.encode(s.row, from)
		if string(s.row) == string(place) {
			continue
		}
		if err := s.write(s.row, y); err != nil {
			return rows, err
		}
		copy(place, s.row)
		rows++
	}
	return rows, nil
}

func (s *Screen) write(row []byte, y int) error {
	if _, err := s.file.WriteAt(row[:s.geometry.used()], int64(y*s.geometry.Stride)); err != nil {
		return fmt.Errorf("draw on the screen: %w", err)
	}
	return nil
}

// Close puts back what was on the screen.
func (s *Screen) Close() error {
	var errs []error
	for y := range s.geometry.Height {
		row := s.before[y*s.geometry.Stride:][:s.geometry.Stride]
		if string(row) != string(s.shown[y*s.geometry.Stride:][:s.geometry.Stride]) {
			errs = append(errs, s.write(row, y))
		}
	}
	return errors.Join(append(errs, s.file.Close())...)
}
