package tic_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// TestRoundTrip writes frames of labels and values drawn at random and reads them back: with and without parity, in
// pieces of any size, most lines as they were in the frame before.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		mode := tic.Historic + tic.Mode(seed%2)
		var (
			rows []string
			want []shown
			raw  strings.Builder
		)
		for range 20 {
			rows = vary(r, rows, mode)
			raw.WriteString(frame(rows...))
			want = append(want, whole(mode.String(), 0, shownRows(rows)...))
		}
		sent := raw.String()
		if r.IntN(2) == 0 {
			sent = withParity(sent)
		}
		got, counters := decode(tic.Auto, sent, 1+r.IntN(100))
		if diff := cmp.Diff(want, got); diff != "" || counters.Refused() > 0 {
			t.Fatalf("seed %d: %+v (-written +read):\n%s", seed, refusals(counters), diff)
		}
	}
}

func shownRows(rows []string) (all []string) {
	for _, row := range rows {
		if strings.Contains(row, "\t") {
			all = append(all, strings.ReplaceAll(row, "\t", "|"))
		} else {
			all = append(all, strings.Replace(row, " ", "|", 1))
		}
	}
	return all
}

// vary changes some rows, and now and then takes one away, adds one, or begins anew.
func vary(r *rand.Rand, rows []string, mode tic.Mode) []string {
	rows = append([]string(nil), rows...)
	for i := range rows {
		if r.IntN(5) == 0 {
			rows[i] = turn(rows[i], 1+r.IntN(9))
		}
	}
	switch n := len(rows); {
	case n == 0 || r.IntN(10) == 0:
		rows = rows[:0]
		for range 3 + r.IntN(20) {
			rows = append(rows, drawn(r, mode))
		}
	case n > 1 && r.IntN(6) == 0:
		at := r.IntN(n)
		rows = append(rows[:at], rows[at+1:]...)
	case r.IntN(6) == 0:
		at := r.IntN(n)
		rows = append(rows[:at], append([]string{drawn(r, mode)}, rows[at:]...)...)
	}
	return rows
}

// drawn is a row of any label of the mode.
func drawn(r *rand.Rand, mode tic.Mode) string {
	all := tic.Labels()
	for {
		if l := all[r.IntN(len(all))]; l.Modes.Has(mode) {
			return turn(rowWith(l, sample(l)), r.IntN(10))
		}
	}
}
