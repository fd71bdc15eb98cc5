package bmhs

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
)

// What an exam of either API finds, and that a server has no agent, message or row of it.
func TestReach(t *testing.T) {
	t.Parallel()
	account := func(s *stage) error { return s.o.Account.Reach(s.Context(), client()) }
	data := func(s *stage) error { return s.data().Reach(s.Context(), client()) }
	source := func(series ...string) func(s *stage) error {
		return func(s *stage) error {
			return (&Supplier{Data: s.data(), Wanted: series, Zone: s.o.Zone, Client: client()}).Reach(s.Context())
		}
	}
	for _, test := range []struct {
		name  string
		reach func(*stage) error
		alter func(*stage)
		meant error
		text  string
	}{
		{name: "account", reach: account},
		{
			name: "another user", reach: account, alter: func(s *stage) { s.o.Account.Username = "autre@breizh-sen1.example" },
			meant: federation.ErrDenied, text: "stopped until somebody mends it: Invalid username !",
		},
		{name: "data", reach: data},
		{name: "another token", reach: data, alter: func(s *stage) { s.o.Data.Token = secret("other") }, meant: federation.ErrDenied, text: "stopped until somebody mends it: Invalid token !"},
		{name: "another application", reach: data, alter: func(s *stage) { s.o.Data.Application = "other" }, meant: federation.ErrDenied, text: "stopped until somebody mends it: Invalid application !"},
		{name: "device", reach: source("linky/base", "linky/papp")},
		{name: "no device", reach: source("linky/base", "99123456789012/base"), meant: federation.ErrAbsent, text: "series 2: the server has no such device so far"},
		{name: "another token of a source", reach: source("linky/base"), alter: func(s *stage) { s.o.Data.Token = secret("other") }, meant: federation.ErrDenied, text: "stopped until somebody mends it: Invalid token !"},
		{
			name: "another path", reach: account, alter: func(s *stage) { s.o.Account.URL += "/x" },
			meant: federation.ErrStranger, text: "there is no BMHS at url (404): is its path complete, such as https://bmhs.example/smarthome?",
		},
		{
			name: "a portal", reach: account, alter: func(s *stage) { s.server.Answer(http.StatusOK, "log in", 1) },
			meant: federation.ErrStranger, text: "another server answers in place of BMHS, a portal of the network perhaps: it gives no token",
		},
		{
			name: "a portal in place of data", reach: data, alter: func(s *stage) { s.server.Answer(http.StatusOK, "log in", 1) },
			meant: federation.ErrStranger, text: "read rows: the answer is not what a BMHS server writes",
		},
		{
			name: "sent elsewhere", reach: data, alter: func(s *stage) { s.server.Answer(http.StatusFound, "", 1) },
			meant: federation.ErrStranger, text: "stopped until somebody mends it: the server is somewhere else: put the address it redirects to into url",
		},
		{name: "another 400", reach: account, alter: func(s *stage) { s.server.Answer(http.StatusBadRequest, "what?", 1) }, meant: federation.ErrStranger, text: "an answer that is not known: 400"},
		{name: "in trouble", reach: account, alter: func(s *stage) { s.server.Answer(http.StatusInternalServerError, "", 1) }, text: "the server answers 500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, withData)
			first := []row{{"1", s.now.UnixMilli()}}
			if err := s.data().push(context.Background(), client(), series{"linky", "base"}, "Wh", first); err != nil {
				t.Fatal(err)
			}
			if test.alter != nil {
				test.alter(s)
			}
			before := s.holds()
			err := test.reach(s)
			for _, mark := range []error{federation.ErrStranger, federation.ErrDenied, federation.ErrAbsent} {
				if errors.Is(err, mark) != (mark == test.meant) {
					t.Errorf("%v: is it %q?", err, mark)
				}
			}
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.text {
				t.Errorf("got %q, want %q", got, test.text)
			}
			if diff := cmp.Diff(before, s.holds()); diff != "" {
				t.Errorf("the server has (-before +after):\n%s", diff)
			}
		})
	}
}

func (s *stage) data() Data { return s.o.Data }

// holds is what the server has.
func (s *stage) holds() []any {
	return []any{s.server.Agents(foyer), s.server.Devices(), s.server.Messages(), s.server.Rows("linky", "base")}
}
