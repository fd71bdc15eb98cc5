package federation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/senml"
)

var errAway = errors.New("away")

// start runs a delivery until stop, which returns what Run did.
func start(d *federation.Delivery) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when every bubble begins
	refused := fmt.Errorf("%w: no room for volts", federation.ErrRefused)
	tests := []struct {
		name   string
		packs  [][]float64
		answer func(context.Context, int) error
		came   [][]float64
		acks   []uint64
		stats  federation.Stats // Last is compared only to be there or not
	}{
		{
			"taken at once", [][]float64{{1, 2}, {3}}, nil,
			[][]float64{{1, 2, 3}}, []uint64{2}, federation.Stats{Records: 3, Last: at},
		},
		{
			"taken at the third attempt", [][]float64{{1}, {2}}, failing(errAway, errAway),
			[][]float64{{1, 2}, {1, 2}, {1, 2}}, []uint64{2}, federation.Stats{Records: 2, Last: at},
		},
		{
			"refused for good", [][]float64{{1, 2}}, failing(refused),
			[][]float64{{1, 2}}, []uint64{1}, federation.Stats{Refused: 1, Refusal: refused, Err: refused},
		},
		{
			"refused for good after a failure", [][]float64{{1}}, failing(errAway, refused),
			[][]float64{{1}, {1}}, []uint64{1}, federation.Stats{Refused: 1, Refusal: refused, Err: refused},
		},
		{
			"one of three refused for good: only that one is let go",
			[][]float64{{1}, {2}, {3}}, failing(refused, nil, refused),
			[][]float64{{1, 2, 3}, {1}, {2}, {3}}, []uint64{1, 2, 3}, federation.Stats{Records: 2, Refused: 1, Refusal: refused, Last: at},
		},
		{
			"all of three refused for good",
			[][]float64{{1}, {2}, {3}}, failing(refused, refused, refused, refused),
			[][]float64{{1, 2, 3}, {1}, {2}, {3}}, []uint64{1, 2, 3}, federation.Stats{Refused: 3, Refusal: refused, Err: refused},
		},
		{
			"a failure while packs go singly", [][]float64{{1}, {2}}, failing(refused, errAway, nil, refused),
			[][]float64{{1, 2}, {1}, {1}, {2}}, []uint64{1, 2}, federation.Stats{Records: 1, Refused: 1, Refusal: refused, Last: at, Err: refused},
		},
		{
			"an acknowledgement that was lost", [][]float64{{1}}, failing(context.DeadlineExceeded),
			[][]float64{{1}, {1}}, []uint64{1}, federation.Stats{Records: 1, Last: at},
		},
		{
			"away for as long as we look", [][]float64{{1}}, func(context.Context, int) error { return errAway },
			nil, nil, federation.Stats{Err: errAway},
		},
		{"nothing to send", nil, nil, nil, nil, federation.Stats{}},
		{"a pack without records", [][]float64{{}}, nil, nil, []uint64{1}, federation.Stats{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cursor, recipient := newTape(tt.packs...), &peer{answer: tt.answer}
				d := delivery(recipient, cursor, open)
				stop := start(d)
				time.Sleep(time.Minute) // of the bubble: every retry of the table has happened
				synctest.Wait()
				if tt.came != nil {
					same(t, "attempts", tt.came, recipient.attempts())
				}
				same(t, "acknowledged", tt.acks, cursor.acks())
				got := d.Stats()
				if !errors.Is(got.Err, tt.stats.Err) {
					t.Errorf("error %v, want %v", got.Err, tt.stats.Err)
				}
				if got.Last.IsZero() != tt.stats.Last.IsZero() {
					t.Errorf("last acknowledged at %v", got.Last)
				}
				got.Err, got.Last = tt.stats.Err, tt.stats.Last
				same(t, "stats", fmt.Sprintf("%+v", tt.stats), fmt.Sprintf("%+v", got))
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestDeliveredAtLeastOnceAndInOrder holds: whatever fails in between, everything arrives, nothing before what came
// earlier, and what is sent twice carries the same names and times.
func TestDeliveredAtLeastOnceAndInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cursor := newTape()
		const packs = 1000
		for n := range packs {
			cursor.put(float64(n))
		}
		recipient := &peer{answer: func(_ context.Context, attempt int) error {
			if attempt%3 == 0 {
				return nil
			}
			return errAway // one of them may have lost the acknowledgement only
		}}
		d := delivery(recipient, cursor, open)
		stop := start(d)
		time.Sleep(time.Hour)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		next := 0.0
		var before senml.Pack
		for i, came := range recipient.packs() {
			if i%3 != 0 { // a repetition
				same(t, "repeated pack", fmt.Sprint(before), fmt.Sprint(came))
				continue
			}
			before = came
			for _, r := range came {
				if v, _ := r.Value.Number(); v != next || r.Time != 1_700_000_000+v {
					t.Fatalf("got %v at %v, want %v", v, r.Time, next)
				}
				next++
			}
		}
		if next != packs || d.Stats().Records != packs {
			t.Errorf("%v of %d arrived, %d counted", next, packs, d.Stats().Records)
		}
	})
}

// TestCursorMovesOnAcknowledgementOnly looks at the cursor while the recipient has the pack and has not answered.
func TestCursorMovesOnAcknowledgementOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		taken := make(chan struct{})
		cursor := newTape([]float64{1})
		recipient := &peer{answer: func(context.Context, int) error { <-taken; return nil }}
		stop := start(delivery(recipient, cursor, open))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		same(t, "attempts", [][]float64{{1}}, recipient.attempts())
		same(t, "acknowledged before", []uint64(nil), cursor.acks())
		close(taken)
		synctest.Wait()
		same(t, "acknowledged after", []uint64{1}, cursor.acks())
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestGateWithdrawnStopsWaiting holds: what waits for its next attempt does not leave once its grant is gone.
func TestGateWithdrawnStopsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var withdrawn atomic.Bool
		granting := gate(func(p senml.Pack) senml.Pack {
			if withdrawn.Load() {
				return nil
			}
			return p
		})
		cursor := newTape([]float64{1, 2}, []float64{3})
		recipient := &peer{answer: func(context.Context, int) error {
			withdrawn.Store(true)
			return errAway
		}}
		d := delivery(recipient, cursor, granting)
		stop := start(d)
		time.Sleep(time.Hour)
		synctest.Wait()
		same(t, "attempts", [][]float64{{1, 2, 3}}, recipient.attempts())
		same(t, "acknowledged", []uint64{2}, cursor.acks())
		if s := d.Stats(); s.Withheld != 3 || s.Records != 0 || !s.Last.IsZero() || s.Err != nil {
			t.Errorf("stats %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A gate that withholds a part counts it once, however many attempts the rest needs.
func TestWithheldIsCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := gate(func(p senml.Pack) senml.Pack { return p[:1] })
		recipient := &peer{answer: failing(errAway, errAway, errAway)}
		d := delivery(recipient, newTape([]float64{1, 2, 3}), first)
		stop := start(d)
		time.Sleep(time.Hour)
		synctest.Wait()
		same(t, "attempts", [][]float64{{1}, {1}, {1}, {1}}, recipient.attempts())
		if s := d.Stats(); s.Records != 1 || s.Withheld != 2 || s.Refused != 0 {
			t.Errorf("stats %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestSlowRecipientDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &peer{answer: stall}, &peer{}
		stopSlow := start(delivery(slow, newTape([]float64{1}), open))
		cursor := newTape([]float64{1})
		stopQuick := start(delivery(quick, cursor, open))
		synctest.Wait() // no time passes
		cursor.put(2)
		synctest.Wait()
		same(t, "attempts of the quick one", [][]float64{{1}, {2}}, quick.attempts())
		same(t, "attempts of the slow one", [][]float64{{1}}, slow.attempts())
		if err := errors.Join(stopSlow(), stopQuick()); err != nil {
			t.Error(err)
		}
	})
}

func TestCursorErrorsAreReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("buffer is closed")
	tests := []struct {
		name      string
		read, ack error
	}{
		{"of reading", broken, nil},
		{"of acknowledging", nil, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cursor := newTape([]float64{1})
			cursor.read, cursor.ack = tt.read, tt.ack
			if err := delivery(&peer{}, cursor, open).Run(t.Context()); !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// After the packs among which one was refused, what waits travels together again.
func TestPacksGatherAgainAfterRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cursor := newTape([]float64{1}, []float64{2})
		refused := failing(federation.ErrRefused, nil, federation.ErrRefused)
		recipient := &peer{answer: func(ctx context.Context, attempt int) error {
			if attempt == 2 {
				cursor.put(3)
				cursor.put(4)
			}
			return refused(ctx, attempt)
		}}
		stop := start(delivery(recipient, cursor, open))
		synctest.Wait()
		same(t, "attempts", [][]float64{{1, 2}, {1}, {2}, {3, 4}}, recipient.attempts())
		same(t, "acknowledged", []uint64{1, 2, 4}, cursor.acks())
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// The log says who waits and why, once for each reason, and nothing of what waits.
func TestLogOfWaiting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		errs []error
		want []string
	}{
		{"once", []error{errAway}, []string{`level=INFO msg="delivery waits" recipient=somebody error=away retry_in=`}},
		{"the same again and again", []error{errAway, errAway, errAway}, []string{`level=INFO msg="delivery waits" recipient=somebody error=away retry_in=`}},
		{
			"another reason", []error{errAway, errors.New("full")},
			[]string{`level=INFO msg="delivery waits" recipient=somebody error=away`, `level=INFO msg="delivery waits" recipient=somebody error=full`},
		},
		{
			"refused", []error{federation.ErrRefused},
			[]string{`level=WARN msg="pack refused for good" recipient=somebody error="refused for good"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var text bytes.Buffer
				d := delivery(&peer{answer: failing(tt.errs...)}, newTape([]float64{4711}), open)
				d.Log = slog.New(slog.NewTextHandler(&text, nil))
				stop := start(d)
				time.Sleep(time.Minute)
				synctest.Wait()
				if err := stop(); err != nil {
					t.Error(err)
				}
				lines := strings.Split(strings.TrimSpace(text.String()), "\n")
				if len(lines) != len(tt.want) {
					t.Fatalf("log: %s", text.String())
				}
				for i, line := range lines {
					if !strings.Contains(line, tt.want[i]) || strings.Contains(line, "4711") || strings.Contains(line, "linky") {
						t.Errorf("log: %s\nwant %s", line, tt.want[i])
					}
				}
			})
		})
	}
}

// Recipients repeat in their words what they were sent: whose meter it is about appears neither in the log nor in what
// the page shows.
func TestIdentitiesInErrorsAreLeftOut(t *testing.T) {
	t.Parallel()
	const point = "99111111111111"
	for _, kind := range []error{errAway, federation.ErrStopped, federation.ErrRefused} {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			to := &peer{answer: failing(fmt.Errorf("%w: no series urn:dev:prm:%s_voltage/1", kind, point))}
			d := delivery(to, newTape([]float64{1}), open)
			d.Log = slog.New(slog.NewTextHandler(&said, nil))
			stop := start(d)
			synctest.Wait()
			s := d.Stats()
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if want := kind.Error() + ": no series urn:dev:prm:…_voltage/1"; !errors.Is(s.Err, kind) || s.Err.Error() != want {
				t.Errorf("shown is %v, want %s", s.Err, want)
			}
			if strings.Contains(said.String(), point) || !strings.Contains(said.String(), "no series") {
				t.Errorf("the log is %s", &said)
			}
		})
	}
}

func TestDeliveryName(t *testing.T) {
	t.Parallel()
	if got := delivery(&peer{}, newTape(), open).String(); got != "delivery to somebody" {
		t.Errorf("got %q", got)
	}
}

// A recipient that says that somebody must mend something keeps its packs and is asked again each hour, or as soon as
// the delivery is woken.
func TestDeliveryStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stopped := fmt.Errorf("%w: forbidden", federation.ErrStopped)
		cursor, recipient := newTape([]float64{1}), &peer{answer: failing(stopped, stopped, stopped)}
		d, wake := delivery(recipient, cursor, open), make(chan struct{}, 1)
		d.Wake = wake
		stop := start(d)
		attempts := func(after time.Duration, want int) {
			time.Sleep(after)
			synctest.Wait()
			if got := len(recipient.packs()); got != want {
				t.Errorf("%d attempts, want %d", got, want)
			}
		}
		attempts(59*time.Minute, 1)
		attempts(2*time.Minute, 2)
		wake <- struct{}{}
		attempts(time.Second, 3)
		same(t, "acknowledged", 0, len(cursor.acks()))
		attempts(time.Hour, 4)
		same(t, "acknowledged", []uint64{1}, cursor.acks())
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// counted is a gate that cannot note what leaves at first.
type counted struct {
	gate
	noted func() error
}

func (g counted) Leaving(senml.Pack, func(string) string) error { return g.noted() }

// TestNothingLeavesUncounted: what cannot be noted to be leaving waits, and goes once it can.
func TestNothingLeavesUncounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cursor, recipient, full := newTape(), &peer{}, errors.New("the card is full")
		cursor.put(1)
		var fails atomic.Bool
		fails.Store(true)
		d := delivery(recipient, cursor, counted{open, func() error {
			if fails.Load() {
				return full
			}
			return nil
		}})
		stop := start(d)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := d.Stats(); len(recipient.packs()) > 0 || len(cursor.acks()) > 0 || !errors.Is(got.Err, full) {
			t.Errorf("%d packs left, %v acknowledged, %v", len(recipient.packs()), cursor.acks(), got.Err)
		}
		fails.Store(false)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := d.Stats(); len(recipient.packs()) != 1 || got.Err != nil {
			t.Errorf("%d packs left, %v", len(recipient.packs()), got.Err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
