package federation

import (
	"testing"

	"releve/senml"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	const urn, path = "urn:dev:org:60060-1f2e3d4c5b6a7988", "voltage/1"
	for _, tt := range []struct {
		place Place
		name  string
	}{
		{Place{URN: urn, Path: path}, "urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1"},
		{Place{"linky-12", "tic[URMS1]", urn, path}, "place:linky-12/tic:5BURMS1:5D/urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1"},
		{Place{Device: "b8:27:eb_é/", URN: urn, Path: path}, "place:b8:3A27:3Aeb:5F:C3:A9:2F//urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1"},
		{Place{Item: "baseinst", URN: urn, Path: "a_b"}, "place:/baseinst/urn:dev:org:60060-1f2e3d4c5b6a7988_a_b"},
	} {
		if got := tt.place.Name(); got != tt.name {
			t.Errorf("%+v is %s, want %s", tt.place, got, tt.name)
		}
		if got := PlaceOf(tt.name); got != tt.place {
			t.Errorf("%s is %+v, want %+v", tt.name, got, tt.place)
		}
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"device:b8:3A27:3Aeb_base":         Outside("b8:27:eb", "base"),
		"device:linky:20:C3:A9t:C3:A9_":    Outside("linky été", ""),
		"device:h:5F1_tic:5BNJOURF:2B1:5D": Outside("h_1", "tic[NJOURF+1]"),
		"urn:dev:prm:99123456789012_base":  Outside("99123456789012", "base"),
		"tic:5BEASF*:5D":                   OutsideGlob("tic[EASF*]"),
		"consumption/energy_x":             OutsideGlob("consumption/energy_x"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzPlace: whatever a route and a source call things, the name is one of SenML and says the same when it is read.
func FuzzPlace(f *testing.F) {
	f.Add("linky 12", "tic[URMS1]", "voltage/1")
	f.Add("", ":5D", "a_b")
	f.Add("\xff", "", "x")
	f.Fuzz(func(t *testing.T, device, item, path string) {
		if (senml.Pack{{Name: "urn:x_" + path, Value: senml.NumberValue(1)}}).Validate() != nil {
			return
		}
		p := Place{device, item, "urn:dev:x", path}
		if got := PlaceOf(p.Name()); got != p {
			t.Errorf("%+v comes back as %+v", p, got)
		}
		for _, name := range []string{p.Name(), Outside(device, item)} {
			if err := (senml.Pack{{Name: name, Value: senml.NumberValue(1)}}).Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		PlaceOf(device) // what nobody wrote does no harm
	})
}
