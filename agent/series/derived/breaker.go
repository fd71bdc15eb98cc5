package derived

import (
	"math"
	"time"
)

// Breaker follows the filter by which a Linky decides to trip (54E §6.2.3.8): once a second,
//
//	Yn = B·Xn² + (1−B)·Yn−1, B = 0.008, X the apparent power; it trips when Y reaches (1.3·PCOUP)²
//
// The agent hears one value in one or two seconds, so the load between is taken to have been the last one.
type Breaker struct {
	y    float64 // VA²
	last float64 // VA
	at   time.Time
}

const (
	b    = 0.008
	trip = 1.3
)

// Step takes the apparent power in VA, said now. After a silence the filter begins from the load, as if it had been there
// for long: the breaker is then believed closer to its limit than it is.
func (f *Breaker) Step(power float64, now time.Time) {
	since := now.Sub(f.at)
	if f.at.IsZero() || since < 0 || since > gap {
		f.y = power * power
	} else {
		f.y = filtered(f.y, f.last, since.Seconds())
	}
	f.last, f.at = power, now
}

// filtered is Y after so many seconds of a load.
func filtered(y, load, seconds float64) float64 {
	return load*load + (y-load*load)*math.Pow(1-b, seconds)
}

// Load is how close the filter is to its limit, of a breaking power in VA: 1 trips.
func (f *Breaker) Load(breaking float64) float64 { return math.Sqrt(f.y) / (trip * breaking) }

// Left is how long the load of now may stay until the breaker trips, and false when it may stay for ever.
func (f *Breaker) Left(breaking float64) (time.Duration, bool) {
	limit, load := trip*trip*breaking*breaking, f.last*f.last
	switch {
	case load <= limit:
		return 0, false
	case f.y >= limit:
		return 0, true
	}
	seconds := math.Log((load-limit)/(load-f.y)) / math.Log(1-b)
	return time.Duration(seconds * float64(time.Second)), true
}
