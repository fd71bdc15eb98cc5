package quoalise

import "testing"

// What was agreed to stands in meta, in attributes only, and only where it is known.
func TestPolicy(t *testing.T) {
	t.Parallel()
	d := Data{Name: current, Terms: []string{"consent", "c1", "purpose", "advice", "retention", "", "origin", "meter"}}
	for want, terms := range map[string][]string{
		`<policy xmlns="urn:releve:consent:0" consent="c1" purpose="advice" origin="meter"/>`: d.Terms,
		"<nil>": nil,
	} {
		d.Terms = terms
		e, err := d.Element()
		if err != nil {
			t.Fatal(err)
		}
		got := "<nil>"
		if p := wire(t, e).Child(NS, "data").Child(NS, "meta").Child(nsConsent, "policy"); p != nil {
			got = p.String()
		}
		if got != want {
			t.Errorf("policy is %s, want %s", got, want)
		}
	}
}
