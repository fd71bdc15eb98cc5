package xmpp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"
)

// What a room comes to after what happened, and how much is tried hours later.
func TestRoom(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	silent := func(size int) func(*Room) { return func(r *Room) { r.Silent(size) } }
	took := func(size int) func(*Room) { return func(r *Room) { r.Took(size) } }
	large := func(size int) func(*Room) { return func(r *Room) { r.TooLarge(size) } }
	wait := func(d time.Duration) func(*Room) { return func(r *Room) { time.Sleep(d); r.Most() } }
	for _, tt := range []struct {
		name  string
		what  []func(*Room)
		want  int
		later map[time.Duration]int // counted from then, each asked on its way
	}{
		{"nothing", nil, MaxStanza, nil},
		{"one silence says nothing", []func(*Room){silent(50_000)}, MaxStanza, nil},
		{"the second halves", []func(*Room){silent(50_000), silent(50_000)}, 25_000, map[time.Duration]int{hour - 1: 25_000, hour: 50_000, 2 * hour: MaxStanza}},
		{"and every one after it", []func(*Room){silent(50_000), silent(50_000), silent(25_000)}, 12_500, nil},
		{"an acknowledgement in between", []func(*Room){silent(50_000), took(50_000), silent(50_000)}, MaxStanza, nil},
		{"one of something short in between", []func(*Room){silent(50_000), took(600), silent(50_000)}, 25_000, nil},
		{"one that fills the room", []func(*Room){silent(50_000), silent(50_000), took(20_000), silent(20_000)}, 25_000, nil},
		{"one of something longer than what was silent", []func(*Room){silent(50_000), silent(9_000), took(9_500), silent(9_000)}, 4_500, nil},
		{"a refusal halves at once", []func(*Room){large(50_000)}, 25_000, nil},
		{"what is short is not too long", []func(*Room){silent(3_000), silent(3_000), silent(3_000), large(leastStanza)}, MaxStanza, nil},
		{"never under the least", []func(*Room){large(9_000), large(4_500), large(4_001)}, leastStanza, nil},
		{"a late word of a larger one", []func(*Room){large(9_000), large(50_000)}, 4_500, nil},
		{
			"what fails again is tried later and later", []func(*Room){large(50_000), wait(hour), large(50_000)}, 25_000,
			map[time.Duration]int{2*hour - 1: 25_000, 2 * hour: 50_000},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &Room{}
				for _, happens := range tt.what {
					happens(r)
				}
				if got := r.Most(); got != tt.want {
					t.Errorf("%d bytes, want %d", got, tt.want)
				}
				got, began := map[time.Duration]int{}, time.Now()
				for _, d := range []time.Duration{hour - 1, hour, 2*hour - 1, 2 * hour} {
					time.Sleep(time.Until(began.Add(d)))
					if most := r.Most(); tt.later[d] != 0 {
						got[d] = most
					}
				}
				if diff := cmp.Diff(tt.later, got); len(tt.later) > 0 && diff != "" {
					t.Errorf("later (-want +got):\n%s", diff)
				}
			})
		})
	}
	var none *Room
	none.Took(50_000)
	none.Silent(50_000)
	if none.TooLarge(50_000) || none.Most() != MaxStanza {
		t.Errorf("no room has %d", none.Most())
	}
}

// A refusal of the least has nothing smaller to try.
func TestRoomOfTheLeast(t *testing.T) {
	t.Parallel()
	r := &Room{}
	if !r.TooLarge(leastStanza+1) || r.TooLarge(leastStanza) {
		t.Error("what can be made smaller is")
	}
}

// A request that nobody answers, or that is refused for its size, makes the next ones to that address shorter.
func TestDeliverLearnsRoom(t *testing.T) {
	t.Parallel()
	const answers, silence = `<iq type="result" from="%s" id="%s"/>`, ""
	refuses := func(condition string) string {
		return `<iq type="error" from="%s" id="%s"><error type="modify"><` + condition + ` xmlns="` + nsStanzas + `"/></error></iq>`
	}
	for _, tt := range []struct {
		name  string
		words []string // to each request
		want  bool     // whether there is less room afterwards
	}{
		{"answers", []string{answers, answers}, false},
		{"one silence", []string{silence}, false},
		{"two", []string{silence, silence}, true},
		{"an answer in between", []string{silence, answers, silence}, false},
		{"policy-violation", []string{refuses("policy-violation")}, true},
		{"resource-constraint", []string{refuses("resource-constraint")}, true},
		{"bad-request", []string{refuses("bad-request")}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, s, _ := serving(t, quietRouter())
				to, payload := jid.MustParse(peer), NewElement("urn:x", "thing").WithText(strings.Repeat("x", 20_000))
				go s.answers(tt.words)
				for range tt.words {
					_, _ = l.deliver(context.Background(), IQ{ID: newID(), Type: "set", To: to, Payload: payload}) // its error is another test's
				}
				_, err := l.request(t.Context(), IQ{ID: "last", Type: "set", To: to, Payload: payload}, bulk)
				if got := errors.Is(err, ErrNoRoom); got != tt.want {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

// answers answers every ping, and requests of a thing with those words, one after the other.
func (s *server) answers(words []string) {
	for e := range s.sent {
		switch {
		case e.Child(nsPing, "ping") != nil:
			s.say(`<iq type="result" from="%s" id="%s"/>`, e.Attr("to"), e.Attr("id"))
		case e.Child("urn:x", "thing") != nil && len(words) > 0:
			if words[0] != "" {
				s.say(words[0], e.Attr("to"), e.Attr("id"))
			}
			words = words[1:]
		}
	}
}
