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
	Kind     Kind      `json:"kind"`
	Name     string    `json:"name"` // of the register (see Option.Registers) or the tax; of a subscription the power, such as "6 kVA"
	From     time.Time `json:"from"` // days that it is for
	To       time.Time `json:"to"`
	Quantity float64   `json:"quantity"` // kWh, or months, or percent
	Unit     string    `json:"unit"`     // "kWh", "month", "%"
	Price    Money     `json:"price"`    // of one of that unit; 0 of a percentage
	Amount   Money     `json:"amount"`   // to the cent
}

// Bill is an estimate of what some days cost.
type Bill struct {
	From   time.Time `json:"from"` // local midnights
	To     time.Time `json:"to"`
	Option Option    `json:"option,omitempty"` // of the last day
	Power  int       `json:"power_kva"`        // subscribed; 0 when it is not known, and then there is no subscription
	Lines  []Line    `json:"lines"`
	Total  Money     `json:"total"`

	Subscription Money `json:"subscription"` // the same by kind
	Energy       Money `json:"energy"`
	Taxes        Money `json:"taxes"`

	// What the estimate leaves out, or does not know: days not known whole; energy that no price of the file is for, in Wh; days
	// before the first price; whether the subscription has no price.
	Missing        int     `json:"days_missing,omitempty"`
	Unpriced       float64 `json:"unpriced_wh,omitempty"`
	Undated        int     `json:"days_without_price,omitempty"`
	NoSubscription bool    `json:"no_subscription,omitempty"`
}

// Estimate makes the bill of some days, in order, for a subscribed power in kVA. What is not over of them is counted as it is
// told: leave it out for what was used to date, put in what is expected for an outlook. Days of the same price make the
// same lines.
func (b *Book) Estimate(days []Usage, kva int) Bill {
	bill := Bill{Power: kva, Lines: []Line{}}
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
