package notice

import (
	"errors"
	"fmt"
	"time"

	"releve/federation/xmpp"
)

// Erasure says that readings which were sent under a consent were erased where they came from, and that who has them is to
// erase them too. The consent stands.
type Erasure struct {
	Consent string    `json:"consent"`
	At      time.Time `json:"at,omitzero"`
	From    time.Time `json:"from,omitzero"` // of the readings; zero for no bound
	To      time.Time `json:"until,omitzero"`
	Series  []string  `json:"series,omitempty"` // the names under which they were sent; none for all
}

// MostSeries is how many series one notice names.
const MostSeries = 100

const longestName = 256 // bytes

// Element writes e as it travels.
//
//	Example: <erase xmlns="urn:releve:consent:0" consent="23289931e73244d3" from="2026-11-01T00:00:00Z"><series name="urn:dev:…"/></erase>
func (e Erasure) Element() *xmpp.Element {
	x := xmpp.NewElement(NS, "erase", "consent", e.Consent, "at", stamp(e.At), "from", stamp(e.From), "to", stamp(e.To))
	for _, name := range e.Series {
		x.Add(xmpp.NewElement("", "series", "name", name))
	}
	return x
}

// stamp is a time as an attribute, which is left out when there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ParseErasure reads an <erase/>.
func ParseErasure(x *xmpp.Element) (Erasure, error) {
	e := Erasure{Consent: x.Attr("consent")}
	if !identifier.MatchString(e.Consent) {
		return Erasure{}, errors.New("read an erasure: consent is not an identifier of 1 to 64 letters and digits")
	}
	for _, one := range []struct {
		attribute string
		at        *time.Time
	}{{"at", &e.At}, {"from", &e.From}, {"to", &e.To}} {
		text := x.Attr(one.attribute)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return Erasure{}, fmt.Errorf("read an erasure: %s is not a time such as 2026-11-27T04:00:00Z", one.attribute)
		}
		*one.at = at.UTC()
	}
	for _, child := range x.Children {
		if child.Name.Local != "series" {
			continue
		}
		name := child.Attr("name")
		if name == "" || len(name) > longestName || len(e.Series) == MostSeries {
			return Erasure{}, fmt.Errorf("read an erasure: it names more than %d series, or one by no name or by more than %d bytes", MostSeries, longestName)
		}
		e.Series = append(e.Series, name)
	}
	return e, nil
}

func (e Erasure) text() string {
	return fmt.Sprintf("Des relevés envoyés sous le consentement %[1]s ont été effacés ici. Effacez-les aussi, sauf si une loi vous oblige à les garder ; le consentement reste en vigueur.\n"+
		"Readings that were sent under consent %[1]s were erased here. Erase them too, unless a law has you keep them; the consent stands.", e.Consent)
}

func (Erasure) answer() string { return "erasing" }

func (Erasure) about() string { return "an erasure" }
