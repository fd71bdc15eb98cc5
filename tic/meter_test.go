package tic_test

import (
	"strings"

	"releve/tic"
)

// historicRows is a frame of an invented single-phase meter with peak hours: label, value.
var historicRows = []string{
	"ADCO 000000000000", "OPTARIF HC..", "ISOUSC 30", "HCHC 014460852", "HCHP 012506372", "PTEC HP..",
	"IINST 002", "IMAX 090", "PAPP 00440", "HHPHC A", "MOTDETAT 000000",
}

// standardRows is a frame of an invented single-phase meter: label, horodate if any, value.
var standardRows = []string{
	"ADSC\t000000000000", "VTIC\t02", "DATE\tE250621143015\t", "NGTF\t     TEMPO      ", "LTARF\t    HP  BLEU    ",
	"EAST\t026967224", "EASF01\t014460852", "EASF02\t012506372", "EASF03\t000000000", "EASF04\t000000000",
	"EASF05\t000000000", "EASF06\t000000000", "EASF07\t000000000", "EASF08\t000000000", "EASF09\t000000000",
	"EASF10\t000000000", "EASD01\t026967224", "EASD02\t000000000", "EASD03\t000000000", "EASD04\t000000000",
	"IRMS1\t002", "URMS1\t236", "PREF\t06", "PCOUP\t06", "SINSTS\t00440", "SMAXSN\tE250621071533\t03120",
	"SMAXSN-1\tE250620201108\t04480", "CCASN\tE250621143000\t00410", "CCASN-1\tE250621140000\t00395",
	"UMOY1\tE250621143000\t235", "STGE\t003A4401", "DPM1\t 250622060000\t00", "FPM1\t 250623060000\t00",
	"MSG1\tPAS DE          MESSAGE         ", "PRM\t00000000000000", "RELAIS\t000", "NTARF\t02", "NJOURF\t00",
	"NJOURF+1\t00",
	"PJOURF+1\t00004001 06004002 22004001 NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE",
}

// group returns the wire form of a row. The separator of the row is its mode; the checksum covers the last HT but not
// the last SP.
func group(row string) string {
	if strings.Contains(row, "\t") {
		row += "\t"
		return "\n" + row + string(tic.Checksum([]byte(row))) + "\r"
	}
	return "\n" + row + " " + string(tic.Checksum([]byte(row))) + "\r"
}

// frame returns the wire form of rows.
func frame(rows ...string) string {
	return "\x02" + lines(rows...) + "\x03"
}

// lines returns the wire form of rows without the frame around them.
func lines(rows ...string) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(group(row))
	}
	return b.String()
}

// withParity sets bit 7 of each byte that needs it, as the line does and as a port read at 8N1 shows.
func withParity(s string) string {
	raw := []byte(s)
	for i, c := range raw {
		ones := 0
		for b := c; b != 0; b &= b - 1 {
			ones++
		}
		if ones%2 == 1 {
			raw[i] |= 0x80
		}
	}
	return string(raw)
}

// shown is a frame a test can keep and compare: each group as "label|value" or "label|horodate|value".
type shown struct {
	Mode     string
	Complete bool
	Groups   []string
	Rejected int
}

func show(f *tic.Frame) shown {
	s := shown{Mode: f.Mode.String(), Complete: f.Complete, Rejected: f.Rejected}
	for _, g := range f.Groups {
		s.Groups = append(s.Groups, showGroup(g))
	}
	return s
}

func showGroup(g tic.Group) string {
	if g.Horodate == nil {
		return string(g.Label) + "|" + string(g.Value)
	}
	return string(g.Label) + "|" + string(g.Horodate) + "|" + string(g.Value)
}

// decode feeds the raw bytes in pieces of the given size and flushes.
func decode(mode tic.Mode, raw string, piece int) ([]shown, tic.Counters) {
	var frames []shown
	d := tic.NewDecoder(mode, func(f *tic.Frame) { frames = append(frames, show(f)) })
	write(d, raw, piece)
	d.Flush()
	return frames, d.Counters()
}

func write(d *tic.Decoder, raw string, piece int) {
	for len(raw) > 0 {
		n := min(piece, len(raw))
		d.Write([]byte(raw[:n])) // never errors, by its contract
		raw = raw[n:]
	}
}
