package status

import (
	"math"
	"time"
)

// staleAfter is how old a power may be and still be shown as live: ten seconds
// without a correct frame is a fault of the line (Enedis-NOI-CPT_02E, receiver rules).
const staleAfter = 10 * time.Second

// direction names which way energy crosses the meter; it is also a CSS class
// and the middle of a catalogue key.
type direction string

const (
	unheard  direction = "none"     // no power was ever read
	drawn    direction = "drawn"    // from the network
	injected direction = "injected" // to the network
	even     direction = "even"     // neither
)

// glanceView is what is understood in one second: how much, and which way.
type glanceView struct {
	Direction direction
	Word      string // "Prélevé"
	Where     string // "sur le réseau"
	Number    string // "1 240", without its unit; empty when none was ever read
	Long      bool   // it has more than four digits
	Stale     bool
	Title     string // of the browser's tab
	Spoken    string // for a screen reader
}

// freshView is how old the measure is.
type freshView struct {
	Text  string
	At    string // RFC 3339
	Stale bool
}

// shareView is how much of the subscribed power is used, the bar being 1000 wide.
type shareView struct {
	Text  string // "42 % de 6 kVA"
	Fill  int    // 0 to 1000
	Limit int    // where 100 % stands; 1000 unless the subscription is exceeded
	Peak  int    // highest of the curve; 0 when it is not above Fill
	Mark  string // what Peak says, in words
	Over  string // the warning, when exceeded
}

// way says which direction a power has and how much of it there is.
func (p Power) way() (direction, VoltAmpere) {
	switch {
	case p.Injected > p.Apparent:
		return injected, p.Injected
	case p.Apparent > 0:
		return drawn, p.Apparent
	}
	return even, 0
}

func (p Power) stale(now time.Time) bool { return now.Sub(p.At) > staleAfter }

func (c catalogue) glance(p *Power, now time.Time) glanceView {
	if p == nil {
		return glanceView{
			Direction: unheard, Stale: true,
			Word: c.say("glance.none"), Where: c.say("glance.none.where"),
			Title: c.say("glance.none.title"), Spoken: c.say("glance.none"),
		}
	}
	way, amount := p.way()
	key := "glance." + string(way)
	g := glanceView{Direction: way, Word: c.say(key), Where: c.say(key + ".where")}
	if way == injected && p.Estimated {
		g.Where = c.say(key + ".where.estimated")
	}
	value := c.power(amount)
	g.Number, g.Title = c.whole(math.Round(float64(amount))), c.say(key+".title", value)
	g.Long = math.Round(float64(amount)) >= 10_000
	if g.Stale = p.stale(now); g.Stale {
		g.Title = c.say("glance.stale.title", value)
		g.Where = g.Word + " " + g.Where
		g.Word = c.say("glance.last")
	}
	g.Spoken = c.say("glance.spoken", g.Word, value, g.Where)
	return g
}

func (c catalogue) fresh(p *Power, now time.Time) *freshView {
	if p == nil {
		return nil
	}
	f := &freshView{At: p.At.Format(time.RFC3339), Stale: p.stale(now)}
	key := "value.fresh"
	if f.Stale {
		key = "value.stale"
	}
	f.Text = c.say(key, c.ago(now, p.At))
	return f
}

// share compares what is drawn now with the contract; nil when there is nothing
// to compare, and while energy goes the other way.
func (c catalogue) share(p *Power, trend []Point, now time.Time) *shareView {
	if p == nil || p.Subscribed <= 0 || p.stale(now) {
		return nil
	}
	if way, _ := p.way(); way == injected {
		return nil
	}
	used, peak := p.Apparent/p.Subscribed, highest(trend)/p.Subscribed
	full := max(1, used, peak) // of the bar
	view := &shareView{
		Text:  c.say("share", c.whole(percent(used)), c.kilo(p.Subscribed)),
		Fill:  thousandth(used / full),
		Limit: thousandth(1 / full),
	}
	if peak > used {
		view.Peak = thousandth(peak / full)
		view.Mark = c.say("share.peak", c.whole(percent(peak)))
	}
	if used > 1 {
		view.Over = c.say("share.over", c.kilo(p.Subscribed))
	}
	return view
}

func percent(ratio VoltAmpere) float64 { return math.Round(float64(ratio) * 100) }

func thousandth(ratio VoltAmpere) int { return int(math.Round(float64(ratio) * 1000)) }

func highest(trend []Point) VoltAmpere {
	var top VoltAmpere
	for _, point := range trend {
		top = max(top, point.Apparent)
	}
	return top
}
