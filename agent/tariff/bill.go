package tariff

import "time"

// Kind is what a line of a bill is for.
type Kind string

// The kinds of lines.
const (
	ForSubscription Kind = "subscription"
	ForEnergy       Kind = "energy"
	ForTax          Kind = "tax"
)

// Line is one line of a bill.
type Line struct {
	Kind     Kind
	Name     string    // of the register (see Option.Registers) or the tax; of a subscription the power, such as "6 kVA"
	From, To time.Time // days that it is for
	Quantity float64   // kWh, or months, or percent
	Unit     string    // "kWh", "month", "%"
	Price    Money     // of one of that unit; 0 of a percentage
	Amount   Money     // to the cent
}

// Bill is an estimate of what some days cost.
type Bill struct {
	From, To time.Time // local midnights
	Option   Option    // of the last day
	Power    int       // subscribed, kVA; 0 when it is not known, and then there is no subscription
	Lines    []Line
	Total    Money

	Subscription, Energy, Taxes Money // the same by kind

	// What the estimate leaves out, or does not know: days not known whole; energy that no price of the file is for, in Wh; days
	// before the first price; whether the subscription has no price.
	Missing        int
	Unpriced       float64
	Undated        int
	NoSubscription bool
}

// Estimate makes the bill of some days, in order, for a subscribed power in kVA. What is not over of them is counted as it is
// told: leave it out for what was used to date, put in what is expected for an outlook. Days of the same price make the
// same lines.
func (b *Book) Estimate(days []Usage, kva int) Bill {
	bill := Bill{Power: kva}
	for first := 0; first < len(days); {
		p := b.At(days[first].Day)
		end := first + 1
		for end < len(days) && b.At(days[end].Day) == p {
			end++
		}
		bill.stretch(p, days[first:end])
		first = end
	}
	if len(days) > 0 {
		bill.From, bill.To = days[0].Day, nextDay(days[len(days)-1].Day)
	}
	for _, line := range bill.Lines {
		bill.Total += line.Amount
		switch line.Kind {
		case ForSubscription:
			bill.Subscription += line.Amount
		case ForEnergy:
			bill.Energy += line.Amount
		case ForTax:
			bill.Taxes += line.Amount
		}
	}
	return bill
}

func nextDay(day time.Time) time.Time { return day.AddDate(0, 0, 1) }
