package tic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// A group whose checksum is right is refused all the same when its label cannot have such a value.
func TestValues(t *testing.T) {
	t.Parallel()
	const date = "E250621143015"
	for _, test := range []struct{ row, cause string }{
		{"ADCO 00000000000A", "charset"},
		{"ADCO 0000000000", "width"},
		{"OPTARIF BASE", ""}, {"OPTARIF EJP ", ""}, {"OPTARIF BBR?", ""},
		{"OPTARIF BBR@", "charset"}, {"OPTARIF HP..", "charset"}, {"OPTARIF HC...", "width"},
		{"PTEC HC  ", ""}, {"PTEC HCJX", "charset"}, {"PTEC hc..", "charset"},
		{"DEMAIN ____", ""}, {"DEMAIN VERT", "charset"},
		{"HHPHC B", ""}, {"HHPHC a", "charset"}, {"HHPHC AA", "width"},
		{"PAPP 0044O", "charset"}, {"PAPP 440", "width"}, {"PAPP  0440", "charset"},
		{"HCHC 01446085", "off width"}, {"HCHC 0144608", "width"}, {"HCHC 0144608520", "width"},
		{"GAZ 0012345", ""}, {"GAZ 12345", "width"},
		{"MOTDETAT 40000F", ""}, {"MOTDETAT 40000G", "charset"},
		{"PPOT 0E", ""}, {"PPOT 0 ", "charset"},
		{"ADSC\t00000000000", "off width"}, {"ADSC\t0000000000000", "off width"},
		{"ADSC\t00000000000000", "width"}, {"PRM\t0000000000000", "width"},
		{"DATE\t" + date + "\t", ""}, {"DATE\t" + date + "\t0", "width"}, {"DATE\t250621", "framing"},
		{"EAST\t026967224", ""}, {"EAST\t02696722:", "charset"}, {"EAST\t02696722", "width"}, {"EAST\t:26967224", "charset"},
		{"EAST\t" + date + "\t026967224", "framing"}, {"SMAXSN\t03120", "framing"},
		{"SMAXSN\tX250621143015\t03120", "charset"}, {"SMAXSN\tE2506211430I5\t03120", "charset"},
		{"SMAXSN\tE000000000000\t03120", ""}, // a meter whose clock was never set
		{"NGTF\tBASE", "off width"}, {"NGTF\tBASE ", "width"}, {"NGTF\tHC  BASE", "width"}, {"NGTF\t" + strings.Repeat("N", 17), "width"},
		{"MSG1\tPAS DE MESSAGE", "off width"}, {"MSG1\tPAS DE          MESSAGE        ", "width"},
		{"LTARF\t    HP  BL\x7fU    ", "charset"}, {"LTARF\t~~~~~~~~~~~~~~~~", ""},
		{"STGE\t003A4401", ""}, {"STGE\t003a4401", "charset"}, {"STGE\t003A440", "width"},
		{"RELAIS\t255", ""}, {"RELAIS\t256", "charset"},
		{"NTARF\t11", ""}, // outside the specification, but a number
		{"PJOURF+1\t" + dayProfile, ""}, {"PJOURF+1\t" + strings.Replace(dayProfile, "NON", "NOM", 1), "charset"},
		{"PJOURF+1\t" + strings.Replace(dayProfile, " ", "0", 1), "charset"}, {"PJOURF+1\t" + dayProfile[:97], "width"},
		{"EAP_s\t000000001", "unknown"}, {"DEBUTp\t1", "unknown"}, {"ENERG 000123", "unknown"},
		{"EAP_s 00012345kWh", "unknown"}, {"DATE 22/09/14 12:34:56", "unknown"}, {"JAUNE 06 0 1 2", "unknown"}, // PME-PMI, CJE
		{"BASE\t012345678", "unknown"}, {"EAST 026967224", "unknown"}, // in the other mode
		{"EASFq1\t012345678", "label"}, {"1JOURF+1\t00", "label"}, {"EA\xd3T\t012345678", "parity"}, {"EA#T\t012345678", "label"},
	} {
		t.Run(test.row, func(t *testing.T) {
			t.Parallel()
			want := counts{}
			if test.cause != "" {
				want[test.cause] = 1
			}
			for _, raw := range []string{frame(test.row), strings.ReplaceAll(frame(test.row), "\n", "\x0b")} {
				_, counters := decode(tic.Auto, raw, 64)
				counters.DamagedLF = 0
				if diff := cmp.Diff(want, refusals(counters)); diff != "" {
					t.Errorf("%q (-want +got):\n%s", raw, diff)
				}
			}
		})
	}
}

// Every label of the table is read as the table says: at its width, and neither one character more nor less, but for what
// LABELS.md names.
func TestEveryLabel(t *testing.T) {
	t.Parallel()
	for _, l := range tic.Labels() {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			value := sample(l)
			got, counters := decode(tic.Auto, frame(rowWith(l, value)), 64)
			if len(got) != 1 || counters.Strange()+counters.OffWidth+counters.Refused() != 0 {
				t.Fatalf("%q: %+v", value, refusals(counters))
			}
			for _, wrong := range []string{value + "0", strings.TrimPrefix(value, value[:min(1, len(value))])} {
				if wrong == value {
					continue
				}
				_, counters := decode(tic.Auto, frame(rowWith(l, wrong)), 64)
				if counters.OffWidth+counters.Refused() != 1 {
					t.Errorf("%q: %+v", wrong, refusals(counters))
				}
			}
		})
	}
}

// sample is a value a label may have.
func sample(l tic.Label) string {
	switch l.Kind {
	case tic.TariffOption:
		return "BBR("
	case tic.TariffPeriod:
		return "HPJR"
	case tic.DayColour:
		return "BLEU"
	case tic.HoursGroup:
		return "A"
	case tic.Text:
		return fmt.Sprintf("%-*s", l.Width, " TEXTE")
	case tic.DayPlan:
		return dayProfile
	}
	return strings.Repeat("0", max(l.Width-1, 0)) + strings.Repeat("2", min(l.Width, 1))
}

// rowWith is the row of a label with a value.
func rowWith(l tic.Label, value string) string {
	switch {
	case l.Modes.Has(tic.Historic):
		return l.Name + " " + value
	case l.Horodate:
		return l.Name + "\tE250621143015\t" + value
	}
	return l.Name + "\t" + value
}

func TestStandby(t *testing.T) {
	t.Parallel()
	veille := frame("ADCO 000000000000")
	_, counters := decode(tic.Auto, strings.Repeat(veille, 3), 64)
	want := "The meter says nothing but its address (standby): ask the distributor to switch its customer information on."
	if got := counters.Diagnosis(); counters.Standby != 3 || got.EN != want || got.FR == "" {
		t.Errorf("%d frames of a meter on standby, diagnosis %q, want 3, %q", counters.Standby, got.EN, want)
	}
	spoilt := "\x02" + lines("ADCO 000000000000") + "\nADCO 00\r\x03"
	for raw, want := range map[string]bool{
		veille: false, veille + veille: true, veille + veille + spoilt: true, veille + veille + spoilt + spoilt: false,
		veille + veille + frame("PTEC HC.."): true, frame("PTEC HC.."): false,
	} {
		if _, counters := decode(tic.Auto, raw, 64); counters.OnStandby() != want {
			t.Errorf("%q: on standby is %v, want %v", raw, !want, want)
		}
	}
	for _, raw := range []string{frame("ADCO 000000000000", "IINST1 010"), frame("PTEC HC.."), "\x02" + lines("ADCO 000000000000") + "\nIINST\r\x03", lines("ADCO 000000000000")} {
		if _, counters := decode(tic.Auto, raw, 64); counters.Standby != 0 {
			t.Errorf("%q is of a meter on standby", raw)
		}
	}
}
