package kiosk

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/sfnt"
)

var noon = time.Date(2026, 6, 1, 12, 34, 0, 0, time.UTC)

// everySheet draws every slide on every size of screen.
func everySheet(t *testing.T, s Show, check func(name string, sheet Sheet)) {
	t.Helper()
	for _, size := range []image.Point{{1920, 1080}, {800, 480}, {720, 1280}, {640, 480}, {320, 240}, {1, 1}} {
		for on := range slides() {
			check(fmt.Sprintf("%s at %v", slides()[on].Name, size), s.Sheet(slides(), on, noon, size.X, size.Y))
		}
	}
}

// From three metres 48 px of 1080 can be read; nothing is written smaller, and nothing leaves the sheet.
func TestTextIsLargeAndInside(t *testing.T) {
	t.Parallel()
	s := show(t)
	s.Title = strings.Repeat("Une très longue salle des fêtes ", 9)
	s.Logo = image.NewRGBA(image.Rect(0, 0, 300, 50))
	everySheet(t, s, func(name string, sheet Sheet) {
		least := 48 * unit(float64(sheet.Width), float64(sheet.Height)) / 10.8
		for _, m := range sheet.Marks {
			text, ok := m.(Text)
			if !ok {
				continue
			}
			width := s.Typeface.width(text.Say, text.Bold, text.Size)
			left := text.X - map[Anchor]float64{Start: 0, Middle: width / 2, End: width}[text.Anchor]
			if text.Size < least {
				t.Errorf("%s: %q is %.0f px high, want %.0f", name, text.Say, text.Size, least)
			}
			if left < 0 || left+width > float64(sheet.Width)+1 || text.Y > float64(sheet.Height) {
				t.Errorf("%s: %q lies from %.0f to %.0f at %.0f", name, text.Say, left, left+width, text.Y)
			}
		}
	})
}

// Both inks draw the same: what the one says is what the other is given.
func TestSVG(t *testing.T) {
	t.Parallel()
	s := show(t)
	s.Logo, s.Address = image.NewRGBA(image.Rect(0, 0, 300, 50)), `/kiosk/logo.png?a="<&`
	everySheet(t, s, func(name string, sheet Sheet) {
		sheet.Spoken = `"<&` + sheet.Spoken
		var want, got []string
		for _, m := range sheet.Marks {
			if text, ok := m.(Text); ok {
				want = append(want, drawable(text.Say))
			}
		}
		for decoder := xml.NewDecoder(bytes.NewReader(sheet.SVG())); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if text, ok := token.(xml.CharData); ok {
				got = append(got, string(text))
			}
		}
		want = filled(want...)
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s: SVG says %q, want %q", name, got, want)
		}
		if _, err := sheet.Paint(s.Typeface); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// The digest is that of what is seen.
func TestDigest(t *testing.T) {
	t.Parallel()
	s := show(t)
	s.Logo = image.NewRGBA(image.Rect(0, 0, 300, 50))
	draw := func(on, second int) string {
		return s.Sheet(slides(), on, noon.Add(time.Duration(second)*time.Second), 800, 480).Digest()
	}
	if draw(0, 0) != draw(0, 25) {
		t.Error("the same sheet has two digests")
	}
	if draw(0, 0) == draw(1, 0) || draw(0, 0) == draw(0, 60) {
		t.Error("two sheets have the same digest")
	}
}

// Text can be read by day and by night: WCAG 2.1 §1.4.3, for large text 3:1; this wants 4.5:1 on paper and card.
func TestContrast(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]palette{"day": byDay(), "night": byNight()} {
		for i, c := range append(p.tones[:], p.text, p.muted) {
			for _, ground := range []color.RGBA{p.paper, p.card} {
				if ratio := contrast(c, ground); ratio < 4.5 {
					t.Errorf("%s: colour %d has %.1f:1", name, i, ratio)
				}
			}
		}
	}
	if day, night := luminance(byDay().paper), luminance(byNight().text); night > day/2 {
		t.Errorf("the night is not dim: its text has a luminance of %.2f, the paper of the day %.2f", night, day)
	}
}

func contrast(a, b color.RGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		if f := float64(v) / 255; f > 0.03928 {
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// The fonts have what French and English need.
func TestGlyphs(t *testing.T) {
	t.Parallel()
	typeface := show(t).Typeface
	for _, bold := range []bool{false, true} {
		var b sfnt.Buffer
		for _, r := range drawable("AZaz09àâçéèêëîïôùûüÿœæÀÇÉÈÊŒ’«»…–−€%·×²≈\u00a0\u202f") {
			if glyph, err := typeface.font(bold).GlyphIndex(&b, r); glyph == 0 || err != nil {
				t.Errorf("bold %v: no glyph for %q, %v", bold, r, err)
			}
		}
	}
}
