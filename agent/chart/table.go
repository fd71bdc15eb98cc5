package chart

import "time"

// Table is a drawing in rows: it says the same to who does not see it, and it is what a script redraws it from.
type Table struct {
	Caption string
	Head    []Column // the first is that of the times
	Rows    []Row
}

// Column is the head of a column.
type Column struct {
	Label string
	Class string // of the line or part that it says
}

// Row is one stretch of time.
type Row struct {
	From  time.Time
	Label string
	Cells []Cell
}

// Cell is one value; Text is what a person reads, also of one that is not known.
type Cell struct {
	Value *float64
	Text  string
}
