package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

const pagePassword = "le chat dort sur le compteur"

// pageCode waits for the code of the first visit in its file.
func (s *steered) pageCode() string {
	s.t.Helper()
	var code string
	s.until("the code of the page is in its file", func() bool {
		text, _ := os.ReadFile(filepath.Join(s.dir, "state", codeFile))
		if found := regexp.MustCompile(`Code de la page : ([A-Z2-9]{4}-[A-Z2-9]{4})\n`).FindSubmatch(text); found != nil {
			code = string(found[1])
		}
		return code != ""
	})
	return code
}

// The code of the first visit is in front of the device only, is good once, and another is there when the password is
// forgotten; all of it is in the ledger.
func TestFirstVisitOfThePage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSteered(t, dir, patient, "")
	s.reads()
	verb := func(name string) outcome {
		return typed(t, "", "access", name, "--config", filepath.Join(dir, "releve.toml"))
	}
	code := s.pageCode()
	if got := verb("code"); got.code != exitDone || got.out != code+"\n" {
		t.Errorf("code: %+v, want %s", got, code)
	}
	s.mu.Lock()
	a := s.runs
	s.mu.Unlock()
	if page := fetched(t, "http://"+a.cfg.Status.Listen+"/api/v1/status"); strings.Contains(page, code) || strings.Contains(s.log.String(), code) {
		t.Error("the page or the log says the code")
	}
	visit := func(code string) error {
		return s.entry.Settle(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil), code, pagePassword)
	}
	if err := visit("AAAA-AAAA"); err == nil {
		t.Error("another code is taken")
	}
	if err := visit(code); err != nil {
		t.Fatal(err)
	}
	s.until("the code is taken away", func() bool {
		_, err := os.Stat(filepath.Join(dir, "state", codeFile))
		return errors.Is(err, os.ErrNotExist)
	})
	if got := verb("code"); got.code != exitFailed || got.talk != "releve: the page has a password; releve access reset forgets it\n" {
		t.Errorf("code: %+v", got)
	}
	if got := verb("reset"); got.code != exitDone || !s.entry.IsNew() {
		t.Errorf("reset: %+v", got)
	}
	if again := s.pageCode(); again == code {
		t.Errorf("the code is %s again", again)
	}
	s.stop()
	if diff := gocmp.Diff([]string{"terminal: page: password forgotten:  → "}, s.written()); diff != "" {
		t.Errorf("ledger: %s", diff)
	}
}
