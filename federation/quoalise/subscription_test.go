package quoalise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
)

func openList(t *testing.T, file string) *Subscriptions {
	t.Helper()
	s, err := OpenSubscriptions(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keepAll(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestSubscriptionsSurviveRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "subscriptions.json")
	s := openList(t, file)
	keepAll(t, s.add("b@y.example", voltage, Thinning{}, false), s.add("a@x.example", voltage, Thinning{}, false), s.add("a@x.example", current, Thinning{}, true))
	want := s.All()
	if len(want) != 2 || want[0].JID != "a@x.example" || !want[0].Receipts || !slices.Equal(want[0].Identifiers, []string{current, voltage}) {
		t.Fatalf("kept %+v", want)
	}
	if since := time.Since(want[0].Since); since < 0 || since > time.Minute {
		t.Errorf("since %s", want[0].Since)
	}
	if diff := cmp.Diff(want, openList(t, file).All()); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v: who asks for what is nobody else's business", info.Mode(), err)
	}
	keepAll(t, s.remove("a@x.example", device), s.remove("b@y.example", voltage))
	if all := openList(t, file).All(); len(all) != 0 {
		t.Errorf("after all were removed: %v", all)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}

// A change is wholly in the file or not at all: what cannot be written does not hold.
func TestSubscriptionsChangeIsAtomic(t *testing.T) {
	t.Parallel()
	s := openList(t, filepath.Join(t.TempDir(), "subscriptions.json"))
	keepAll(t, s.add("a@x.example", current, Thinning{}, true))
	before := s.All()
	s.file = filepath.Join(t.TempDir(), "gone", "subscriptions.json")
	for name, err := range map[string]error{
		"a new subscriber":    s.add("b@y.example", current, Thinning{}, true),
		"another identifier":  s.add("a@x.example", voltage, Thinning{}, true),
		"the last identifier": s.remove("a@x.example", current),
	} {
		if !strings.HasPrefix(text(err), "write subscriptions: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if diff := cmp.Diff(before, s.All()); diff != "" {
		t.Errorf("changed all the same (-before +after):\n%s", diff)
	}
}

func TestDamagedSubscriptionsAreSetAside(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, err string }{
		{"cut short", `[{"jid": "a@x.ex`, "it is not the JSON that belongs there"},
		{"empty", "", "it is not the JSON that belongs there"},
		{"of another kind", `{"jid": "a@x.example"}`, "it is not the JSON that belongs there"},
		{"not an address", `[{"jid": "a@x.example"}, {"jid": "@"}]`, "subscription 2: jid is not a bare address"},
		{"no address", `[{"identifiers": ["urn:dev:ow:1"]}]`, "subscription 1: jid is not a bare address"},
		{"an address of one client", `[{"jid": "a@x.example/desk"}]`, "subscription 1: jid is not a bare address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "subscriptions.json")
			keepAll(t, os.WriteFile(file, []byte(tt.text), 0o600))
			s, err := OpenSubscriptions(file)
			if s == nil {
				t.Fatal("no list to go on with")
			}
			aside, globErr := filepath.Glob(file + ".damaged-*")
			if globErr != nil || len(aside) != 1 {
				t.Fatalf("set aside: %v, %v", aside, globErr)
			}
			if want := "read subscriptions: " + tt.err + "; the file was set aside as " + aside[0]; text(err) != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != tt.text {
				t.Errorf("set aside %q, %v", kept, err)
			}
			keepAll(t, s.add("a@x.example", current, Thinning{}, true))
			if all := openList(t, file).All(); len(all) != 1 {
				t.Errorf("it does not go on: %v", all)
			}
		})
	}
}

func TestUnreadableSubscriptionsAreAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if s, err := OpenSubscriptions(dir); s != nil || text(err) != "read subscriptions: read "+dir+": is a directory" {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestSubscriptionsAreBounded(t *testing.T) {
	t.Parallel()
	const full = "resource-constraint: too many subscriptions"
	s := openList(t, filepath.Join(t.TempDir(), "subscriptions.json"))
	id := func(i int) string { return fmt.Sprintf("%s_path/%d", device, i) }
	for i := range maxIdentifiers {
		keepAll(t, s.add("greedy@x.example", id(i), Thinning{}, true))
	}
	if err := s.add("greedy@x.example", current, Thinning{}, true); text(err) != full {
		t.Errorf("one identifier too many: %v", err)
	}
	keepAll(t, s.add("greedy@x.example", id(7), Thinning{}, true)) // asking twice is no error, full or not
	for i := 1; i < maxSubscribers; i++ {
		keepAll(t, s.add(fmt.Sprintf("user%d@x.example", i), current, Thinning{}, true))
	}
	err := s.add("late@x.example", current, Thinning{}, true)
	var told *xmpp.StanzaError
	if text(err) != full || !errors.As(err, &told) || !told.Temporary() {
		t.Errorf("one subscriber too many: %v", err)
	}
	keepAll(t, s.remove("user1@x.example", current), s.add("late@x.example", current, Thinning{}, true))
	if n := len(s.All()); n != maxSubscribers {
		t.Errorf("%d subscribers", n)
	}
}

func TestChangedTellsOfChanges(t *testing.T) {
	t.Parallel()
	s := openList(t, filepath.Join(t.TempDir(), "subscriptions.json"))
	told := func() bool {
		select {
		case <-s.Changed():
			return true
		default:
			return false
		}
	}
	if told() {
		t.Error("before any change")
	}
	keepAll(t, s.add("a@x.example", current, Thinning{}, true), s.add("a@x.example", voltage, Thinning{}, true))
	if !told() || told() {
		t.Error("two changes that nobody has looked at yet are one")
	}
	since := s.All()[0].Since
	keepAll(t, s.add("a@x.example", current, Thinning{}, true))
	if !told() || !s.All()[0].Since.After(since) {
		t.Error("asking again is a change: who asks is back")
	}
	keepAll(t, s.remove("nobody@x.example", current))
	if told() {
		t.Error("nothing was removed")
	}
	keepAll(t, s.remove("a@x.example", current))
	if !told() {
		t.Error("nothing told of the removal")
	}
	s.file = filepath.Join(t.TempDir(), "gone", "subscriptions.json")
	if err := s.add("b@y.example", current, Thinning{}, true); err == nil || told() {
		t.Errorf("what was not kept was told: %v", err)
	}
}

// What All returned does not change under the reader.
func TestAllIsACopy(t *testing.T) {
	t.Parallel()
	s := openList(t, filepath.Join(t.TempDir(), "subscriptions.json"))
	keepAll(t, s.add("a@x.example", current, Thinning{}, true), s.add("a@x.example", voltage, Thinning{}, true))
	before := s.All()
	keepAll(t, s.remove("a@x.example", current), s.add("a@x.example", device, Thinning{}, true))
	if got := before[0].Identifiers; !slices.Equal(got, []string{current, voltage}) {
		t.Errorf("now %q", got)
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	one := Subscription{Identifiers: []string{current, "urn:dev:ow:1"}}
	for series, want := range map[string]bool{
		current: true, voltage: false, "urn:dev:ow:1_temperature": true, "urn:dev:ow:10_temperature": false, "": false,
	} {
		if got := one.Wants(series); got != want {
			t.Errorf("%s: wanted %t", series, got)
		}
	}
}
