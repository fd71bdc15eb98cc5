package main

import (
	"regexp"
	"strings"
	"testing"

	"releve/agent/trial"
)

// A change made on the page is on trial as one from afar is, over the agent that begins anew meanwhile, and stays once it
// was confirmed there; a session and the guard go on.
func TestSettingsOnThePage(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, "")
	s.reads()
	v := s.opensPage()
	s.firstVisit(v)
	page := v.goes("/settings").text
	for _, want := range []string{"Meters that are read: 1 of 1.", "Everybody who reaches the page may look.", "section-buffer", "section-meter[linky]", `name="buffer.period"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the settings do not say %q", want)
		}
	}
	if strings.Contains(page, "meter[linky].prm") {
		t.Error("a secret can be set")
	}
	fields := []string{"form", "set-status", "do", "set", "section", "status"}
	v.sends("/settings", append(fields, "status.view", "open")...).says(t, 422, "/settings", "Nothing would change.")
	v.sends("/settings", append(fields, "status.view", "closed")...).says(t, 422, "/settings", "is not one of open, password")
	v.sends("/settings?lang=fr", append(fields, "status.view", "closed")...).says(t, 422, "/settings?lang=fr", "n’est ni open ni password")
	v.goes("/settings?lang=en")
	v.sends("/settings", append(fields, "status.view", "password")...).says(t, 200, "/settings?done=set", "The change is on trial.")
	proved := s.isStage(trial.Proved)
	s.until("the change has proved itself", func() bool {
		v.goes("/healthz") // somebody answers all the while, though the agent begins anew
		return proved() && s.settings().Status.Closed
	})
	v.goes("/settings").says(t, 200, "/settings", "Everything works.")
	newReader(t, strings.TrimPrefix(v.page, "http://")).goes("/").says(t, 200, "/login?to=%2F", "Log in")
	v.sends("/settings", "do", "confirm").says(t, 200, "/settings?done=confirm", "The change stays.")
	if got := s.value("status.view"); got != "password from overlay" {
		t.Errorf("status.view is %s", got)
	}

	s.allowsScreen(v)
	s.until("the end of the trial is in the ledger", func() bool {
		return strings.Contains(strings.Join(s.written(), "\n"), "page: status.view: confirmed: open → password")
	})
	s.stop()
}

// allowsScreen makes a pass on the page, which shows a screen its view and nothing else, until it is taken back.
func (s *steered) allowsScreen(v *reader) {
	s.t.Helper()
	v.sends("/settings", "form", "issue", "do", "issue", "name", "hall", "view", "all", "resolution", "PT10M").says(s.t, 422, "/settings", "There is no such view.")
	made := v.sends("/settings", "form", "issue", "do", "issue", "name", "hall", "view", "now", "resolution", "PT10M")
	token := regexp.MustCompile(`<strong><code>([A-Za-z0-9_-]{43})</code></strong>`).FindStringSubmatch(made.text)
	if token == nil || made.path != "/settings" {
		s.t.Fatalf("no token: %d at %s:\n%s", made.code, made.path, made.text)
	}
	if strings.Contains(v.goes("/settings").text, token[1]) {
		s.t.Error("the token is shown a second time")
	}
	screen := newReader(s.t, strings.TrimPrefix(v.page, "http://"))
	screen.goes("/kiosk").says(s.t, 200, "/login?to=%2Fkiosk", "")
	screen.sends("/kiosk/enter", "form", "screen", "token", "nonsense").says(s.t, 422, "/kiosk/enter", "This code of a screen is not known")
	screen.sends("/kiosk/enter", "form", "screen", "token", token[1]).says(s.t, 200, "/kiosk", "")
	screen.goes("/history").says(s.t, 200, "/login?to=%2Fhistory", "")
	v.sends("/settings", "do", "revoke", "id", s.entry.Passes()[0].ID).says(s.t, 200, "/settings?done=revoke", "This screen sees nothing any more.")
	screen.goes("/kiosk").says(s.t, 200, "/login?to=%2Fkiosk", "")
}

// Another password ends the sessions of others, and so does logging everybody out.
func TestPasswordOnThePage(t *testing.T) {
	t.Parallel()
	s := newSteered(t, t.TempDir(), patient, "")
	s.reads()
	one := s.opensPage()
	s.firstVisit(one)
	two := newReader(t, strings.TrimPrefix(one.page, "http://"))
	two.sends("/login", "form", "login", "password", pagePassword).says(t, 200, "/", "Log out")
	const next = "une autre phrase assez longue"
	one.sends("/settings", "form", "password", "do", "password", "password", "wrong", "choose", next, "again", next).says(t, 422, "/settings", "This is not the password of this page.")
	one.sends("/settings", "form", "password", "do", "password", "password", pagePassword, "choose", next, "again", next).says(t, 200, "/settings?done=password", "The password is changed")
	two.goes("/settings").says(t, 200, "/login?to=%2Fsettings", "")
	two.sends("/login", "form", "login", "password", next).says(t, 200, "/", "Log out")
	one.sends("/settings", "do", "leave").says(t, 200, "/login?done=leave", "Everybody is logged out.")
	two.goes("/settings").says(t, 200, "/login?to=%2Fsettings", "")
}
