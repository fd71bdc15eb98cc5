package consent_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
)

func requestOf(to string) consent.Grant {
	g := good()
	g.To = to
	return g
}

// request asks for an address, and says whether there was room.
func (r *register) request(to string) bool {
	r.t.Helper()
	_, err := r.Request(requestOf(to), now, nil)
	if err != nil && !errors.Is(err, consent.ErrCrowded) {
		r.t.Fatal(err)
	}
	return err == nil
}

// Who floods finds no room: five wait for a domain, twenty in all. The household's own always find some, and an answer makes
// room again.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	taken := map[string]int{}
	for d := range 10 {
		for i := range 10 {
			domain := fmt.Sprintf("sen%d.example", d)
			if r.request(fmt.Sprintf("who%d@%s", i, domain)) {
				taken[domain]++
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"sen0.example": 5, "sen1.example": 5, "sen2.example": 5, "sen3.example": 5}, taken); diff != "" {
		t.Error(diff)
	}
	if !r.request("who0@sen0.example") {
		t.Error("asking again in the same terms needs no room, and found none")
	}
	if len(r.recorded) != 20 {
		t.Errorf("%d requests were recorded, want 20", len(r.recorded))
	}
	r.ask(good())
	one, err := r.Refuse(r.All()[0].ID, "page", now)
	must(t, one, err)
	if r.request("who9@sen1.example") || !r.request("who9@sen0.example") {
		t.Error("an answer made room for another domain than the one it was for")
	}
}

// Who asks and is refused again and again comes to an end too: the list stays the household's.
func TestRefusedRequestsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	asked := 0
	for ; r.request(fmt.Sprintf("who%d@sen2.example", asked)); asked++ {
		one, err := r.Refuse(r.All()[asked].ID, "page", now)
		must(t, one, err)
	}
	if asked != 250 {
		t.Errorf("%d were taken, want 250", asked)
	}
	r.ask(good())
}

// Who is to be told what, at each state of a request.
func TestRequestIsTold(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	const asker, owner = "agence@sen2.example", "chef@sen1.example"
	one, err := r.Request(requestOf(asker), now, []string{owner})
	must(t, one, err)
	told := func(to string) []consent.Notice { return []consent.Notice{{To: to}} }
	want := consent.Consent{ID: one.ID, Grant: requestOf(asker), State: consent.Pending, Since: now, By: asker, Asker: asker, Notices: told(owner)}
	check := func(state consent.State, by string, to string) {
		t.Helper()
		r.open()
		want.State, want.By, want.Notices = state, by, told(to)
		if diff := cmp.Diff([]consent.Consent{want}, r.AskedBy(asker)); diff != "" {
			t.Error(diff)
		}
	}
	check(consent.Pending, asker, owner)
	one, err = r.Refuse(one.ID, "page", now)
	must(t, one, err)
	check(consent.Refused, "page", asker)
	one, err = r.Accept(one.ID, "terminal", now)
	must(t, one, err)
	check(consent.InForce, "terminal", asker)
	one, err = r.Withdraw(one.ID, "page", now, told("client@sen2.example"))
	must(t, one, err)
	check(consent.Withdrawn, "page", "client@sen2.example")
	if got := r.AskedBy("other@sen2.example"); len(got) > 0 {
		t.Errorf("another one is shown %+v", got)
	}
	if err := r.Told(one.ID, consent.Notice{To: "client@sen2.example", Sent: now}); err != nil {
		t.Error(err)
	}
}
