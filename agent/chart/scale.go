package chart

import "math"

// Scale is the vertical axis: from Low, which is at most 0, to High.
type Scale struct {
	Low, High float64
	Step      float64 // between lines
}

// lines is how many stretches a drawing has between its lines, about.
const lines = 5

// ScaleOf fits an axis of round numbers around values. All zero, it still has a height.
func ScaleOf(low, high float64) Scale {
	low, high = min(low, 0), max(high, 0)
	if low == 0 && high == 0 {
		high = 1
	}
	step := round((high - low) / lines)
	return Scale{Low: math.Floor(low/step) * step, High: math.Ceil(high/step) * step, Step: step}
}

// round is the least of 1, 2 and 5 times a power of ten that is not less.
func round(v float64) float64 {
	decade := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*decade >= v {
			return m * decade
		}
	}
	return 10 * decade
}

// marks are the values at which a line is drawn.
func (s Scale) marks() []float64 {
	var all []float64
	for n := math.Round(s.Low / s.Step); n*s.Step <= s.High+s.Step/1000; n++ {
		all = append(all, n*s.Step)
	}
	return all
}

// share is how far down from the top of the plot a value is, 0 to 1.
func (s Scale) share(v float64) float64 {
	return (s.High - min(max(v, s.Low), s.High)) / (s.High - s.Low)
}
