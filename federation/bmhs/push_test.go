package bmhs

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	lab "releve/federation/lab/bmhs"
	"releve/senml"
)

// routed is a record that a route gives names of its own.
func routed(t time.Time, device, item, path string, n float64) senml.Record {
	r := number(t, path, n)
	r.Name = federation.Place{Device: device, Item: item, URN: urn, Path: path}.Name()
	return r
}

// TestRoutes holds where series go that a route names: a metavalue of its own is a row, also beside an account, and a device
// without one has its state sent under that name. What went is not sent again when something else could not.
func TestRoutes(t *testing.T) {
	t.Parallel()
	s := newStage(t, withData)
	p := senml.Pack{routed(s.now, "compteur 12", "cdc", "consumption/power/active/mean", 420), routed(s.now, "", "cdc", "consumption/power/active/mean", 421)}
	for _, r := range full(s.now, 1000, 700) {
		place := federation.PlaceOf(r.Name)
		place.Device = "maison"
		r.Name = place.Name()
		p = append(p, r)
	}
	asked := 0
	err := s.r.SendWhile(t.Context(), p, func() error { // the third request does not go
		if asked++; asked == 3 {
			return federation.ErrWithdrawn
		}
		return nil
	})
	if !errors.Is(err, federation.ErrWithdrawn) {
		t.Fatal(err)
	}
	s.send(p)
	s.want("23T12:00:00 maison iinst=003 base=1000 +0 adps=0")
	for device, want := range map[string]float64{"compteur 12": 420, meter: 421} {
		if diff := cmp.Diff([]lab.Row{{At: s.now.UTC(), Value: want}}, s.server.Rows(device, "cdc")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", device, diff)
		}
	}
}

// TestRoutesWithoutAccess holds that what only the data API takes waits for access to it, and says so.
func TestRoutesWithoutAccess(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	err := s.r.Send(t.Context(), senml.Pack{routed(s.now, "maison", "cdc", "consumption/power/active/mean", 420)})
	want := "stopped until somebody mends it: a route gives series names of their own, which only the data API takes: set application and token_file, or leave to_item out"
	if !errors.Is(err, federation.ErrStopped) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
