package tic_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"releve/tic"
	"releve/tic/linky"
)

// damage is a way a line is spoilt between the meter and us. bits is 7 on a line without parity, else 8.
type damage struct {
	name  string
	spoil func(r *rand.Rand, line []byte, bits int) []byte

	// The most per mille that a decoder may accept wrongly: by checksum alone, without parity bits and with them.
	checksum, plain, parity float64
}

// damages are those of a serial line, with the bounds of the short test; DECODER.md has what the long one measured.
func damages() []damage {
	return []damage{
		{"1 bit", flips(1), 180, 8, 0},
		{"2 bits", flips(2), 100, 10, 0.5},
		{"burst of 2 characters", burst, 25, 2, 1},
		{"1 character lost", loss(1), 1, 0.5, 0.5},
		{"2 characters lost", loss(2), 40, 0.5, 0.5},
		{"4 characters lost", loss(4), 170, 0.5, 0.5},
		{"8 characters lost", loss(8), 80, 0.5, 0.5},
		{"2 neighbours swapped", swap, 800, 350, 350},
	}
}

func flips(n int) func(*rand.Rand, []byte, int) []byte {
	return func(r *rand.Rand, line []byte, bits int) []byte {
		for _, at := range r.Perm(len(line) * bits)[:n] {
			line[at/bits] ^= 1 << (at % bits)
		}
		return line
	}
}

// burst replaces two neighbours.
func burst(r *rand.Rand, line []byte, bits int) []byte {
	at := r.IntN(len(line) - 1)
	line[at] ^= byte(1 + r.IntN(1<<bits-1))
	line[at+1] ^= byte(1 + r.IntN(1<<bits-1))
	return line
}

// loss takes n neighbours out.
func loss(n int) func(*rand.Rand, []byte, int) []byte {
	return func(r *rand.Rand, line []byte, _ int) []byte {
		n := min(n, len(line)-1)
		at := r.IntN(len(line) - n + 1)
		return slices.Delete(line, at, at+n)
	}
}

// swap is no failure of a serial line; it shows what a sum cannot see.
func swap(r *rand.Rand, line []byte, _ int) []byte {
	at := r.IntN(len(line) - 1)
	line[at], line[at+1] = line[at+1], line[at]
	return line
}

// trial spoils lines and counts what a decoder makes of them.
type trial struct {
	decoder *tic.Decoder
	good    string // the line as the meter sent it, as showGroup shows it
	wrong   int    // lines of which another group was made, with a label that is known
	unknown int    // … with one that is not
}

func newTrial() *trial {
	c := &trial{}
	c.decoder = tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
		for _, g := range f.Groups {
			if showGroup(g) == c.good {
				continue
			}
			if _, known := tic.Lookup(g.Label); known {
				c.wrong++
			} else {
				c.unknown++
			}
			return
		}
	})
	return c
}

// play gives n spoilt lines to the decoder, between STX and ETX, and returns how many of them a reader that checks
// nothing but the sum would have taken.
func (c *trial) play(lines []string, d damage, n int, parity bool) (summed int) {
	r := rand.New(rand.NewPCG(1, 2))
	bits := 7
	if parity {
		bits = 8
		c.decoder.Write([]byte(withParity(strings.Repeat(frame("PAPP 00440"), 8)))) // teaches it that there is parity
		c.wrong, c.unknown = 0, 0
	}
	for range n {
		line := lines[r.IntN(len(lines))]
		c.good = shownRow(line)
		raw := []byte(line)
		if parity {
			raw = []byte(withParity(line))
		}
		spoilt := d.spoil(r, bytes.Clone(raw), bits)
		if bytes.Equal(raw, spoilt) {
			continue
		}
		for _, part := range [][]byte{{2, '\n'}, spoilt, {'\r', 3}} {
			c.decoder.Write(part) // never errors, by its contract
		}
		summed += len(naiveGroups(stripped(spoilt)))
	}
	return summed
}

// stripped is a line without its parity bits.
func stripped(line []byte) []byte {
	clean := bytes.Clone(line)
	for i := range clean {
		clean[i] &= 0x7F
	}
	return clean
}

// shownRow is what showGroup shows of a line with its checksum.
func shownRow(line string) string {
	if row, standard := strings.CutSuffix(line[:len(line)-1], "\t"); standard {
		return strings.ReplaceAll(row, "\t", "|")
	}
	return strings.Replace(line[:len(line)-2], " ", "|", 1)
}

// meterLines are the lines of emulated meters of both modes, one and three phases, from first character to checksum.
func meterLines(t *testing.T) (lines []string) {
	t.Helper()
	for _, s := range []linky.Scenario{
		{Mode: tic.Historic, Contract: linky.PeakOffPeak},
		{Mode: tic.Historic, Contract: linky.Tempo, Phases: 3},
		{Mode: tic.Standard, Contract: linky.PeakOffPeak},
		{Mode: tic.Standard, Contract: linky.Tempo, Phases: 3, Producer: true},
	} {
		m, err := linky.New(s)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			for _, line := range strings.Split(strings.Trim(string(m.Frame(nil)), "\x02\x03"), "\r") {
				if line = strings.TrimPrefix(line, "\n"); line != "" {
					lines = append(lines, line)
				}
			}
		}
	}
	return lines
}

// TestDamage measures the share of damaged groups that are accepted with another content, and prints it as the table of
// DECODER.md: go test -v -run TestDamage. RELEVE_DAMAGE is the number of groups of each row, 20 000 if it is not set.
func TestDamage(t *testing.T) {
	t.Parallel()
	n := 20_000
	if text := os.Getenv("RELEVE_DAMAGE"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	lines := meterLines(t)
	var table strings.Builder
	for _, d := range damages() {
		plain, parity := newTrial(), newTrial()
		summed := plain.play(lines, d, n, false)
		parity.play(lines, d, n, true)
		share := func(count int) float64 { return float64(count) * 100 / float64(n) }
		fmt.Fprintf(&table, "| %s | %.3g %% | %.3g %% | %.3g %% | %.3g %% | %.3g %% |\n", d.name,
			share(summed), share(plain.wrong), share(parity.wrong), share(plain.unknown), share(parity.unknown))
		for what, is := range map[string][2]float64{
			"by its checksum": {share(summed) * 10, d.checksum},
			"without parity":  {share(plain.wrong) * 10, d.plain},
			"with parity":     {share(parity.wrong) * 10, d.parity},
		} {
			if is[0] > is[1] {
				t.Errorf("%s: %.3g per mille accepted %s, want at most %.3g", d.name, is[0], what, is[1])
			}
		}
	}
	t.Logf("%d damaged groups a row, accepted as another one\n| damage | checksum alone | without parity bits | with parity | unknown label, without parity bits | with parity |\n|---|---|---|---|---|---|\n%s", n, &table)
}
