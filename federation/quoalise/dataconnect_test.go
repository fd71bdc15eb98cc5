package quoalise

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// dataConnect is a provider in the manner of the federation's Data Connect proxy: no list, no subscriptions, whole days of
// Paris whatever hours are asked for, a name without a path, metadata in the older nesting, integers, and errors of Enedis.
type dataConnect struct {
	t     *testing.T
	place *time.Location

	mu     sync.Mutex // guards everything below
	offers bool       // get_history; the proxy as it is has commands of its own only
	code   string     // of the error that Enedis answers with; "" for data
	asked  []string
}

const loadCurve = device + "_consumption_load"

func (d *dataConnect) ListItems(context.Context, xmpp.JID, string) ([]xmpp.Item, error) {
	return nil, xmpp.NotFound("")
}

func (d *dataConnect) Execute(_ context.Context, _ xmpp.JID, node string, form *xmpp.Form) (*xmpp.Element, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, node)
	switch {
	case node != "get_history" || !d.offers:
		return nil, xmpp.NotFound("")
	case d.code != "":
		return nil, &xmpp.StanzaError{
			Type: "cancel", Condition: "undefined-condition", Text: "The start date must be greater than the history deadline.",
			App: xmpp.NewElement(NS, "upstream-error", "issuer", "enedis-data-connect", "code", d.code),
		}
	}
	from, to := between(d.t, form)
	first, last := d.day(from), d.day(to).AddDate(0, 0, 1)
	if last.Sub(first) > 8*24*time.Hour { // Enedis' seven days, and the one of the end
		return nil, xmpp.BadRequest("more than seven days")
	}
	var sensml strings.Builder
	for at := first; at.Before(last) && !at.After(time.Now()); at = at.Add(30 * time.Minute) {
		switch t := at.Unix() - first.Unix(); t {
		case 0:
			fmt.Fprintf(&sensml, `<senml bn="%s" bt="%d" t="0" v="%d" bu="W"/>`, loadCurve, first.Unix(), at.Unix()/1800%1000)
		default:
			fmt.Fprintf(&sensml, `<senml t="%d" v="%d"/>`, t, at.Unix()/1800%1000)
		}
	}
	return xmpp.ParseElement([]byte(`<command xmlns="http://jabber.org/protocol/commands" node="get_history" status="completed">` +
		`<x xmlns="jabber:x:data" type="result"><title>Get consumption load curve data</title><field var="result" type="fixed"><value>Success</value></field></x>` +
		`<quoalise xmlns="urn:quoalise:0"><data><meta><device type="electricity-meter"><identifier authority="enedis" type="prm" value="01234567890123"/></device>` +
		`<measurement><physical quantity="power" type="electrical" unit="W"/><business graph="load-profile" direction="consumption"/>` +
		`<aggregate type="average"/><sampling interval="PT30M"/></measurement></meta>` +
		`<sensml xmlns="urn:ietf:params:xml:ns:senml">` + sensml.String() + `</sensml></data></quoalise></command>`))
}

// day is the midnight in Paris before an instant.
func (d *dataConnect) day(at time.Time) time.Time {
	year, month, day := at.In(d.place).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, d.place)
}

// A provider that knows nothing but its own history is followed by it: each half hour is had once at most in a request of
// its own, errors of Enedis are told and got over, and one that does not even have that is said to offer nothing.
func TestFollowDataConnect(t *testing.T) {
	t.Parallel()
	place, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		provider, s := &dataConnect{t: t, place: place}, &shelf{has: map[string]bool{}}
		f := following(t, newFollowed(), s, "")
		f.Remote = &Remote{Session: provider, Provider: maison, Location: place}
		f.Identifiers, f.Since = []string{loadCurve}, 10*24*time.Hour
		began := time.Now()
		defer login(f)()
		for _, step := range []struct {
			offers bool
			code   string
			err    string
		}{
			{false, "", "maison@breizh-sen1.example/releve does not offer this; the address needs the provider's own resource, the part after the slash"},
			{true, "ADAM-ERR0123", "maison@breizh-sen1.example/releve could not get it from enedis-data-connect, which answers ADAM-ERR0123: The start date must be greater than the history deadline."},
			{true, "", ""},
		} {
			provider.mu.Lock()
			provider.offers, provider.code = step.offers, step.code
			provider.mu.Unlock()
			time.Sleep(2 * roundSeldom)
			if now := f.Standing(); text(now.Err) != step.err || !now.Mute {
				t.Errorf("standing %+v, want %q", now, step.err)
			}
		}
		time.Sleep(24 * time.Hour)
		var want senml.Pack
		for at := began.Add(-f.Since); at.Before(began.Add(24 * time.Hour)); at = at.Add(30 * time.Minute) {
			want = append(want, senml.Record{Name: loadCurve, Unit: "W", Value: senml.NumberValue(float64(at.Unix() / 1800 % 1000)), Time: float64(at.Unix())})
		}
		if n := s.lacks(want); n > 0 || len(s.has) < len(want) || len(s.has) > len(want)+4 {
			t.Errorf("%d of %d half hours are missing, %d are there", n, len(want), len(s.has))
		}
		provider.mu.Lock()
		defer provider.mu.Unlock()
		if len(provider.asked) > 60 {
			t.Errorf("%d requests", len(provider.asked))
		}
	})
}
