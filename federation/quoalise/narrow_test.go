package quoalise

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/xmpp"
)

// narrow is a way to a subscriber whose server takes messages up to a size only, and says that of others, or nothing.
type narrow struct {
	takes int
	says  error
	room  xmpp.Room
	tried []int // the longest message of each Send, in bytes
	came  int   // records
}

func (n *narrow) Post(_ context.Context, _ xmpp.JID, payload *xmpp.Element, _ bool) (*xmpp.Receipt, error) {
	text, err := payload.Bytes()
	switch {
	case err != nil:
		return nil, err
	case len(text) > n.room.Most():
		return nil, xmpp.ErrNoRoom
	}
	size := len(text)
	n.tried[len(n.tried)-1] = max(size, n.tried[len(n.tried)-1])
	fate := n.says
	if size <= n.takes {
		read, err := xmpp.ParseElement(text)
		if err != nil {
			return nil, err
		}
		records, err := ParseData(read, now)
		if err != nil {
			return nil, err
		}
		fate, n.came = nil, n.came+len(records)
	}
	receipt := newReceipt(fate, func() {}, nil)
	receipt.Size, receipt.Room = size, &n.room
	return receipt, nil
}

// What is too large for the server of a subscriber is sent in shorter messages, whether that server says so or not, and
// comes whole. One that takes not even the shortest stops the delivery: nothing is let go.
func TestSendToNarrowServer(t *testing.T) {
	t.Parallel()
	policy := &xmpp.StanzaError{Type: "modify", Condition: "policy-violation"}
	for _, tt := range []struct {
		name     string
		takes    int
		says     error
		receipts bool
		sends    int
		err      string // of the last
		stopped  bool
	}{
		{"silent", 10_000, errStays, true, 3, "", false},
		{"says so", 10_000, policy, true, 2, "", false},
		{"says so of a client that never acknowledges", 10_000, policy, false, 2, "", false},
		{
			"takes not even the shortest", 300, policy, true, 3,
			"stopped until somebody mends it: conseil@breizh-sen2.example takes not even a message of 3132 bytes: policy-violation", true,
		},
		{"silent, whatever comes", 300, errStays, true, 9, "no acknowledgement from conseil@breizh-sen2.example within 1m0s", false},
		{"takes all", 100_000, errStays, true, 1, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				way := &narrow{takes: tt.takes, says: tt.says}
				s := &Subscriber{Session: way, JID: conseil.Bare(), Receipts: tt.receipts, Describe: describe}
				err := errStays
				for ; err != nil && len(way.tried) < 9 && !errors.Is(err, federation.ErrStopped); err = s.Send(t.Context(), series(current, 1000)) {
					way.tried, way.came = append(way.tried, 0), 0
				}
				if err == nil && way.came != 1000 {
					t.Errorf("%d records came", way.came)
				}
				if sent := len(way.tried); text(err) != tt.err || errors.Is(err, federation.ErrStopped) != tt.stopped || sent != tt.sends {
					t.Errorf("after %d times: %v", sent, err)
				}
			})
		})
	}
}

// A message that comes back for its size beside one that is taken is not lost, nor is one that stays away while a longer
// one is taken the fault of its length.
func TestSendMeasuresTheLongest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fates []error // of a long message and of a short one
		most  int
	}{
		{"the short one silent", []error{nil, errStays}, xmpp.MaxStanza},
		{"the long one silent", []error{errStays, nil}, 15_000},
		{"both silent", []error{errStays, errStays}, 15_000},
		{"the long one back", []error{&xmpp.StanzaError{Type: "modify", Condition: "policy-violation"}, nil}, 15_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				room := &xmpp.Room{}
				for range 2 {
					var open []*xmpp.Receipt
					for i, fate := range tt.fates {
						receipt := newReceipt(fate, func() {}, nil)
						receipt.Size, receipt.Room = []int{30_000, 5_000}[i], room
						open = append(open, receipt)
					}
					_ = subscriber(nil, true).settle(t.Context(), open) // its error is another test's
				}
				if diff := cmp.Diff(tt.most, room.Most()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
