package status

import (
	"strings"

	"releve/agent/history"
	"releve/agent/tariff"
)

// billView is what a month costs: an estimate, with how it was made.
type billView struct {
	Meters          []choiceView
	Turn            turnView
	Known           bool // there are prices
	SoFar, Expected string
	Method          string
	Lines           []billLineView
	Notes           []string
	Source, Prices  string
	Subscription    string
	Energy, Taxes   string
}

type billLineView struct{ Label, Quantity, Price, Amount string }

// showBill shows what a month of a meter has cost so far, and where it leads.
func (s *site) showBill(v *visit) (any, error) {
	a, err := v.asks(history.Month)
	if err != nil || a.meter.Name == "" {
		return billView{}, err
	}
	view := billView{Meters: v.others(a.meter), Turn: v.turn(a.span)}
	if s.household.Bill == nil {
		return view, nil
	}
	statement, err := s.household.Bill(v.request.Context(), a.meter.Name, a.span.From)
	view.Known = true
	if err != nil {
		view.Notes = []string{v.say("bill.failed", err)}
		return view, nil
	}
	v.fill(&view, statement)
	return view, nil
}

func (c catalogue) fill(view *billView, s tariff.Statement) {
	b := s.ToDate
	view.SoFar, view.Expected = c.money(b.Total), c.money(s.Expected.Total)
	view.Subscription, view.Energy, view.Taxes = c.money(b.Subscription), c.money(b.Energy), c.money(b.Taxes)
	if s.Method != history.Unknown {
		view.Method = c.count("bill.method."+string(s.Method), uint64(s.Days))
	}
	for _, line := range b.Lines {
		view.Lines = append(view.Lines, c.billLine(line))
	}
	view.Notes = c.billNotes(b)
	if s.Book != nil {
		view.Prices, view.Source = s.Book.Name, c.say("bill.source", s.Book.Source, s.Book.Published.Format(c.say("date.layout")))
		if s.Book.Example {
			view.Notes = append(view.Notes, c.say("bill.example"))
		}
	}
}

// billLine words one line. A register is called as everywhere on the page; a tax as the file of prices does.
func (c catalogue) billLine(l tariff.Line) billLineView {
	view := billLineView{Label: l.Name, Amount: c.money(l.Amount)}
	switch l.Kind {
	case tariff.ForSubscription:
		view.Label = c.say("bill.subscription.of", strings.ReplaceAll(l.Name, " ", firmSpace))
	case tariff.ForEnergy:
		view.Label = c.say("register." + l.Name)
	}
	switch l.Unit {
	case "kWh":
		view.Quantity, view.Price = c.measured(c.decimal(l.Quantity, 1), "kWh"), c.measured(c.decimal(l.Price.Euros(), 4), "€/kWh")
	case "month":
		view.Quantity, view.Price = c.say("bill.months", c.decimal(l.Quantity, 2)), c.say("bill.a.month", c.decimal(l.Price.Euros(), 2))
	case "%":
		view.Quantity = c.say("percent", c.decimal(l.Quantity, 1))
	}
	return view
}

// billNotes say what the estimate leaves out.
func (c catalogue) billNotes(b tariff.Bill) []string {
	var all []string
	if b.Missing > 0 {
		all = append(all, c.count("bill.missing", uint64(b.Missing)))
	}
	if b.Undated > 0 {
		all = append(all, c.count("bill.undated", uint64(b.Undated)))
	}
	if b.Unpriced > 0 {
		all = append(all, c.say("bill.unpriced", c.amount(b.Unpriced)))
	}
	if b.NoSubscription {
		all = append(all, c.say("bill.nosubscription"))
	}
	return all
}

// money words an amount: "42,10 €", "€42.10".
func (c catalogue) money(m tariff.Money) string { return c.say("money", c.decimal(m.Euros(), 2)) }
