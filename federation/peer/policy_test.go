package peer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
	"releve/senml"
)

// What was agreed to travels in the pack, once where it is the same for all, by series where it is not; who does not know it
// reads the same records.
func TestAgree(t *testing.T) {
	t.Parallel()
	p := senml.Pack{record("voltage/1", 231, 1_700_000_000), record("current/1", 3, 1_700_000_000), record("voltage/1", 230, 1_700_000_001)}
	advice := []string{"consent", "c1", "purpose", "advice", "retention", "P1Y", "until", "", "origin", "meter"}
	const shown = `<policy xmlns="urn:releve:consent:0" consent="c1" purpose="advice" retention="P1Y" origin="meter"`
	for _, row := range []struct {
		name  string
		terms func(name string) []string
		want  []string
	}{
		{"nothing known", nil, nil},
		{"nothing agreed", func(string) []string { return nil }, nil},
		{"the same", func(string) []string { return advice }, []string{shown + "/>"}},
		{"of one", func(name string) []string {
			if strings.HasSuffix(name, "current/1") {
				return nil
			}
			return advice
		}, []string{shown + "><series>" + device + "_voltage/1</series></policy>"}},
		{"several", func(name string) []string {
			if strings.HasSuffix(name, "current/1") {
				return []string{"consent", "c2", "retention", "P1D"}
			}
			return advice
		}, []string{
			shown + "><series>" + device + "_voltage/1</series></policy>",
			`<policy xmlns="urn:releve:consent:0" consent="c2" retention="P1D"><series>` + device + "_current/1</series></policy>",
		}},
	} {
		for _, format := range []senml.Format{senml.XML, senml.CBOR} {
			element, err := Element(p, format)
			if err != nil {
				t.Fatal(err)
			}
			there, err := xmpp.ParseElement([]byte(Agree(element, p, row.terms).String()))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, child := range there.Children {
				if child.Name.Space == NSConsent {
					for _, series := range child.Children { // which inherit the namespace
						series.Name.Space = ""
					}
					got = append(got, child.String())
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", row.name, format, diff)
			}
			read, err := Parse(there)
			if diff := cmp.Diff(p, read, compareValues); err != nil || diff != "" {
				t.Errorf("%s, %s: %v (-sent +read):\n%s", row.name, format, err, diff)
			}
		}
	}
}

// The policy that the document shows is one that this program writes.
func TestProtocolPolicy(t *testing.T) {
	t.Parallel()
	const shown = `<policy xmlns="urn:releve:consent:0" consent="23289931e73244d3" purpose="dpv:EnergyAdvice" retention="P1Y" until="2027-12-31T23:00:00Z" origin="meter"/>`
	terms := []string{"consent", "23289931e73244d3", "purpose", "dpv:EnergyAdvice", "retention", "P1Y", "until", "2027-12-31T23:00:00Z", "origin", "meter"}
	pack := Agree(xmpp.NewElement(NS, "pack"), records(1), func(string) []string { return terms })
	if got := pack.Children[0].String(); got != shown || !strings.Contains(protocol(t), shown) {
		t.Errorf("the document shows another policy than %s", got)
	}
}
