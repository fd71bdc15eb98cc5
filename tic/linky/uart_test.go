package linky

import (
	"bytes"
	"testing"
)

// TestResampleSameSpeed holds that a receiver at the right speed, or off by less than four percent, reads what was sent.
func TestResampleSameSpeed(t *testing.T) {
	t.Parallel()
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	for _, speed := range []int64{9600, 9600 * 97 / 100, 9600 * 103 / 100} {
		if got := resample(nil, all, 9600, speed); !bytes.Equal(got, all) {
			t.Errorf("a receiver at %d Bd reads % x, want each byte once", speed, got)
		}
	}
}

// TestResample works single characters out by hand.
func TestResample(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sent     []byte
		from, to int64
		want     []byte
	}{
		{"nothing", nil, 9600, 1200, nil},
		// The start bit lasts eight bits of the receiver: start and seven zeros, then the first bit of the character.
		{"slow U heard fast", []byte{0x55}, 1200, 9600, []byte{0x80, 0x80, 0x80, 0x80, 0x80}},
		{"slow NUL heard fast is a break and no more", []byte{0x00}, 1200, 9600, []byte{0x00}},
		{"slow FF heard fast", []byte{0xFF}, 1200, 9600, []byte{0x80}},
		// A whole character is little longer than a bit of the receiver, which looks at 4, 12, 20, … of the sender's bits.
		{"one fast NUL heard slow", []byte{0x00}, 9600, 1200, []byte{0xFF}},
		{"a fast glitch is no start bit", []byte{0xFF}, 9600, 1200, nil},
		{"fast NULs heard slow, their stop bits between the looks", bytes.Repeat([]byte{0x00}, 8), 9600, 1200, []byte{0x00}},
		{"and where one is looked at", append([]byte{0x00, 0x02}, make([]byte, 6)...), 9600, 1200, []byte{0x01}},
	}
	for _, test := range tests {
		if got := resample(nil, test.sent, test.from, test.to); !bytes.Equal(got, test.want) {
			t.Errorf("%s: % x, want % x", test.name, got, test.want)
		}
	}
}

// FuzzResample holds that a receiver never reads more than its speed allows, and that the right speed changes nothing.
func FuzzResample(f *testing.F) {
	f.Add([]byte("\x82\nADSC\t041861282663\t<\x8d\x03"), uint16(9600), uint16(1200))
	f.Add([]byte{0, 0xFF, 0x55, 0xAA}, uint16(1200), uint16(9600))
	f.Fuzz(func(t *testing.T, sent []byte, from, to uint16) {
		if from < 300 || to < 300 || len(sent) > 4096 {
			return
		}
		got := resample([]byte("before"), sent, int64(from), int64(to))
		if !bytes.HasPrefix(got, []byte("before")) {
			t.Fatal("what was there is gone")
		}
		if most := (len(sent)*int(to)*10/int(from)+10)*2/19 + 1; len(got)-6 > most {
			t.Errorf("%d characters of %d at %d Bd, from %d at %d; want at most %d", len(got)-6, len(got), to, len(sent), from, most)
		}
		if same := resample(nil, sent, int64(from), int64(from)); !bytes.Equal(same, sent) {
			t.Errorf("% x at the right speed, want % x", same, sent)
		}
	})
}
