package series_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

const drawnPath = "consumption/energy/active/index"

func TestIndexWithheld(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.hear(standard("PCOUP 06", "EAST 000001000", "EASF01 000001000"))
	for i, step := range []struct {
		frame *tic.Frame
		want  string
	}{
		{standard("PCOUP 06", "EAST 000009000", "EASF01 000001000"), "status/event=index-withheld " + drawnPath},
		{standard("PCOUP 06", "EAST 000009000", "EASF01 000001001"), drawnPath + "/provider/1=1001Wh"},
		{standard("PCOUP 06", "EAST 000001001", "EASF01 000001001"), drawnPath + "=1001Wh"},
		{standard("PCOUP 06", "EAST 000000000", "EASF01 000001001"), ""}, // told a moment ago
		{standard("PCOUP 06", "EAST 000000000", "EASF01 000001001"), ""},
		{standard("PCOUP 06", "EAST 000000000", "EASF01 000001001"), ""},
		{standard("PCOUP 06", "EAST 000000001", "EASF01 000001001"), ""},
		{standard("PCOUP 06", "EAST 000000001", "EASF01 000001001"), drawnPath + "=1Wh status/event=index-confirmed " + drawnPath},
		{standard("PCOUP 06", "EAST 000000002", "EASF01 000001001"), drawnPath + "=2Wh"},
	} {
		if got := h.hear(step.frame); got != step.want {
			t.Errorf("frame %d: %q, want %q", i+1, got, step.want)
		}
	}
	h.expect(t, "index-withheld "+drawnPath, "index-confirmed "+drawnPath)
	if conditions := h.Conditions(); len(conditions) != 0 {
		t.Errorf("conditions are %v", conditions)
	}
}

// A withheld index is in no full set either, it is a condition while it lasts, and there is no total of the others.
func TestIndexWithheldHistoric(t *testing.T) {
	t.Parallel()
	h := newHeard()
	h.hear(historic("HCHC 000001000", "HCHP 000002000", "ISOUSC 30"))
	h.at = h.at.Add(rhythm - 2*time.Second)
	if got, want := h.hear(historic("HCHC 000001001", "HCHP 900002000", "ISOUSC 30")), drawnPath+"/provider/1=1001Wh status/event=index-withheld "+drawnPath+"/provider/2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := h.hear(historic("HCHC 000001001", "HCHP 900002000")), drawnPath+"/provider/1=1001Wh"; got != want {
		t.Errorf("full set is %q, want %q", got, want)
	}
	conditions := h.Conditions()
	if len(conditions) != 1 || conditions[0].Kind != series.IndexWithheld {
		t.Errorf("conditions are %v", conditions)
	}
	if got, want := h.hear(historic("HCHC 000001001", "HCHP 000002001")), drawnPath+"/provider/2=2001Wh "+drawnPath+"=3002Wh"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What was recorded before the agent started is where an index goes on.
func TestResume(t *testing.T) {
	t.Parallel()
	h := newHeard()
	last := senml.Record{Value: senml.NumberValue(5000), Time: float64(noon.Unix() - 3600)}
	h.Resume(drawnPath, last)
	h.Resume(PathOfNothing, last)
	h.Resume(drawnPath+"/provider/1", senml.Record{Value: senml.TextValue("5000"), Time: last.Time})
	if got, want := h.hear(standard("EAST 000000100", "EASF01 000000001")), drawnPath+"/provider/1=1Wh status/event=index-withheld "+drawnPath; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := h.hear(standard("EAST 000009000")), drawnPath+"=9000Wh"; got != want { // an hour of 36 kVA and more
		t.Errorf("%q, want %q", got, want)
	}
}

// PathOfNothing is a path that no dictionary has.
const PathOfNothing = "not/known"

// TestDamagedIndexesNeverPass damages one digit of a thousand watt-hours or more in every fourth frame, as a checksum
// lets it through now and then: every index recorded is one the meter said, and none is doubted for long.
func TestDamagedIndexesNeverPass(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			h, truth := newHeard(), newHeard()
			dice := rand.New(rand.NewPCG(1, uint64(mode)))
			damaged := 0
			for i, f := range kept(t, linky.Scenario{Mode: mode, Contract: linky.Tempo, Seed: 9}, 2000) {
				truth.hear(f)
				if i > 0 && dice.IntN(4) == 0 { // of the very first value nobody can tell
					damaged += damage(f, dice)
				}
				h.hear(f)
			}
			if damaged < 400 {
				t.Fatalf("%d indexes were damaged: nothing was tested", damaged)
			}
			for _, n := range []string{"", "/provider/1", "/provider/2", "/provider/6"} {
				said := map[senml.Value]bool{}
				for _, r := range truth.of(drawnPath + n) {
					said[r.Value] = true
				}
				records := h.of(drawnPath + n)
				for _, r := range records {
					if !said[r.Value] {
						t.Errorf("%s is %v, which the meter never said", r.Name, r.Value)
					}
				}
				if len(records) < len(said)/2 {
					t.Errorf("%s: %d of %d values", drawnPath+n, len(records), len(said))
				}
			}
			for _, e := range h.events {
				if strings.HasPrefix(e, "index-confirmed") {
					t.Errorf("event %q", e)
				}
			}
		})
	}
}

// damage changes a high digit of one index of a frame, and returns how many it changed.
func damage(f *tic.Frame, dice *rand.Rand) int {
	indexes := slices.DeleteFunc(slices.Clone(f.Groups), func(g tic.Group) bool {
		return len(g.Value) != 9 || !strings.HasPrefix(string(g.Label), "EA") && !strings.HasPrefix(string(g.Label), "BBR")
	})
	if len(indexes) == 0 {
		return 0
	}
	digit := &indexes[dice.IntN(len(indexes))].Value[dice.IntN(6)]
	*digit = '0' + (*digit-'0'+byte(1+dice.IntN(9)))%10
	return 1
}
