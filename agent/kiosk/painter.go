package kiosk

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// painter puts marks on pixels.
type painter struct {
	typeface *Typeface
	picture  *image.RGBA
	dx, dy   float64
	err      error // the first
}

// Paint returns the sheet as pixels, none of which is transparent.
func (s Sheet) Paint(typeface *Typeface) (*image.RGBA, error) {
	p := &painter{
		typeface: typeface, picture: image.NewRGBA(image.Rect(0, 0, s.Width, s.Height)),
		dx: float64(s.Shift.X), dy: float64(s.Shift.Y),
	}
	draw.Draw(p.picture, p.picture.Bounds(), image.NewUniform(s.Paper), image.Point{}, draw.Src)
	for _, m := range s.Marks {
		m.paint(p)
	}
	return p.picture, p.err
}

// pen draws an outline whose coordinates are those of the picture's part that it covers.
type pen struct {
	*vector.Rasterizer
	x, y float64
}

func (p pen) move(x, y float64) { p.MoveTo(float32(x-p.x), float32(y-p.y)) }
func (p pen) line(x, y float64) { p.LineTo(float32(x-p.x), float32(y-p.y)) }

// along begins an outline, or goes on with it.
func (p pen) along(begins bool, to Point) {
	if begins {
		p.move(to.X, to.Y)
		return
	}
	p.line(to.X, to.Y)
}

// fill fills what outline draws, which lies between two corners.
func (p *painter) fill(from, to Point, c color.RGBA, outline func(pen)) {
	covered := image.Rect(
		int(math.Floor(from.X+p.dx)), int(math.Floor(from.Y+p.dy)),
		int(math.Ceil(to.X+p.dx)), int(math.Ceil(to.Y+p.dy)),
	).Intersect(p.picture.Bounds())
	if covered.Empty() {
		return
	}
	r := vector.NewRasterizer(covered.Dx(), covered.Dy())
	outline(pen{r, float64(covered.Min.X) - p.dx, float64(covered.Min.Y) - p.dy})
	r.Draw(p.picture, covered, image.NewUniform(c), image.Point{})
}

func (b Box) paint(p *painter) {
	p.fill(Point{b.X, b.Y}, Point{b.X + b.W, b.Y + b.H}, b.Colour, func(n pen) { n.box(b) })
}

// bend is how far the handles of a cubic curve lie from its ends, of a quarter circle's radius.
const bend = 0.5522847498

func (p pen) box(b Box) {
	r := min(b.Round, b.W/2, b.H/2)
	k := r * (1 - bend)
	left, top, right, bottom := b.X, b.Y, b.X+b.W, b.Y+b.H
	p.move(left+r, top)
	p.line(right-r, top)
	p.curve(right-k, top, right, top+k, right, top+r)
	p.line(right, bottom-r)
	p.curve(right, bottom-k, right-k, bottom, right-r, bottom)
	p.line(left+r, bottom)
	p.curve(left+k, bottom, left, bottom-k, left, bottom-r)
	p.line(left, top+r)
	p.curve(left, top+k, left+k, top, left+r, top)
	p.ClosePath()
}

func (p pen) curve(ax, ay, bx, by, x, y float64) {
	p.CubeTo(float32(ax-p.x), float32(ay-p.y), float32(bx-p.x), float32(by-p.y), float32(x-p.x), float32(y-p.y))
}

func (d Disc) paint(p *painter) {
	Box{d.X - d.R, d.Y - d.R, 2 * d.R, 2 * d.R, d.R, d.Colour}.paint(p)
}

func (a Area) paint(p *painter) {
	from, to := corners(a.Points, 0)
	p.fill(from, to, a.Colour, func(n pen) {
		for i, at := range a.Points {
			n.along(i == 0, at)
		}
		n.ClosePath()
	})
}

func corners(points []Point, around float64) (from, to Point) {
	from, to = Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	for _, p := range points {
		from.X, from.Y = min(from.X, p.X-around), min(from.Y, p.Y-around)
		to.X, to.Y = max(to.X, p.X+around), max(to.Y, p.Y+around)
	}
	return from, to
}

// paint draws the band around the line: along its left and back along its right, with a disc at both ends.
func (s Stroke) paint(p *painter) {
	if len(s.Points) < 2 {
		return
	}
	from, to := corners(s.Points, 2*s.Width)
	half := s.Width / 2
	p.fill(from, to, s.Colour, func(n pen) {
		for i := range s.Points {
			n.along(i == 0, beside(s.Points, i, half))
		}
		for i := len(s.Points) - 1; i >= 0; i-- {
			n.along(false, beside(s.Points, i, -half))
		}
		n.ClosePath()
	})
	for _, end := range []Point{s.Points[0], s.Points[len(s.Points)-1]} {
		Disc{end.X, end.Y, half, s.Colour}.paint(p)
	}
}

// beside is the point at a distance from a corner of a line, on the line that halves its angle. A sharp corner is cut.
func beside(points []Point, i int, distance float64) Point {
	before, after := points[max(i-1, 0)], points[min(i+1, len(points)-1)]
	x, y := normal(before, points[i])
	ax, ay := normal(points[i], after)
	switch i {
	case 0:
		x, y = ax, ay
	case len(points) - 1:
	default:
		x, y = x+ax, y+ay
		if length := x*x + y*y; length > 0.5 {
			x, y = 2*x/length, 2*y/length
		}
	}
	return Point{points[i].X + x*distance, points[i].Y + y*distance}
}

// normal is one pixel across the way from a to b; nothing where there is no way.
func normal(a, b Point) (x, y float64) {
	length := math.Hypot(b.X-a.X, b.Y-a.Y)
	if length == 0 {
		return 0, 0
	}
	return (b.Y - a.Y) / length, (a.X - b.X) / length
}

func (t Text) paint(p *painter) {
	face, err := p.typeface.face(t.Bold, t.Size)
	if err != nil {
		p.fail("write a text", err)
		return
	}
	x := t.X
	switch width := p.typeface.width(t.Say, t.Bold, t.Size); t.Anchor {
	case Middle:
		x -= width / 2
	case End:
		x -= width
	}
	drawer := font.Drawer{
		Dst: p.picture, Src: image.NewUniform(t.Colour), Face: face,
		Dot: fixed.Point26_6{X: fixed.Int26_6((x + p.dx) * 64), Y: fixed.Int26_6((t.Y + p.dy) * 64)},
	}
	drawer.DrawString(drawable(t.Say))
	p.fail("write a text", face.Close())
}

func (p *painter) fail(what string, err error) {
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("%s: %w", what, err)
	}
}
