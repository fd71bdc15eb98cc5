package main

import (
	"archive/zip"
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"releve/agent/trial"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// agentNow is the agent that runs.
func (s *steered) agentNow() *agent {
	s.t.Helper()
	var a *agent
	s.until("an agent runs", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		a = s.runs
		return a != nil
	})
	return a
}

// asked is a consent that an address outside has asked for.
func (s *steered) asked(to, purpose string) consent.Consent {
	s.t.Helper()
	one, err := s.agentNow().notary.Request(consent.Grant{
		To: to, Series: []string{"*"}, Resolution: consent.TenMinutes, Purpose: purpose,
		Details: consent.Details{PurposeEN: "Advice", Name: "Agence", Contact: "dpo@example.org", Role: consent.Independent, Retention: "P1Y"},
	}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return one
}

// standing is how a consent stands and at which resolution, by address.
func (s *steered) consentsStand() map[string]string {
	all := map[string]string{}
	for _, c := range s.agentNow().notary.consents.All() {
		all[c.Grant.To] = string(c.State) + " " + string(c.Grant.Resolution) + " by " + c.By
	}
	return all
}

// Who has the password answers consents on the page, and nobody else does; the terms are all there, and the ledger says who
// it was.
func TestConsentsOnThePage(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, "")
	s.reads()
	one, two := s.asked("agence@c.example", "Conseil"), s.asked("curieux@c.example", "Curiosité")
	v := s.opensPage()

	page := v.goes("/mydata")
	for _, want := range []string{"Agence (agence@c.example)", "one value each 10 minutes", "all that the meter says, except its number", "dpo@example.org", "P1Y", "Advice", "no: a pseudonym", "controller: decides alone", "waits for your answer"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page does not say %q:\n%s", want, page.text)
		}
	}
	if strings.Contains(page.text, "<form") {
		t.Error("somebody without the password is shown a form")
	}
	accept := []string{"form", "accept-" + one.ID, "do", "accept", "consent", one.ID, "finest", "P1D"}
	v.sends("/mydata", accept...).says(t, 401, "/mydata", "The password of the page is needed")

	s.firstVisit(v)
	v.sends("/mydata", append(accept[:6:6], "finest", "live")...).says(t, 422, "/mydata", "This is finer than what was asked for.")
	v.sends("/mydata", append(accept, "until", "2020-01-01")...).says(t, 422, "/mydata", "This day is over.")
	v.sends("/mydata", append(accept, "until", "tomorrow")...).says(t, 422, "/mydata", "This is not a day such as 2027-12-31.")
	v.sends("/mydata", accept...).says(t, 200, "/mydata?done=accept", "The consent is given.")
	v.sends("/mydata", "form", "refuse-"+two.ID, "do", "refuse", "consent", two.ID).says(t, 200, "/mydata?done=refuse", "The consent is refused")
	want := map[string]string{"agence@c.example": "in force P1D by page", "curieux@c.example": "refused PT10M by page"}
	if diff := gocmp.Diff(want, s.consentsStand()); diff != "" {
		t.Error(diff)
	}
	v.sends("/mydata", "do", "refuse", "consent", "nothing").says(t, 422, "/mydata", "")

	given := regexp.MustCompile(`name="form" value="withdraw-([^"]+)"`).FindStringSubmatch(v.goes("/mydata").text)
	if given == nil {
		t.Fatal("nothing can be withdrawn")
	}
	v.sends("/mydata", "form", "withdraw-"+given[1], "do", "withdraw", "consent", given[1]).says(t, 200, "/mydata?done=withdraw", "The consent is withdrawn")
	if got := s.consentsStand()["agence@c.example"]; got != "withdrawn P1D by page" {
		t.Errorf("withdrawn: %s", got)
	}
}

// The ledger can be verified and its proofs taken away, as can everything; readings are erased once a word was typed.
func TestDataOnThePage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSteered(t, dir, patient, "")
	s.reads()
	v := s.opensPage()
	for _, path := range []string{"/mesdonnees/export.zip", "/mesdonnees/preuve/0", "/mesdonnees/registre.txt"} {
		if got := v.goes(path); !strings.HasPrefix(got.path, "/welcome?") {
			t.Errorf("%s without a password: %d at %s", path, got.code, got.path)
		}
	}
	s.firstVisit(v)
	v.goes("/mydata?verify=1").says(t, 200, "/mydata?verify=1", " entries are what they were, 0 of them erased.")
	public, err := ledger.PublicKey(filepath.Join(dir, "state", "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	proof := v.goes("/mesdonnees/preuve/1").text
	if e, _, err := ledger.CheckProof([]byte(proof), public); err != nil || e.N != 1 {
		t.Errorf("proof of %d, %v:\n%s", e.N, err, proof)
	}
	v.goes("/mesdonnees/preuve/999").says(t, 503, "/mesdonnees/preuve/999", "This could not be done")
	v.goes("/mesdonnees/preuve/x").says(t, 404, "/mesdonnees/preuve/x", "")
	if got := v.goes("/mesdonnees/registre.txt").text; !strings.HasPrefix(got, "releve") && !strings.Contains(got, "\n— ") {
		t.Errorf("the checkpoint is\n%s", got)
	}
	archive := v.goes("/mesdonnees/export.zip").text
	if files, err := zip.NewReader(bytes.NewReader([]byte(archive)), int64(len(archive))); err != nil || len(files.File) < 5 {
		t.Errorf("the export is of %d bytes: %v\n%.2000s", len(archive), err, archive)
	}

	held := func() int { return len(s.agentNow().buffer.Known()) + len(s.agentNow().buffer.Undated()) } // whether the clock is known or not
	s.until("readings are stored", func() bool { return held() > 0 })
	path := "/mydata?what=all&series=&since=&to="
	v.goes(path).says(t, 200, path, "Would be erased: ")
	both := strings.Replace(path, "since=", "since=2026-01-01", 1)
	v.goes(both).says(t, 200, both, "does not go with a series or days")
	v.sends("/mydata", "form", "erase", "do", "erase", "what", "all", "word", "yes").says(t, 422, "/mydata", "Type “erase” to erase.")
	if held() == 0 {
		t.Error("readings are gone and no word was typed")
	}
	v.sends("/mydata", "form", "erase", "do", "erase", "what", "all", "word", "Erase ").says(t, 200, "/mydata?done=erase", "It is erased.")
	s.stop()
	if got := s.erasures(); len(got) != 1 || !strings.HasPrefix(got[0], "page: all readings, ") {
		t.Errorf("the ledger has %q", got)
	}
}

// erasures lists those that the ledger has.
func (s *steered) erasures() []string {
	s.t.Helper()
	var all []string
	for _, e := range ledgered(s.t, filepath.Join(s.dir, "state", "ledger")) {
		if e.Kind == ledger.Erasure {
			all = append(all, e.By+": "+e.Text+", "+count(e.Count))
		}
	}
	return all
}

// The recipient of a consent is paused from My data: on trial, as every change is, and confirmed in the settings.
func TestPauseOnThePage(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, people+"jid = \"maison@b.example/releve\"\npassword_file = \"DIR/password\"\naddress = \"127.0.0.1:1\"\n"+
		"[[recipient]]\nname = \"serveur\"\nkind = \"releve\"\nto = \"serveur@c.example\"\n")
	s.reads()
	one, other := s.asked("serveur@c.example", "Conseil"), s.asked("agence@c.example", "Conseil")
	v := s.opensPage()
	s.firstVisit(v)
	for _, id := range []string{one.ID, other.ID} {
		v.sends("/mydata", "form", "accept-"+id, "do", "accept", "consent", id).says(t, 200, "/mydata?done=accept", "The consent is given.")
	}
	if page := v.goes("/mydata").text; strings.Count(page, `value="pause"`) != 1 || !strings.Contains(page, "Pause serveur") {
		t.Errorf("what can be paused is not serveur alone:\n%s", page)
	}
	v.sends("/mydata", "form", "withdraw-"+other.ID, "do", "pause", "consent", other.ID).says(t, 422, "/mydata", "This recipient is not paused from here.")
	v.sends("/mydata", "do", "pause", "consent", one.ID).says(t, 200, "/mydata?done=pause", "The pause is on trial.")
	s.until("the pause has proved itself", s.isStage(trial.Proved))
	if got := s.value("recipient[serveur].paused"); got != "true from overlay" {
		t.Errorf("paused is %s", got)
	}
	s.until("the page leads to going on", func() bool { return strings.Contains(v.goes("/mydata").text, "Go on sending to serveur") })
}
