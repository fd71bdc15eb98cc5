package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/xmpp"
)

var anew = flag.Bool("update", false, "write the papers in testdata/rgpd anew")

// dossierOfTest has a consent of each role and state, one of them written by somebody who would like to be markup.
func dossierOfTest(t *testing.T) dossier {
	t.Helper()
	address, err := xmpp.ParseJID("maison@breizh-sen1.example/releve")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	c := config.Config{
		Agent:      config.Agent{Location: paris(t)},
		Meters:     []config.Meter{{Name: "linky", PRM: "12345678901234"}},
		Sources:    []config.Source{{Name: "voisins"}},
		Buffer:     config.Buffer{MaxAge: 31 * 24 * time.Hour, Curve: 365 * 24 * time.Hour},
		Federation: &config.Federation{JID: address},
	}
	until := time.Date(2027, 6, 30, 22, 0, 0, 0, time.UTC)
	grant := func(to string, role consent.Role, d consent.Details) consent.Grant {
		d.Role = role
		return consent.Grant{To: to, Series: []string{"derived/*", "voltage/*"}, Resolution: "PT30M", Purpose: "Conseil", Until: until, Details: d}
	}
	full := consent.Details{Name: "Agence de l'énergie", Contact: "dpo@example.org", PurposeEN: "Advice", Retention: "P1Y", Code: "dpv:Advice"}
	bare := consent.Grant{To: "ville.example", Series: []string{"*"}, Resolution: "P1D", Purpose: "Carte", Identity: true}
	return newDossier(c, []consent.Consent{
		{ID: "1", Grant: grant("agence@breizh-sen2.example", consent.Processor, full), State: consent.InForce},
		{ID: "2", Grant: grant("lycee@breizh-sen2.example", consent.JointController, full), State: consent.InForce},
		{ID: "3", Grant: bare, State: consent.InForce},
		{ID: "4", Grant: grant("ruse@breizh-sen2.example", consent.Independent, consent.Details{Name: "a | <b> [c](d) *e*"}), State: consent.Pending},
		{ID: "5", Grant: grant("ancien@breizh-sen2.example", consent.Processor, full), State: consent.Withdrawn},
		{ID: "6", Grant: grant("fini@breizh-sen2.example", consent.Processor, full), State: consent.Refused},
	}, now)
}

func TestPapers(t *testing.T) {
	t.Parallel()
	papers, err := dossierOfTest(t).papers()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range papers {
		names = append(names, p.name)
		file := filepath.Join("testdata", "rgpd", p.name)
		if *anew {
			if err := os.WriteFile(file, []byte(p.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), p.text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", p.name, diff)
		}
		for _, never := range []string{"12345678901234", "ancien@", "fini@", "<no value>", "<b>", "[c]"} {
			if strings.Contains(p.text, never) {
				t.Errorf("%s says %q", p.name, never)
			}
		}
	}
	var want []string
	for _, kind := range []string{"agreement-joint", "agreement-processor", "dpia", "notice", "register"} {
		want = append(want, kind+".en.md", kind+".fr.md")
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// A notice has all that it must have (art. 13.1 and 13.2, 14.2.f), and an agent that shares nothing says so.
func TestNoticeIsComplete(t *testing.T) {
	t.Parallel()
	items := map[string][]string{
		"notice.fr.md": {"Responsable", "Délégué", "Base légale", "destinataire", "usage", "conservation", "hors de l'Union", "se retire", "rectifier", "effacer", "limiter", "lisible par machine", "CNIL", "automatisée", "contrat", "D'où elles viennent"},
		"notice.en.md": {"Controller", "officer", "Legal basis", "recipient", "purpose", "kept for", "out of the European Union", "withdrawn", "corrected", "erased", "restricted", "machines read", "complain", "Automated", "contract", "Where they come from"},
	}
	papers, err := dossierOfTest(t).papers()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range papers {
		for _, item := range items[p.name] {
			if !strings.Contains(p.text, item) {
				t.Errorf("%s does not say %q", p.name, item)
			}
		}
	}
	papers, err = newDossier(config.Config{Agent: config.Agent{Location: time.UTC}}, nil, time.Now()).papers()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(papers[7].text, "rien ne part") || !strings.Contains(papers[6].text, "nothing leaves") {
		t.Errorf("%s and %s do not say that nothing leaves", papers[7].name, papers[6].name)
	}
}

// A paper that somebody filled in is not written over.
func TestPapersStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	if err := writePapers(terminal{out: &out, err: &said}, dir, []paper{{"a.md", "theirs"}, {"b.md", "new"}}); err != nil {
		t.Fatal(err)
	}
	a, errA := os.ReadFile(filepath.Join(dir, "a.md"))
	b, errB := os.ReadFile(filepath.Join(dir, "b.md"))
	if string(a) != "mine" || string(b) != "new" || errA != nil || errB != nil || out.String() != filepath.Join(dir, "b.md")+"\n" || !strings.Contains(said.String(), "stays as it is") {
		t.Errorf("%q %v, %q %v; printed %q, said %q", a, errA, b, errB, out.String(), said.String())
	}
}
