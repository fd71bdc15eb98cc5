package linky

// Stride makes a meter measure every so many seconds, a divisor of 60, and hold what it measured until the next time:
// a test can live a year in a moment, and the sums still agree.
func (m *Meter) Stride(seconds int64) { m.stride = seconds }

// NewInStrides is New, some thirty times as fast: yesterday was lived in strides of a minute. Its bytes are others.
func NewInStrides(s Scenario) (*Meter, error) { return newMeter(s, 60) }
