package linky

import "fmt"

// Contract is what the household bought; it decides indexes and labels.
type Contract uint8

// The contracts. The first three and EJP have labels of their own in historic mode; a meter on any other one shows only
// its total there, as BASE (54E §6.1).
const (
	// Base counts on one index.
	Base Contract = iota
	// PeakOffPeak is "heures creuses / heures pleines", off peak from 22:30 to 06:30.
	PeakOffPeak
	// Tempo is off peak from 22:00 to 06:00; its days, blue, white or red, run from 06:00 to 06:00.
	Tempo
	// EJP, "effacement des jours de pointe", has mobile peaks from 07:00 to 01:00 on some 22 weekdays of the winter.
	EJP
	// Weekend is "heures creuses et week-end": off peak, peak, and a third index from Friday's midnight to Sunday's.
	Weekend
	// Custom is whatever Scenario.Calendar says.
	Custom
)

// String returns the name used in messages.
func (c Contract) String() string {
	if c > Custom {
		return fmt.Sprintf("contract %d", uint8(c))
	}
	return [...]string{"base", "hc/hp", "tempo", "ejp", "hc/we", "custom"}[c]
}

// historic is the contract that historic mode shows for this one.
func (c Contract) historic() Contract {
	if c > EJP {
		return Base
	}
	return c
}

// calendar returns the calendar of a contract; custom is that of Custom.
func (c Contract) calendar(custom *Calendar) *Calendar {
	switch c {
	case PeakOffPeak:
		return peakOffPeakCalendar()
	case Tempo:
		return tempoCalendar()
	case EJP:
		return ejpCalendar()
	case Weekend:
		return weekendCalendar()
	case Custom:
		return custom
	default:
		return baseCalendar()
	}
}

func baseCalendar() *Calendar {
	return &Calendar{
		Name:  "      BASE      ",
		Rates: []string{"      BASE      "},
		Days:  []Day{{{Index: 1, Contact: Open}}},
	}
}

func peakOffPeakCalendar() *Calendar {
	return &Calendar{
		Name:  "H PLEINE/CREUSE ",
		Rates: []string{"  HEURE  CREUSE ", "  HEURE  PLEINE "},
		Days:  []Day{{{Index: 1, Contact: Closed}, {Minute: 390, Index: 2, Contact: Open}, {Minute: 1350, Index: 1, Contact: Closed}}},
	}
}

// tempoCalendar has white days as mobile peak 1 and red days as mobile peak 2, which is what meters in the field show.
func tempoCalendar() *Calendar {
	day := func(offPeak, peak int) Day {
		return Day{
			{Index: offPeak, Contact: ByTempo},
			{Minute: 360, Index: peak, Contact: ByTempo},
			{Minute: 1320, Index: offPeak, Contact: ByTempo},
		}
	}
	return &Calendar{
		Name: "     TEMPO      ",
		Rates: []string{
			"    HC  BLEU    ", "    HP  BLEU    ", "   HC  BLANC    ",
			"   HP  BLANC    ", "    HC  ROUGE   ", "    HP  ROUGE   ",
		},
		Days: []Day{day(1, 2)},
		Peaks: []Peak{
			{Day: day(3, 4), From: 360, To: 1800, Notice: 600},
			{Day: day(5, 6), From: 360, To: 1800, Notice: 600},
		},
		colours: true,
	}
}

// ejpCalendar gives half an hour of notice, PEJP in historic mode (02E).
func ejpCalendar() *Calendar {
	return &Calendar{
		Name:  "      EJP       ",
		Rates: []string{" HEURE  NORMALE ", " POINTE  MOBILE "},
		Days:  []Day{{{Index: 1, Contact: Closed}, {Minute: 360, Index: 1, Contact: Open}, {Minute: 1320, Index: 1, Contact: Closed}}},
		Peaks: []Peak{{
			Day:  Day{{Index: 2, Contact: Open}, {Minute: 60, Index: 1, Contact: Closed}, {Minute: 420, Index: 2, Contact: Open}},
			From: 420, To: 1500, Notice: 30, Percent: 20,
		}},
	}
}

func weekendCalendar() *Calendar {
	return &Calendar{
		Name:  " HC et Week-End ",
		Rates: []string{" HEURE  CREUSE  ", " HEURE  PLEINE  ", " HEURE WEEK-END "},
		Days: []Day{
			{{Index: 1, Contact: Closed}, {Minute: 390, Index: 2, Contact: Open}, {Minute: 1350, Index: 1, Contact: Closed}},
			{{Index: 3, Contact: Closed}, {Minute: 390, Index: 3, Contact: Open}, {Minute: 1350, Index: 3, Contact: Closed}},
		},
		Week: [7]int{1, 0, 0, 0, 0, 0, 1},
	}
}
