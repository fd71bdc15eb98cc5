package status

import "releve/agent/equivalence"

// compareView is what a power and an energy amount to.
type compareView struct {
	Power, Today string
	Now, Day     []toldView
}

// toldView is one comparison, with the paper that its number is from.
type toldView struct{ Text, Source string }

// showCompare tells what the power of this moment and the energy of this day amount to, by the table that ships.
func (s *site) showCompare(v *visit) (any, error) {
	table, err := equivalence.Ready()
	if err != nil {
		return nil, err
	}
	var view compareView
	for _, m := range v.snapshot.Meters {
		if m.Power != nil && view.Power == "" && !m.Power.stale(v.snapshot.Now) && m.Power.Apparent > 0 {
			view.Power, view.Now = v.power(m.Power.Apparent), v.told(table.Power(float64(m.Power.Apparent)))
		}
		if m.Today != nil && view.Today == "" && m.Today.Drawn > 0 {
			view.Today, view.Day = v.energy(m.Today.Drawn), v.told(table.Energy(float64(m.Today.Drawn)))
		}
	}
	return view, nil
}

func (c catalogue) told(all []equivalence.Told) []toldView {
	var views []toldView
	for _, t := range all {
		views = append(views, toldView{Text: Say(t.FR, t.EN).in(c.language), Source: t.Row.Source})
	}
	return views
}
