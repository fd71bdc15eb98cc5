package consent

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
)

// application is one that collects consents, and signs receipts of them.
type application struct {
	Issuer
	signer note.Signer
}

func newApplication(t testing.TB, name string, to ...string) application {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return application{Issuer{Name: name, Key: public, For: to}, signer}
}

func (a application) sign(t testing.TB, text string) string {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, a.signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func (a application) receipt(t testing.TB, r Receipt) string {
	t.Helper()
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	return a.sign(t, text)
}

var givenAt = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// detailed is a grant with every term.
func detailed() Grant {
	paris := time.FixedZone("", 3600)
	return Grant{
		To: "conseil@breizh-sen2.example", Series: []string{"consumption/*", "tariff/label"}, Sources: []string{"voisins"}, Resolution: HalfHour,
		Purpose: "conseil en énergie <été> & « hiver »", Until: time.Date(2027, 12, 31, 0, 0, 0, 0, paris), Identity: true,
		Details: Details{
			From: time.Date(2026, 12, 1, 0, 0, 0, 0, paris), PurposeEN: "energy advice", Code: "dpv:EnergyAdvice", Retention: "P1Y", Notice: "2026-11",
			Name: "Association d'exemple", Contact: "dpo@conseil.example", Role: Independent,
		},
	}
}

func plainGrant() Grant {
	return Grant{To: "conseil@breizh-sen2.example", Series: []string{"*"}, Resolution: HalfHour, Purpose: "conseil", Until: time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)}
}

func receiptOf(g Grant) Receipt {
	return NewReceipt(Consent{ID: g.ID(), Grant: g, State: InForce, Since: givenAt}, "maison@breizh-sen1.example", "app")
}

// TestReceiptKeepsTerms wants a grant to come back as it was, under its identifier, and each member of the standard to be
// there.
func TestReceiptKeepsTerms(t *testing.T) {
	t.Parallel()
	app := newApplication(t, "app.breizh-sen2.example")
	for _, g := range []Grant{detailed(), plainGrant()} {
		signed := app.receipt(t, receiptOf(g))
		r, by, err := OpenReceipt([]byte(signed), []Issuer{newApplication(t, "other").Issuer, app.Issuer})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(receiptOf(g), r); diff != "" || by.Name != app.Name {
			t.Errorf("by %s (-want +got):\n%s", by.Name, diff)
		}
		if r.Grant().ID() != g.ID() {
			t.Errorf("the terms are others: %+v", r.Grant())
		}
	}
	text, err := receiptOf(detailed()).Text()
	if err != nil {
		t.Fatal(err)
	}
	const want = `Receipt of a consent, urn:releve:receipt:1
{"schema_version":"ISO/IEC TS 27560:2023","record_id":"ID.1795167000","pii_principal_id":"maison@breizh-sen1.example",` +
		`"pii_processing":{"privacy_notice":"2026-11","purpose":{"fr":"conseil en énergie <été> & « hiver »","en":"energy advice","purpose_type":"dpv:EnergyAdvice"},` +
		`"lawful_basis":"consent","pii_information":{"pii_type":["consumption/*","tariff/label"],"pii_source":["voisins"],"resolution":"PT30M","pii_attribute_id":true},` +
		`"retention_period":"P1Y","withdrawal_method":{"fr":"À tout moment, dans l'agent de la maison.","en":"At any time, in the household's agent."}},` +
		`"party_identification":{"party_id":"conseil@breizh-sen2.example","party_name":"Association d'exemple","party_contact":"dpo@conseil.example","party_role":"independent"},` +
		`"event":{"event_type":"explicit","event_state":"given","event_time":"2026-11-20T09:30:00Z","entity_id":"app","valid_from":"2026-12-01T00:00:00+01:00","valid_until":"2027-12-31T00:00:00+01:00"}}
`
	if diff := cmp.Diff(want, strings.Replace(text, detailed().ID(), "ID", 1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReceiptRefused gives receipts that prove nothing, and wants a sentence for each.
func TestReceiptRefused(t *testing.T) {
	t.Parallel()
	app, stranger := newApplication(t, "app"), newApplication(t, "stranger")
	impostor := newApplication(t, "app") // of the same name, with another key
	text, err := receiptOf(plainGrant()).Text()
	if err != nil {
		t.Fatal(err)
	}
	changed := func(before, after string) string { return app.sign(t, strings.Replace(text, before, after, 1)) }
	for _, row := range []struct{ name, signed, want string }{
		{"empty", "", "it is no signed receipt, or was cut off"},
		{"not signed", text, "it is no signed receipt, or was cut off"},
		{"too long", strings.Repeat("x", maxReceipt+1), "it has more than 12288 bytes, as no receipt does"},
		{"unknown key", stranger.sign(t, text), "nobody whose key is known here has signed it, but stranger"},
		{"another key of the same name", impostor.sign(t, text), "nobody whose key is known here has signed it, but app"},
		{"altered", strings.Replace(app.sign(t, text), "PT30M", "live", 1), "it was altered after app signed it"},
		{"a checkpoint", app.sign(t, "app\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), "it is no receipt of a consent: it does not begin as one does"},
		{"no JSON", app.sign(t, receiptHead+"hello\n"), "it is no receipt of a consent: invalid character 'h' looking for beginning of value"},
		{"two", app.sign(t, text+"{}\n"), "it is no receipt of a consent: it does not begin as one does"},
		{"two on a line", app.sign(t, strings.TrimSuffix(text, "\n")+"{}\n"), "it is no receipt of a consent: something stands behind it"},
		{"a term that is not shown", changed(`"lawful_basis"`, `"and":"your car","lawful_basis"`), `it is no receipt of a consent: json: unknown field "and"`},
		{"other fields", changed("27560:2023", "27560:2031"), `it has the fields of "ISO/IEC TS 27560:2031", and this program reads ISO/IEC TS 27560:2023`},
		{"no record", changed(`"record_id":"`, `"record_id":"","pii_principal_id":"`), "it lacks its record_id, pii_principal_id or event_time"},
		{"withdrawn", changed(`"given"`, `"withdrawn"`), `it is of a consent that is "withdrawn" on the basis "consent", not given`},
		{"another basis", changed(`"consent"`, `"contract"`), `it is of a consent that is "given" on the basis "contract", not given`},
		{"no series", changed(`["*"]`, `[]`), `the grant to conseil@breizh-sen2.example needs series, for example ["*"]`},
	} {
		if r, _, err := OpenReceipt([]byte(row.signed), []Issuer{app.Issuer}); err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, %v, want %s", row.name, r, err, row.want)
		}
	}
}

func TestReceiptHolds(t *testing.T) {
	t.Parallel()
	r := receiptOf(plainGrant())
	for _, row := range []struct {
		name string
		now  time.Time
		of   []string
		want string
	}{
		{"now", givenAt.Add(time.Hour), []string{"maison@breizh-sen1.example", "releve-1"}, ""},
		{"clocks that differ", givenAt.Add(-4 * time.Minute), []string{"maison@breizh-sen1.example"}, ""},
		{"another device", givenAt, []string{"voisin@breizh-sen1.example", "releve-2"}, `it is of another device, "maison@breizh-sen1.example", and this is voisin@breizh-sen1.example or releve-2`},
		{"over", plainGrant().Until, []string{"maison@breizh-sen1.example"}, "the consent in it ended on 2027-12-31; ask for another one"},
		{"to come", givenAt.Add(-6 * time.Minute), []string{"maison@breizh-sen1.example"}, "it was given on 2026-11-20 09:30:00, which is to come; a clock is wrong"},
	} {
		err := r.Holds(row.of, row.now)
		if got := sentence(err); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestIssuerSuffices(t *testing.T) {
	t.Parallel()
	identified, others := plainGrant(), plainGrant()
	identified.Identity, others.Sources = true, []string{"voisins"}
	for _, row := range []struct {
		to   []string
		g    Grant
		want bool
	}{
		{nil, plainGrant(), false},
		{[]string{"conseil@breizh-sen2.example"}, plainGrant(), true},
		{[]string{"Breizh-SEN2.example"}, plainGrant(), true},
		{[]string{"sen2.example", "autre@breizh-sen2.example"}, plainGrant(), false},
		{[]string{"breizh-sen2.example"}, identified, false},
		{[]string{"breizh-sen2.example"}, others, false},
	} {
		if got := (Issuer{For: row.to}).Suffices(row.g); got != row.want {
			t.Errorf("for %v, %+v: %t, want %t", row.to, row.g, got, row.want)
		}
	}
}

// TestPresent goes through the states that a consent may be in when its receipt comes.
func TestPresent(t *testing.T) {
	t.Parallel()
	at := givenAt.Add(time.Hour)
	proof := func(record string, given time.Time) Proof {
		return Proof{Issuer: "app", Record: record, Given: given, Receipt: "signed " + record}
	}
	c, err := OpenConsents(filepath.Join(t.TempDir(), "consents.json"))
	if err != nil {
		t.Fatal(err)
	}
	var recorded []string
	c.Record = func(one Consent) error {
		recorded = append(recorded, string(one.State)+" "+one.By)
		return nil
	}
	id := plainGrant().ID()
	steps := []struct {
		name string
		do   func() (Consent, error)
		want State
		err  string
	}{
		{"a person answers", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Proof: proof("1", givenAt)}, at)
		}, Pending, ""},
		{"again", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Proof: proof("1", givenAt)}, at)
		}, "", "it was presented before; consent " + id + " under it is pending"},
		{"refused", func() (Consent, error) { return c.Refuse(id, "page", at) }, Refused, ""},
		{"given before the refusal", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Holds: true, Proof: proof("2", givenAt)}, at)
		}, "", "consent " + id + " was refused on 2026-11-20, after this receipt was given"},
		{"given anew", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Holds: true, Proof: proof("3", at.Add(time.Hour))}, at.Add(2*time.Hour))
		}, InForce, ""},
		{"in force already", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Holds: true, Proof: proof("4", at.Add(time.Hour))}, at.Add(2*time.Hour))
		}, "", "consent " + id + " is in force already"},
		{"taken back", func() (Consent, error) { return c.Withdraw(id, "page", at.Add(3*time.Hour), nil) }, Withdrawn, ""},
		{"replayed", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Holds: true, Proof: proof("3", at.Add(time.Hour))}, at.Add(4*time.Hour))
		}, "", "it was presented before; consent " + id + " under it is withdrawn"},
		{"an older one", func() (Consent, error) {
			return c.Present(Presented{Grant: plainGrant(), Holds: true, Proof: proof("1", givenAt)}, at.Add(4*time.Hour))
		}, "", "consent " + id + " was withdrawn on 2026-11-20, after this receipt was given"},
	}
	for _, step := range steps {
		one, err := step.do()
		if sentence(err) != step.err || one.State != step.want {
			t.Fatalf("%s: %s, %v, want %s, %s", step.name, one.State, err, step.want, step.err)
		}
	}
	want := []string{"pending receipt of app", "refused page", "in force receipt of app", "withdrawn page"}
	if diff := cmp.Diff(want, recorded); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	kept, err := List(c.file)
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	third := proof("3", at.Add(time.Hour))
	if diff := cmp.Diff(&third, kept[0].Proof); diff != "" || len(c.Standing()) != 0 {
		t.Errorf("kept with it (-want +got):\n%s", diff)
	}
}

// TestPresentFlood has one who presents from outside fill no more than its part of the list.
func TestPresentFlood(t *testing.T) {
	t.Parallel()
	c, err := OpenConsents(filepath.Join(t.TempDir(), "consents.json"))
	if err != nil {
		t.Fatal(err)
	}
	c.Record = func(Consent) error { return nil }
	for i := range maxPendingOfDomain + 1 {
		g := plainGrant()
		g.Purpose = strings.Repeat("x", i+1)
		_, err := c.Present(Presented{Grant: g, Asker: "app@breizh-sen2.example", Proof: Proof{Issuer: "app", Record: g.Purpose}}, givenAt)
		if crowded := errors.Is(err, ErrCrowded); crowded != (i == maxPendingOfDomain) {
			t.Errorf("receipt %d: %v", i, err)
		}
	}
}

// FuzzOpenReceipt: whatever was signed, reading it ends, and what is taken has terms that can be shown.
func FuzzOpenReceipt(f *testing.F) {
	app := newApplication(f, "app")
	text, err := receiptOf(detailed()).Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(receiptHead + "{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		signed, err := note.Sign(&note.Note{Text: text}, app.signer)
		if err != nil {
			t.Skip("no note has such a text")
		}
		r, _, err := OpenReceipt(signed, []Issuer{app.Issuer})
		if err == nil && r.Grant().Check() != nil {
			t.Errorf("%+v is taken", r)
		}
	})
}
