package main

import (
	"time"

	"releve/buffer"
)

// holdOf is how long a value stays in force: all values come at a rhythm, of which one may be missed.
func holdOf(fullSet time.Duration) time.Duration { return fullSet * 5 / 2 }

// classOf tells by its unit (RFC 8428 §12.1) how a series is rolled up: indexes of energy by their first and last
// value, all else by its mean. But for voltage, frequency and texts, values of ten minutes show how a household lives.
func classOf(_, unit string) buffer.Class {
	switch unit {
	case "Wh", "varh", "VAh", "J":
		return buffer.Class{Kind: buffer.Index, Curve: true}
	case "V", "Hz", "":
		return buffer.Class{}
	}
	return buffer.Class{Curve: true}
}
