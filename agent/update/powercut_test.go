package update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer/statefile"
)

// What dpkg's list says of a new version in the middle of it, and at its end.
const (
	halfInstalled  = "Package: releve\nStatus: install reinstreq half-installed\nVersion: 1.2.0\nArchitecture: arm64\n"
	wholeInstalled = "Package: releve\nStatus: install ok installed\nVersion: 1.2.0\nArchitecture: arm64\n"
)

// A power cut at any step is gone on from: one of the two versions is whole in the end, and the outcome says which. The rows
// are what a cut can leave, in the order in which it is written.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	us := signer(t)
	key := publicKey(t, us)
	at := func(s stage, why string, tries int) *progress {
		return &progress{From: "1.1.0", To: "1.2.0", File: file, Ran: true, Stage: s, Why: why, Tries: tries}
	}
	const again, stopped = "the machine started again and again meanwhile", "it stopped for good"
	for _, tt := range []struct {
		name, deb string
		has       *progress
		status    string // "" for that before
		why, left string
		gave      []string // packages that dpkg was given
	}{
		{"while the package is taken", "proved", nil, "", "", "1.2.0", []string{newFile}},
		{"before dpkg", "proved", at(installing, "", 1), "", "", "1.2.0", []string{newFile}},
		{"within dpkg", "proved", at(installing, "", 1), halfInstalled, "", "1.2.0", []string{newFile}},
		{"within dpkg, of a version that is refused", "broken", at(installing, "", 1), halfInstalled, "install " + file + ": dpkg: exit status 1", "1.1.0", []string{newFile, oldFile}},
		{"after dpkg", "proved", at(installing, "", 1), wholeInstalled, "", "1.2.0", []string{newFile}},
		{"within dpkg for the fourth time", "proved", at(installing, "", mostTries), halfInstalled, again, "1.1.0", []string{oldFile}},
		{"on trial", "silent", at(proving, "", 1), wholeInstalled, "it did not prove itself within 50ms; missing: all of it", "1.1.0", []string{oldFile}},
		{"on trial for the fourth time", "silent", at(proving, "", mostTries), wholeInstalled, again, "1.1.0", []string{oldFile}},
		{"on the way back, before dpkg", "78", at(returning, stopped, 1), wholeInstalled, stopped, "1.1.0", []string{oldFile}},
		{"on the way back, within dpkg", "78", at(returning, stopped, 2), halfInstalled, stopped, "1.1.0", []string{oldFile}},
		{"on the way back, after dpkg", "78", at(returning, stopped, 1), "", stopped, "1.1.0", nil},
		{"on the way back, too often", "78", at(returning, stopped, mostReturns), halfInstalled,
			stopped + "; nor could version 1.1.0 be installed again: a person has to", "1.2.0", nil},
		{"on trial, when apt has installed another", "silent", at(proving, "", 1), "Package: releve\nStatus: install ok installed\nVersion: 1.3.0\nArchitecture: arm64\n",
			"version 1.3.0 was installed meanwhile", "1.3.0", nil},
		{"before the outcome is written", "proved", at(proving, "", 1), wholeInstalled, "", "1.2.0", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, key)
			if s.Prove = 50 * time.Millisecond; tt.deb == "proved" {
				s.Prove = time.Hour
			}
			lay(t, s, release(t, us, map[string]string{file: tt.deb}))
			must(t, s.keep(context.Background()))
			must(t, os.WriteFile(s.own(newFile), []byte(tt.deb), 0o600))
			if tt.has != nil {
				must(t, statefile.Write(s.own(progressFile), tt.has))
			}
			if tt.has != nil && tt.has.Stage == proving && tt.deb == "proved" {
				must(t, os.WriteFile(s.State+"/"+AskedFile, []byte(`{"to":"1.2.0","proved":true}`), 0o600))
			}
			if tt.status != "" {
				must(t, os.WriteFile(s.Status, []byte(tt.status), 0o600))
			}
			got, err := s.Install(context.Background())
			must(t, err)
			want := Outcome{From: "1.1.0", To: "1.2.0", Why: tt.why, At: got.At}
			if tt.left == "1.3.0" {
				want.Runs, want.Refused = tt.left, true
			}
			if diff := cmp.Diff([]any{want, []string{tt.left}, tt.gave}, []any{got, s.left(t), given(s.out.String())}); diff != "" {
				t.Errorf("outcome, what is left and what dpkg was given (-want +got):\n%s\n%s", diff, s.out)
			}
			if Waits(s.placed("")) {
				t.Error("it would be taken again")
			}
		})
	}
}

// given lists the packages that dpkg was given.
func given(said string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^dpkg .* (\S+): `).FindAllStringSubmatch(said, -1) {
		all = append(all, m[1])
	}
	return all
}

// An account of an installation that cannot be read is set aside, and what is installed stays.
func TestDamagedProgress(t *testing.T) {
	t.Parallel()
	s := newScene(t, publicKey(t, signer(t)))
	must(t, os.WriteFile(s.own(progressFile), []byte(`{"stage":"elsewhere"}`), 0o600))
	_, err := s.Install(context.Background())
	if want := "take the update: no package was placed"; !strings.HasPrefix(fmt.Sprint(err), want) || !strings.Contains(s.out.String(), `there is no stage "elsewhere"`) {
		t.Errorf("error %v, want %s; said %s", err, want, s.out)
	}
}

// Somebody who stops the wait, as a shutdown does, leaves the version on trial.
func TestInterruptedTrial(t *testing.T) {
	t.Parallel()
	us := signer(t)
	s := newScene(t, publicKey(t, us))
	lay(t, s, release(t, us, map[string]string{file: "silent"}))
	ctx, cancel := context.WithCancel(context.Background())
	stop := s.Dpkg + ".stop"
	must(t, os.WriteFile(s.Dpkg, []byte(strings.Replace(fakeDpkgIn(t, s), "#!/bin/sh\n", "#!/bin/sh\ntouch "+stop+"\n", 1)), 0o700))
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(stop); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := s.Install(ctx)
	p, errBegun := s.begun()
	must(t, errBegun)
	want := progress{From: "1.1.0", To: "1.2.0", File: file, Ran: true, Stage: proving, Tries: 1}
	if diff := cmp.Diff(want, p); diff != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func fakeDpkgIn(t *testing.T, s scene) string {
	t.Helper()
	text, err := os.ReadFile(s.Dpkg)
	must(t, err)
	return string(text)
}
