package main

import (
	"slices"
	"strings"
)

// slow says of the path of a series that its news can wait for half an hour: it changes seldom, and nobody switches
// anything by it. All that a household or its adviser acts upon at once is left out: what is drawn and injected, the
// tariff in force, what is switched off or about to be, events.
func slow(path string) bool {
	words := strings.Split(path, "/")
	switch words[0] {
	case "contract", "gas", "other":
		return true
	case "tariff":
		return len(words) > 1 && slices.Contains([]string{"option", "calendar", "timetable", "profile", "day"}, words[1]) ||
			len(words) > 2 && words[1] == "peak" && words[2] >= "1" && words[2] <= "9"
	case "status":
		return len(words) > 1 && slices.Contains([]string{
			"version", "word", "phase", "cover", "overvoltage", "producer", "clock", "mode", "euridis", "plc",
		}, words[1])
	}
	return slices.Contains(words, "max") || slices.Contains(words, "distributor") || slices.Contains(words, "reactive")
}
