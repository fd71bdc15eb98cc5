package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeValues(t *testing.T) {
	t.Parallel()
	const profile = "00004001 06008002 2200C411" + " NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE"
	for _, test := range []struct{ name, raw, values string }{
		{"numbers", standardLine("EAST", "026967224") + standardLine("SINSTS", "00000") + standardLine("VTIC", "02"),
			`{"label":"EAST","value":26967224,"unit":"Wh"},{"label":"SINSTS","value":0,"unit":"VA"},{"label":"VTIC","value":2}`},
		{"dates", standardLine("DATE", "H260115183000", "") + standardLine("SMAXSN", "e260615063000", "03210") + standardLine("DPM1", " 260622060000", "00"),
			`{"label":"DATE","time":"2026-01-15T18:30:00+01:00"},` +
				`{"label":"SMAXSN","time":"2026-06-15T06:30:00+02:00","degraded":true,"value":3210,"unit":"VA"},` +
				`{"label":"DPM1","time":"2026-06-22T06:00:00","value":0}`},
		{"texts", standardLine("NGTF", "     TEMPO      ") + standardLine("PRM", "00000000000000"),
			`{"label":"NGTF","value":"TEMPO"},{"label":"PRM","value":"00000000000000"}`},
		{"registers", standardLine("STGE", "463A0B80") + standardLine("RELAIS", "129"),
			`{"label":"STGE","value":{"contact":"closed","breaker":"closed","cover_open":false,"overvoltage":false,"over_power":true,` +
				`"producer":true,"injecting":true,"supplier_index":3,"distributor_index":1,"clock_degraded":false,"mode":"standard",` +
				`"euridis":"secured","power_line":"New/Lock","synchronised":false,"today":"white","tomorrow":"blue","peak":1}},` +
				`{"label":"RELAIS","value":[1,8]}`},
		{"day profile", standardLine("PJOURF+1", profile),
			`{"label":"PJOURF+1","value":[{"from":"00:00","index":1,"contact":"Tempo"},{"from":"06:00","index":2,"contact":"open"},` +
				`{"from":"22:00","index":1,"contact":"close","virtual":[1,7]}]}`},
		{"tariffs", historicLine("OPTARIF", "BBR(") + historicLine("PTEC", "HPJR") + historicLine("DEMAIN", "----") + historicLine("HHPHC", "A") + historicLine("PPOT", "0C"),
			`{"label":"OPTARIF","value":{"contract":"Tempo","heating":"A","hot_water":"P0"}},{"label":"PTEC","value":{"hours":"peak","colour":"red"}},` +
				`{"label":"DEMAIN","value":"none"},{"label":"HHPHC","value":"A"},{"label":"PPOT","value":[2,3]}`},
		{"another option", historicLine("OPTARIF", "EJP ") + historicLine("PTEC", "PM..") + historicLine("MOTDETAT", "40000F"),
			`{"label":"OPTARIF","value":{"contract":"EJP"}},{"label":"PTEC","value":{"hours":"mobile peak"}},{"label":"MOTDETAT","value":"40000F"}`},
		{"outside the specification", standardLine("NTARF", "11") + standardLine("FUTURE", "1"),
			`{"label":"NTARF","raw":"11","error":"read NTARF: 11 is not 1 to 10"},{"label":"FUTURE","raw":"1","error":"read FUTURE: not a known label"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mode := "standard"
			if !strings.Contains(test.raw, "\t") {
				mode = "historic"
			}
			want := `{"mode":"` + mode + `","complete":true,"values":[` + test.values + `],"rejected":0}` + "\n"
			got := typed(t, "\x02"+test.raw+"\x03", "decode", "--format", "values")
			if diff := cmp.Diff(want, got.out); diff != "" || got.code != exitDone {
				t.Errorf("code %d (-want +got):\n%s", got.code, diff)
			}
		})
	}
}
