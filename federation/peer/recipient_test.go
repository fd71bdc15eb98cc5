package peer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/xmpp"
	"releve/senml"
)

// sizes are the numbers of records of the requests that came.
func (s *session) sizes() []int {
	var all []int
	for _, p := range s.came {
		all = append(all, len(p))
	}
	return all
}

func TestSend(t *testing.T) {
	t.Parallel()
	type answers = []func(*xmpp.Element) (*xmpp.Element, error)
	for _, tt := range []struct {
		name     string
		features []string
		answers  answers
		records  int
		sizes    []int
		is       error  // nil: the records wait, and are tried again, when err is not empty
		err      string // begins so
	}{
		{"stored", []string{NS}, nil, 3, []int{3}, nil, ""},
		{"as many as one request takes, then the rest", []string{NS, NSCBOR}, nil, 2000, []int{1500, 500}, nil, ""},
		{"takes no packs", []string{"urn:xmpp:ping"}, nil, 3, nil, federation.ErrStopped, "stopped until somebody mends it: serveur@breizh-sen2.example/releve does not announce urn:releve:pack:0: it takes no packs"},
		{
			"yes to everything", []string{NS}, answers{func(*xmpp.Element) (*xmpp.Element, error) { return nil, nil }}, 3, []int{3},
			federation.ErrStopped, "stopped until somebody mends it: serveur@breizh-sen2.example/releve answers without <stored/>",
		},
		{"busy", []string{NS}, answers{says("wait", "resource-constraint")}, 3, []int{3}, nil, "serveur@breizh-sen2.example/releve takes nothing now: resource-constraint"},
		{"not there", []string{NS}, answers{says("cancel", "service-unavailable")}, 3, []int{3}, nil, "serveur@breizh-sen2.example/releve takes nothing now: service-unavailable"},
		{"not there, another server", []string{NS}, answers{says("cancel", "item-not-found")}, 3, []int{3}, nil, "serveur@breizh-sen2.example/releve is not there: item-not-found"},
		{"no session", []string{NS}, answers{fails(xmpp.ErrAway)}, 3, []int{3}, nil, "hand a pack to serveur@breizh-sen2.example/releve: there is no session"},
		{"silence", []string{NS}, answers{fails(context.DeadlineExceeded)}, 3, []int{3}, nil, "no acknowledgement from serveur@breizh-sen2.example/releve: context deadline exceeded"},
		{"a stranger", []string{NS}, answers{says("auth", "forbidden")}, 3, []int{3}, federation.ErrStopped, "stopped until somebody mends it: serveur@breizh-sen2.example/releve says forbidden"},
		{"what no table has", []string{NS}, answers{says("cancel", "gone")}, 3, []int{3}, federation.ErrStopped, "stopped until somebody mends it: serveur@breizh-sen2.example/releve says gone"},
		{"cannot be read", []string{NS}, answers{says("modify", "bad-request")}, 3, []int{3}, federation.ErrRefused, "refused for good by serveur@breizh-sen2.example/releve: bad-request"},
		{
			"a refusal holds up nothing that follows", []string{NS}, answers{says("modify", "bad-request")}, 2000, []int{1500, 500},
			federation.ErrRefused, "refused for good by serveur@breizh-sen2.example/releve: bad-request",
		},
		{
			"our server, of who is blocked", []string{NS}, answers{says("modify", "not-acceptable")}, 3, []int{3},
			federation.ErrStopped, "stopped until somebody mends it: serveur@breizh-sen2.example/releve says not-acceptable",
		},
		{"too large, halved", []string{NS}, answers{says("modify", "policy-violation"), says("modify", "resource-constraint")}, 8, []int{8, 4, 2, 2, 2, 2}, nil, ""},
		{"more than there is room for, halved", []string{NS}, answers{fails(xmpp.ErrNoRoom), fails(xmpp.ErrNoRoom)}, 8, []int{8, 4, 2, 2, 2, 2}, nil, ""},
		{"one record is more than there is room for", []string{NS}, answers{fails(xmpp.ErrNoRoom)}, 1, []int{1}, federation.ErrStopped, "stopped until somebody mends it: too large: the stanza is larger"},
		{"one record is too large there", []string{NS}, answers{says("modify", "policy-violation")}, 1, []int{1}, federation.ErrStopped, "stopped until somebody mends it: too large for serveur"},
		{"one record is too large for a stanza", []string{NS}, answers{fails(xmpp.ErrTooBig)}, 1, []int{1}, federation.ErrRefused, "refused for good: too large: the stanza is larger than 60000 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &session{features: tt.features, answers: tt.answers}
			err := New(s, serveur).Send(t.Context(), records(tt.records))
			if (err == nil) != (tt.err == "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("got %v, want %s", err, tt.err)
			}
			for _, kind := range []error{federation.ErrRefused, federation.ErrStopped} {
				if want := tt.is == kind; errors.Is(err, kind) != want { //nolint:errorlint // which of the two
					t.Errorf("%v is %v: %t, want %t", err, kind, !want, want)
				}
			}
			if diff := cmp.Diff(tt.sizes, s.sizes()); diff != "" {
				t.Errorf("records of each request (-want +got):\n%s", diff)
			}
		})
	}
}

// What was acknowledged before something failed is not sent again, and what is sent again is the same.
func TestSendGoesOn(t *testing.T) {
	t.Parallel()
	s := &session{features: []string{NS}, answers: []func(*xmpp.Element) (*xmpp.Element, error){stored, fails(context.DeadlineExceeded)}}
	r, pack := New(s, serveur), records(4000)
	if err := r.Send(t.Context(), pack); err == nil {
		t.Fatal("a lost answer counts as an acknowledgement")
	}
	if err := r.Send(t.Context(), pack); err != nil {
		t.Fatal(err)
	}
	want := []senml.Pack{pack[:1500], pack[1500:3000], pack[1500:3000], pack[3000:]}
	if diff := cmp.Diff(want, s.came, compareValues); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if err := r.Send(t.Context(), pack[:1]); err != nil {
		t.Fatal(err)
	}
	if s.asked != 2 {
		t.Errorf("asked %d times what the consumer takes, want 2: at first, and after a failure", s.asked)
	}
}

// A record that is too large alone says nothing of how many others fit into a request.
func TestSendRemembersHowManyFit(t *testing.T) {
	t.Parallel()
	s := &session{features: []string{NS}}
	giant := func(x *xmpp.Element) (*xmpp.Element, error) {
		if p, err := sent(x); err != nil || len(p) > 400 || p[0].Time <= 1_700_000_300 && p[len(p)-1].Time >= 1_700_000_300 {
			return nil, xmpp.ErrTooBig
		}
		return stored(x)
	}
	for range 100 {
		s.answers = append(s.answers, giant)
	}
	r := New(s, serveur)
	if err := r.Send(t.Context(), records(400)); !errors.Is(err, federation.ErrRefused) {
		t.Fatal(err)
	}
	s.came = nil
	if err := r.Send(t.Context(), records(1000)[400:]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{600, 300, 300}, s.sizes()); diff != "" {
		t.Errorf("records of each request (-want +got):\n%s", diff)
	}
	s.came = nil
	if err := r.Send(t.Context(), records(1000)[400:]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{300, 300}, s.sizes()); diff != "" {
		t.Errorf("records of each request, once learned (-want +got):\n%s", diff)
	}
}

// That fewer records fit is forgotten after a while: who runs the server may have changed it.
func TestSendForgetsHowManyFit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &session{features: []string{NS}, answers: []func(*xmpp.Element) (*xmpp.Element, error){says("modify", "policy-violation")}}
		r := New(s, serveur)
		for _, later := range []time.Duration{0, limitFor - 1, 1} {
			time.Sleep(later)
			if err := r.Send(t.Context(), records(8)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]int{8, 4, 4, 4, 4, 8}, s.sizes()); diff != "" {
			t.Errorf("records of each request (-want +got):\n%s", diff)
		}
	})
}

// What may not go any more before a request is not requested.
func TestSendWhileGranted(t *testing.T) {
	t.Parallel()
	s, asked := &session{features: []string{NS}}, 0
	err := New(s, serveur).SendWhile(t.Context(), records(4000), func() error {
		if asked++; asked > 1 {
			return federation.ErrWithdrawn
		}
		return nil
	})
	if diff := cmp.Diff([]int{1500}, s.sizes()); diff != "" || !errors.Is(err, federation.ErrWithdrawn) {
		t.Errorf("%v; records of each request (-want +got):\n%s", err, diff)
	}
}

// Who cannot be asked now is asked again; nothing is lost over it, whatever it answers.
func TestSendCannotAsk(t *testing.T) {
	t.Parallel()
	s := &session{unknown: &xmpp.StanzaError{Type: "modify", Condition: "bad-request"}}
	err := New(s, serveur).Send(t.Context(), records(1))
	if fmt.Sprint(err) != "ask serveur@breizh-sen2.example/releve what it takes: bad-request" || errors.Is(err, federation.ErrRefused) {
		t.Errorf("got %v", err)
	}
}
