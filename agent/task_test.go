package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// attempts is a task that notes when it begins, and does as it is told.
type attempts struct {
	began []time.Time
	do    func(ctx context.Context, n int) error
}

func (a *attempts) String() string { return "attempts" }

func (a *attempts) Run(ctx context.Context) error {
	a.began = append(a.began, time.Now())
	return a.do(ctx, len(a.began))
}

// pauses are the times between two beginnings.
func (a *attempts) pauses() []time.Duration {
	var all []time.Duration
	for i := 1; i < len(a.began); i++ {
		all = append(all, a.began[i].Sub(a.began[i-1]))
	}
	return all
}

func TestKeepRestarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a := &attempts{do: func(ctx context.Context, n int) error {
			if n < 20 {
				return errors.New("it broke")
			}
			<-ctx.Done()
			return nil
		}}
		var said bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			keep(ctx, slog.New(slog.NewTextHandler(&said, nil)), a)
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		pauses := a.pauses()
		if len(pauses) != 19 {
			t.Fatalf("%d restarts, want 19", len(pauses))
		}
		for i, pause := range pauses {
			if pause < 250*time.Millisecond || pause > restart*3/2 {
				t.Errorf("pause %d is %s", i, pause)
			}
		}
		if first, last := pauses[0], pauses[len(pauses)-1]; first > time.Second || last < restart/2 {
			t.Errorf("pauses go from %s to %s, want from under a second to about %s", first, last, restart)
		}
		if n := strings.Count(said.String(), `level=WARN msg="task stopped" task=attempts error="it broke" retry_in=`); n != 19 {
			t.Errorf("%d of 19 restarts are logged:\n%s", n, said.String())
		}
		cancel()
		<-done
		if strings.Contains(said.String(), "cleanly") {
			t.Errorf("a clean stop is logged as another:\n%s", said.String())
		}
	})
}

// A task that had worked for long begins again at once, as if it had never broken.
func TestKeepForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		const worked = 2 * restart
		a := &attempts{do: func(ctx context.Context, n int) error {
			if n > 10 && n < 20 {
				time.Sleep(worked)
			}
			if n == 20 {
				<-ctx.Done()
				return nil
			}
			return errors.New("it broke")
		}}
		keep(ctx, quiet, a)
		for i, pause := range a.pauses()[10:] {
			if pause > worked+time.Second {
				t.Errorf("pause %d after work is %s, want under a second", i, pause-worked)
			}
		}
	})
}

func TestKeepEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		do   func(ctx context.Context, n int) error
		said string
	}{
		{"nothing left to do", func(context.Context, int) error { return nil }, `level=INFO msg="task finished" task=attempts`},
		{"stopped", func(ctx context.Context, _ int) error { <-ctx.Done(); return nil }, ""},
		{
			"stopped badly", func(ctx context.Context, _ int) error { <-ctx.Done(); return errors.New("readings lost") },
			`level=ERROR msg="task did not stop cleanly" task=attempts error="readings lost"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				a := &attempts{do: test.do}
				var said bytes.Buffer
				keep(ctx, slog.New(slog.NewTextHandler(&said, nil)), a)
				_, line, _ := strings.Cut(strings.TrimSuffix(said.String(), "\n"), " ")
				if len(a.began) != 1 || line != test.said {
					t.Errorf("began %d times, log is %q, want %q", len(a.began), line, test.said)
				}
			})
		})
	}
}

// One that breaks does not disturb the others, and serve ends when all have.
func TestServe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		good := &attempts{do: func(ctx context.Context, _ int) error { <-ctx.Done(); time.Sleep(time.Second); return nil }}
		bad := &attempts{do: func(context.Context, int) error { return errors.New("it broke") }}
		began := time.Now()
		other := &attempts{do: good.do}
		serve(ctx, quiet, []task{good, bad, named{"named", other.Run}})
		if took := time.Since(began); took != time.Hour+time.Second {
			t.Errorf("serve took %s, want until the slowest has stopped", took)
		}
		if len(good.began) != 1 || len(other.began) != 1 || len(bad.began) < 50 {
			t.Errorf("the good ones began %d and %d times, the bad one %d", len(good.began), len(other.began), len(bad.began))
		}
		if got := (named{"named", nil}).String(); got != "named" {
			t.Errorf("name is %q", got)
		}
	})
}
