package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

const otherHouse = "urn:dev:prm:01234567890123" // invented

// came is one record of a series of another house, some seconds ago.
func came(name string, value, ago float64) senml.Record {
	at := float64(time.Now().Add(-time.Minute).Unix())
	return senml.Record{Name: name, Unit: "V", Value: senml.NumberValue(value), Time: at - ago}
}

// Names are stable, have nothing of the device in them, and are different for different series.
func TestIntakeNames(t *testing.T) {
	t.Parallel()
	i := &intake{key: []byte("key")}
	shape := regexp.MustCompile(`^[A-Za-z0-9-]{1,32}\.[0-9a-f]{10}/.+$`)
	seen := map[string]string{}
	for _, source := range []string{"sge", "neighbours"} {
		for _, name := range []string{
			otherHouse + "_voltage/1", otherHouse + "_voltage/2", "urn:dev:prm:01234567890124_voltage/1",
			"urn:dev:org:60060-elfe:C013_batterie", "urn:dev:ow:10e2073a01080063", "urn:dev:ow:10e2073a01080063_value", "x", "x_", "a_b_c", "a_/b",
		} {
			local := i.local(giver{source: source}, name)
			if local != (&intake{key: []byte("key")}).local(giver{source: source}, name) || !shape.MatchString(local) {
				t.Errorf("%s is %s", name, local)
			}
			if other, taken := seen[local]; taken && !(name == "x_" || other == "x_") {
				t.Errorf("%s and %s are both %s", name, other, local)
			}
			if strings.Contains(local, "0123456789") {
				t.Errorf("the device is in %s", local)
			}
			seen[local] = name
			if got, ok := sourceOf(local); got != source || !ok {
				t.Errorf("%s came from %q", local, got)
			}
		}
	}
	if one, other := i.local(giver{source: "sge"}, otherHouse+"_voltage/1"), i.local(giver{source: "sge"}, otherHouse+"_current/1"); strings.Split(one, "/")[0] != strings.Split(other, "/")[0] {
		t.Errorf("one device is %s and %s", one, other)
	}
	if source, ok := sourceOf("linky/voltage/1"); ok {
		t.Errorf("a meter of the house came from %q", source)
	}
}

// What comes twice is there once, also in another writing of the same time and after a restart; what can never be kept
// holds up nothing.
func TestIntakeTakes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	voltage := otherHouse + "_voltage/1"
	first, second := came(voltage, 230, 0), came(voltage, 231, 86_400)
	ulp := first
	ulp.Time += 2e-7
	future, long := came(voltage, 1, -7200), came(otherHouse+"_"+strings.Repeat("x", 300), 1, 0)
	for n, step := range []struct {
		pack senml.Pack
		want string
	}{
		{senml.Pack{first}, "1 stored, 0 known, 0 refused: <nil>"},
		{senml.Pack{second, ulp}, "1 stored, 1 known, 0 refused: <nil>"},
		{senml.Pack{first, second, first}, "0 stored, 3 known, 0 refused: <nil>"},
		{senml.Pack{long, came(voltage, 229, 5)}, "1 stored, 0 known, 1 refused: the name of a series has more than 256 bytes"},
		{senml.Pack{long}, "0 stored, 0 known, 1 refused: the name of a series has more than 256 bytes"},
		{nil, "0 stored, 0 known, 0 refused: <nil>"},
	} {
		got, err := h.intake.take(t.Context(), giver{source: "sge"}, step.pack)
		if said := fmt.Sprintf("%d stored, %d known, %d refused: %v", got.Stored, got.Known, got.Refused, got.Why); said != step.want || err != nil {
			t.Errorf("step %d: %s, %v, want %s", n, said, err, step.want)
		}
		if got.whole() != (n == 4) {
			t.Errorf("step %d: nothing kept is %t", n, got.whole())
		}
	}
	got, err := h.intake.take(t.Context(), giver{source: "sge"}, senml.Pack{future})
	if !errors.Is(got.Why, buffer.ErrTime) || err != nil {
		t.Errorf("of the future: %+v, %v", got, err)
	}
	local := h.intake.local(giver{source: "sge"}, voltage)
	kept, _, err := h.buffer.History(t.Context(), local, time.Unix(0, 0), time.Now(), 9)
	var values []string
	for _, r := range kept {
		values = append(values, r.Value.String())
	}
	if diff := cmp.Diff([]string{"231", "229", "230"}, values); diff != "" || err != nil {
		t.Errorf("kept (-want +got), %v:\n%s", err, diff)
	}
	if strings.Contains(h.said.String(), "0123456789") {
		t.Error("the device is in the log")
	}
}

// A source cannot fill the store with series.
func TestIntakeBounds(t *testing.T) {
	t.Parallel()
	full := map[string]bool{}
	for n := range maxSeriesOfSource {
		full[fmt.Sprint(n)] = true
	}
	var put senml.Pack
	i := &intake{
		now: time.Now, series: map[string]map[string]bool{"sge": full},
		put: func(_ context.Context, p senml.Pack) (int, error) { put = p; return len(p), nil },
	}
	old := came("urn:dev:ow:1_t", 1, 0)
	full[i.local(giver{source: "sge"}, old.Name)] = true
	got, err := i.take(t.Context(), giver{source: "sge"}, senml.Pack{came("urn:dev:ow:2_t", 1, 0), old})
	if got.Stored != 1 || got.Refused != 1 || !errors.Is(got.Why, errManySeries) || err != nil || len(put) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := i.take(t.Context(), giver{source: "other"}, senml.Pack{old}); got.Stored != 1 || err != nil {
		t.Errorf("another source: %+v, %v", got, err)
	}
}

// A disk that is full is an error, after which everything is given again.
func TestIntakeFull(t *testing.T) {
	t.Parallel()
	wrong := errors.New("disk full")
	i := &intake{
		now: time.Now, series: map[string]map[string]bool{},
		put: func(context.Context, senml.Pack) (int, error) { return 0, wrong },
	}
	if _, err := i.take(t.Context(), giver{source: "sge"}, senml.Pack{came("urn:dev:ow:2_t", 1, 0)}); !errors.Is(err, wrong) || err.Error() != "keep what came from source sge: disk full" {
		t.Errorf("error is %v", err)
	}
}

// Of sources it is known at the start what they have brought.
func TestIntakeComesBack(t *testing.T) {
	t.Parallel()
	known := []buffer.Known{{Name: "linky/voltage/1"}, {Name: "sge.0011223344/voltage/1"}}
	i := newIntake(bytes.Repeat([]byte{1}, 32), &dater{}, known)
	if diff := cmp.Diff(map[string]map[string]bool{"sge": {"sge.0011223344/voltage/1": true}}, i.series); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
