package buffer

// Kind says how the readings of a series are rolled up. The buffer does not know what a series means: whoever
// opens it tells by Options.Class.
type Kind uint8

const (
	// Quantity is something that has a mean, such as a power: mean, least and greatest value.
	Quantity Kind = iota
	// Index is a counter, such as that of energy drawn: its value at the beginning and at the end.
	Index
	// Text is whatever is no number: the value at the end and how often it changed. A record's value decides, not
	// Options.Class.
	Text
)

// Class is what the buffer must know of a series to roll it up and to let its roll-ups go.
type Class struct {
	Kind Kind
	// Curve tells that values of ten minutes show how a household lives. They go after Options.KeepCurve.
	Curve bool
}
