package consent_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
)

// register is a list of consents in a folder of the test, and what was recorded of it.
type register struct {
	*consent.Consents
	t        *testing.T
	file     string
	recorded []string
	trouble  error // of whoever records
}

func newRegister(t *testing.T) *register {
	r := &register{t: t, file: filepath.Join(t.TempDir(), "consents.json")}
	r.open()
	return r
}

// open reads the list again, as a restart does.
func (r *register) open() {
	r.t.Helper()
	c, err := consent.OpenConsents(r.file)
	if err != nil {
		r.t.Fatal(err)
	}
	c.Record = func(one consent.Consent) error {
		if r.trouble == nil {
			r.recorded = append(r.recorded, string(one.State)+" by "+one.By)
		}
		return r.trouble
	}
	r.Consents = c
}

// states is what the list says of each consent.
func (r *register) states() []string {
	var all []string
	for _, one := range r.All() {
		all = append(all, string(one.State)+" by "+one.By)
	}
	return all
}

func (r *register) ask(g consent.Grant) string {
	r.t.Helper()
	one, err := r.Ask(g, "configuration", now)
	if err != nil {
		r.t.Fatal(err)
	}
	return one.ID
}

func must(t *testing.T, _ consent.Consent, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A consent is asked for, given, taken back and given again; each change is recorded, and holds after a restart.
func TestConsentLife(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	id := r.ask(good())
	if got := r.Standing(); len(got) > 0 {
		t.Errorf("what nobody has answered stands: %+v", got)
	}
	if again := r.ask(good()); again != id {
		t.Errorf("asked twice: %s and %s", id, again)
	}
	one, err := r.Accept(id[:6], "terminal", now)
	must(t, one, err)
	r.open()
	if diff := cmp.Diff([]consent.Grant{good()}, r.Standing()); diff != "" {
		t.Error(diff)
	}
	one, err = r.Withdraw(id, "page", now.Add(time.Hour), []consent.Notice{{To: client}})
	must(t, one, err)
	r.open()
	want := []consent.Consent{{
		ID: id, Grant: good(), State: consent.Withdrawn, Since: now.Add(time.Hour), By: "page", Notices: []consent.Notice{{To: client}},
	}}
	if diff := cmp.Diff(want, r.All()); diff != "" || len(r.Standing()) > 0 {
		t.Errorf("%d stand; %s", len(r.Standing()), diff)
	}
	if err := r.Told(id, consent.Notice{To: client, Sent: now.Add(2 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	r.open()
	if got := r.All()[0].Notices; !cmp.Equal(got, []consent.Notice{{To: client, Sent: now.Add(2 * time.Hour)}}) {
		t.Errorf("notices %+v", got)
	}
	one, err = r.Accept(id, "terminal", now)
	must(t, one, err)
	if diff := cmp.Diff([]string{"pending by configuration", "in force by terminal", "withdrawn by page", "in force by terminal"}, r.recorded); diff != "" {
		t.Error(diff)
	}
}

func TestConsentAnswers(t *testing.T) {
	t.Parallel()
	ended := good()
	ended.Until = now
	other := good()
	other.Purpose = "a study"
	r := newRegister(t)
	id, over, second := r.ask(good()), r.ask(ended), r.ask(other)
	one, err := r.Refuse(second, "terminal", now)
	must(t, one, err)
	for _, test := range []struct {
		name string
		do   func() (consent.Consent, error)
		err  string
	}{
		{"of nothing", func() (consent.Consent, error) { return r.Accept("", "page", now) }, `there is no consent ""`},
		{"of an unknown one", func() (consent.Consent, error) { return r.Accept("zz", "page", now) }, `there is no consent "zz"`},
		{"withdrawing what was not given", func() (consent.Consent, error) { return r.Withdraw(id, "page", now, nil) }, "consent " + id + " is pending"},
		{"refusing twice", func() (consent.Consent, error) { return r.Refuse(second, "page", now) }, "consent " + second + " is refused"},
		{"accepting what is over", func() (consent.Consent, error) { return r.Accept(over, "page", now) },
			"consent " + over + " ended on " + now.Format(time.DateOnly) + "; ask for another one"},
		{"of a grant that is none", func() (consent.Consent, error) { return r.Ask(consent.Grant{}, "page", now) },
			"a grant needs to: an address, a domain or the name of a recipient"},
	} {
		if _, err := test.do(); err == nil || err.Error() != test.err {
			t.Errorf("%s: error %v, want %q", test.name, err, test.err)
		}
	}
	if diff := cmp.Diff([]string{"pending by configuration", "pending by configuration", "refused by terminal"}, r.states()); diff != "" {
		t.Error(diff)
	}
}

// Nothing comes in force that cannot be recorded; a withdrawal holds whatever cannot be written.
func TestConsentTrouble(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	r := newRegister(t)
	id := r.ask(good())
	r.trouble = full
	if _, err := r.Accept(id, "terminal", now); !errors.Is(err, full) || len(r.Standing()) > 0 {
		t.Errorf("accepted without a record: %v, %d stand", err, len(r.Standing()))
	}
	r.trouble = nil
	one, err := r.Accept(id, "terminal", now)
	must(t, one, err)
	r.trouble = full
	if _, err := r.Withdraw(id, "terminal", now, nil); !errors.Is(err, full) || len(r.Standing()) > 0 {
		t.Errorf("withdrawn without a record: %v, %d stand", err, len(r.Standing()))
	}
}

// What the configuration gives is in force, what it gives no more is withdrawn, and what a person took back stays so.
func TestAdopt(t *testing.T) {
	t.Parallel()
	study := good()
	study.Purpose = "a study"
	r := newRegister(t)
	tell := func(g consent.Grant) []consent.Notice { return []consent.Notice{{To: g.To, OnTrial: true}} }
	adopt := func(grants ...consent.Grant) {
		t.Helper()
		if err := r.Adopt(grants, now, tell); err != nil {
			t.Fatal(err)
		}
		r.open()
	}
	r.ask(study) // a person writes into the file what was asked for
	adopt(good(), study)
	if diff := cmp.Diff([]string{"in force by file", "in force by file"}, r.states()); diff != "" {
		t.Error(diff)
	}
	adopt(study)
	if got := r.All()[1]; got.State != consent.Withdrawn || !cmp.Equal(got.Notices, []consent.Notice{{To: client, OnTrial: true}}) {
		t.Errorf("taken out of the file: %+v", got)
	}
	adopt(study)
	if got := r.All()[1]; got.State != consent.Withdrawn || !cmp.Equal(got.Notices, []consent.Notice{{To: client}}) {
		t.Errorf("still out of it at the next start: %+v", got)
	}
	adopt(good(), study)
	one, err := r.Withdraw(study.ID(), "terminal", now, nil)
	must(t, one, err)
	adopt(good(), study)
	if diff := cmp.Diff([]string{"withdrawn by terminal", "in force by file"}, r.states()); diff != "" {
		t.Error(diff)
	}
}

// A withdrawal that only the ledger knows of holds: a cut may come between its entry and the list.
func TestSettle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		state consent.State
		by    string
		want  string
	}{
		{"no word", "", "", "in force by file"},
		{"the same", consent.InForce, "file", "in force by file"},
		{"withdrawn at the terminal", consent.Withdrawn, "terminal", "withdrawn by terminal"},
		{"taken out of the file once", consent.Withdrawn, "file", "in force by file"},
		{"refused and then given", consent.Refused, "terminal", "in force by file"},
	} {
		r := newRegister(t)
		if err := r.Adopt([]consent.Grant{good()}, now, func(consent.Grant) []consent.Notice { return nil }); err != nil {
			t.Fatal(err)
		}
		if err := r.Settle(func(string) (consent.State, string) { return test.state, test.by }, func(g consent.Grant) []consent.Notice { return []consent.Notice{{To: g.To}} }); err != nil {
			t.Fatal(err)
		}
		r.open()
		if diff := cmp.Diff([]string{test.want}, r.states()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if told := len(r.All()[0].Notices) > 0; told != strings.HasPrefix(test.want, "withdrawn") {
			t.Errorf("%s: notices %+v", test.name, r.All()[0].Notices)
		}
	}
}

// A list of which one consent was changed by hand is none that anybody has agreed to.
func TestConsentsDamaged(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	one, err := r.Accept(r.ask(good()), "terminal", now)
	must(t, one, err)
	text, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.file, []byte(strings.Replace(string(text), client, "other@breizh-sen2.example", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := consent.List(r.file); err == nil || err.Error() != "read consents: consent 1 is not the one of its identifier" {
		t.Errorf("error %v", err)
	}
	c, err := consent.OpenConsents(r.file)
	if err == nil || len(c.Standing()) > 0 || !strings.HasPrefix(err.Error(), "read consents: consent 1 is not the one of its identifier; the file was set aside as ") {
		t.Errorf("error %v", err)
	}
}

func TestConsentAt(t *testing.T) {
	t.Parallel()
	g := good()
	g.Until = now.Add(10 * 24 * time.Hour)
	c := consent.Consent{ID: g.ID(), Grant: g, State: consent.InForce, By: "terminal"}
	for _, test := range []struct {
		at    time.Time
		state consent.State
		soon  bool
	}{
		{now.Add(-6 * 24 * time.Hour), consent.InForce, false},
		{now, consent.InForce, true},
		{g.Until, consent.Lapsed, false},
	} {
		if got := c.At(test.at); got.State != test.state || c.EndsSoon(test.at) != test.soon {
			t.Errorf("at %v: %s, ends soon %v", test.at, got.State, c.EndsSoon(test.at))
		}
	}
}
