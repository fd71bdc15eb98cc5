package bmhs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// said is what a device says once all of these are known.
func metavaluesOf(p senml.Pack) string {
	d := newDevice()
	for _, r := range p {
		_, path, _ := strings.Cut(r.Name, "_")
		d.take(path, r)
	}
	var all []string
	for _, v := range d.metavalues() {
		flags := ""
		if v.Trace {
			flags = "*"
		}
		if v.Main {
			flags += "!"
		}
		all = append(all, fmt.Sprintf("%s%s=%s(%s)", v.name, flags, v.Value, v.Original))
	}
	return strings.Join(all, " ")
}

// TestMapping holds how contracts, modes and phases that BMHS has no word for are told to it.
func TestMapping(t *testing.T) {
	t.Parallel()
	now := at("2026-11-23T12:00:00+01:00")
	n := func(path string, v float64) senml.Record { return number(now, path, v) }
	w := func(path, v string) senml.Record { return text(now, path, v) }
	six := func(first float64) senml.Pack {
		var p senml.Pack
		for i := range 6 {
			p = append(p, n(fmt.Sprint(pathSupplier, i+1), first+float64(i)))
		}
		return p
	}
	const registers = "easf01*=100() easf02*=101() easf03*=102() easf04*=103() easf05*=104() easf06*=105()"
	for _, tt := range []struct {
		name string
		said senml.Pack
		want string
	}{
		{
			"standard, one index",
			senml.Pack{w(pathCalendar, "BASE"), n(pathSupplier+"1", 100), n(pathDrawn, 101), n(pathPower, 1190), n(pathCurrent, 5), n(pathSubscribed, 6), n(pathMost, 4000), w(pathTariff, "BASE"), n(pathTariffIndex, 1)},
			"opttarif=BASE(NGTF) isousc=30(PREF) base*=000000100(EASF01) ptec=TH(LTARF) iinst!=005(IRMS1) imax=019(SMAXSN) papp=01190(SINSTS) adps*=0() baseinst*=0() east*=101()",
		},
		{
			"standard, off-peak, in peak hours",
			senml.Pack{w(pathCalendar, "H PLEINE/CREUSE"), n(pathSupplier+"1", 100), n(pathSupplier+"2", 200), n(pathPower, 1190), n(pathCurrent, 5), n(pathTariffIndex, 2), w(pathTariff, "HEURE PLEINE")},
			"opttarif=HC(NGTF) hchc*=000000100(EASF01) hchp*=000000200(EASF02) ptec=HP(LTARF) iinst!=005(IRMS1) papp=01190(SINSTS) adps*=0() hcinst*=0() hpinst*=0()",
		},
		{
			"standard, EJP",
			senml.Pack{w(pathCalendar, "EJP"), n(pathSupplier+"1", 100), n(pathSupplier+"2", 200), n(pathPower, 1190), n(pathTariffIndex, 2)},
			"opttarif=EJP(NGTF) hchc*=000000100(EASF01) hchp*=000000200(EASF02) ptec=PM(LTARF) papp=01190(SINSTS) adps*=0() iinst!=6() hcinst*=0() hpinst*=0()",
		},
		{
			"standard, Tempo",
			append(six(100), w(pathCalendar, "TEMPO"), n(pathPower, 1190), n(pathTariffIndex, 3)),
			"opttarif=HC(NGTF) hchc*=000000306() hchp*=000000309() ptec=HC(LTARF) papp=01190(SINSTS) adps*=0() iinst!=6() hcinst*=0() hpinst*=0() " + registers,
		},
		{
			"historic, Tempo",
			append(six(100), w(pathOption, "BBR("), n(pathPower, 1190), n(pathTariffIndex, 6), w(pathTariff, "HPJR")),
			"opttarif=HC(OPTARIF) hchc*=000000306() hchp*=000000309() ptec=HP(PTEC) papp=01190(PAPP) adps*=0() iinst!=6() hcinst*=0() hpinst*=0() " + registers,
		},
		{
			"standard, three indexes",
			senml.Pack{w(pathCalendar, "H SUPER CREUSES"), n(pathSupplier+"1", 100), n(pathSupplier+"2", 100), n(pathSupplier+"3", 100), n(pathDrawn, 300), n(pathPower, 220)},
			"opttarif=BASE(NGTF) base*=000000300(EAST) ptec=TH(LTARF) papp=00220(SINSTS) adps*=0() iinst!=1() baseinst*=0() east*=300()",
		},
		{
			"three phases and injection",
			senml.Pack{
				w(pathCalendar, "BASE"), n(pathSupplier+"1", 100), n(pathPower, 6600), n("current/1", 10), n("current/2", 9), n("current/3", 8),
				n(pathInjected, 500), n(pathInjectedIndex, 77),
			},
			"opttarif=BASE(NGTF) base*=000000100(EASF01) ptec=TH(LTARF) papp=06600(SINSTS) adps*=0() iinst!=30() baseinst*=0() iinst1*=10() iinst2*=9() iinst3*=8() sinsti*=500() eait*=77()",
		},
		{
			"above the subscribed power in standard mode",
			senml.Pack{w(pathCalendar, "BASE"), n(pathSupplier+"1", 100), n(pathPower, 7000), n(pathCurrent, 31), flag(now, pathOver, true)},
			"opttarif=BASE(NGTF) base*=000000100(EASF01) ptec=TH(LTARF) iinst!=031(IRMS1) adps*=031(STGE) papp=07000(SINSTS) baseinst*=0()",
		},
		{"neither power nor current", senml.Pack{w(pathOption, "BASE"), n(pathSupplier+"1", 100)}, ""},
		{"an index of two", senml.Pack{w(pathOption, "HC.."), n(pathSupplier+"1", 100), n(pathPower, 700)}, ""},
		{"no index", senml.Pack{w(pathOption, "BASE"), n(pathPower, 700)}, ""},
	} {
		if diff := cmp.Diff(tt.want, metavaluesOf(tt.said)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestModeSwitched holds that a meter's newest word of its contract decides.
func TestModeSwitched(t *testing.T) {
	t.Parallel()
	before := at("2026-11-23T12:00:00+01:00")
	after := before.Add(time.Hour)
	p := senml.Pack{
		text(before, pathOption, "HC.."), number(before, pathSupplier+"1", 1), number(before, pathSupplier+"2", 2), number(before, pathPower, 220), text(before, pathTariff, "HP.."),
		text(after, pathCalendar, "H PLEINE/CREUSE"), number(after, pathTariffIndex, 1),
	}
	want := "opttarif=HC(NGTF) hchc*=000000001(EASF01) hchp*=000000002(EASF02) ptec=HC(LTARF) papp=00220(SINSTS) adps*=0() iinst!=1() hcinst*=0() hpinst*=0()"
	if diff := cmp.Diff(want, metavaluesOf(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzMessage holds that whatever a meter is said to say, a message is JSON whose values are texts, without exponents.
func FuzzMessage(f *testing.F) {
	f.Add("BASE", 1e9, 1190.0, -3.5)
	f.Add("TEMPO", 1e300, 0.0, 1e-9)
	f.Fuzz(func(t *testing.T, calendar string, index, power, current float64) {
		now := at("2026-11-23T12:00:00+01:00")
		d := newDevice()
		p := senml.Pack{text(now, pathCalendar, calendar), number(now, pathPower, power), number(now, pathCurrent, current), number(now, pathDrawn, index)}
		for n := 1; n <= 6; n++ {
			p = append(p, number(now, fmt.Sprint(pathSupplier, n), index))
		}
		for _, r := range p {
			_, path, _ := strings.Cut(r.Name, "_")
			d.take(path, r)
		}
		written, err := plain(message{Metavalues: d.metavalues()})
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Metavalues map[string]struct {
				Value string `json:"value"`
			} `json:"metavalues"`
		}
		if err := json.Unmarshal(written, &m); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		for name, v := range m.Metavalues {
			if v.Value == "" || name != "opttarif" && name != "ptec" && strings.Trim(v.Value, "0123456789") != "" {
				t.Errorf("%s is %q", name, v.Value)
			}
		}
	})
}
