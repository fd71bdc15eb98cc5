package series_test

import (
	"testing"
	"time"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
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
