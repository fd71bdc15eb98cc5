package tic_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// dayProfile is three blocks of eleven, as a Tempo meter sends them.
const dayProfile = "00004001 06004002 22004001 NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE"

// unusedTail ends a profile after the given number of blocks.
func unusedTail(used int) string { return strings.Repeat(" NONUTILE", 11-used) }

func TestProfile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, raw, text string
		want            []tic.Block
	}{
		{"Tempo", dayProfile, "00:00 index 1 contact Tempo; 06:00 index 2 contact Tempo; 22:00 index 1 contact Tempo", []tic.Block{
			{Contact: tic.TempoContact, Index: 1},
			{Hour: 6, Contact: tic.TempoContact, Index: 2},
			{Hour: 22, Contact: tic.TempoContact, Index: 1},
		}},
		{"off-peak", "00008002 0256C001 07568002 1156C001 14568002" + unusedTail(5),
			"00:00 index 2 contact open; 02:56 index 1 contact close; 07:56 index 2 contact open; 11:56 index 1 contact close; 14:56 index 2 contact open",
			[]tic.Block{
				{Contact: tic.OpenContact, Index: 2},
				{Hour: 2, Minute: 56, Contact: tic.CloseContact, Index: 1},
				{Hour: 7, Minute: 56, Contact: tic.OpenContact, Index: 2},
				{Hour: 11, Minute: 56, Contact: tic.CloseContact, Index: 1},
				{Hour: 14, Minute: 56, Contact: tic.OpenContact, Index: 2},
			}},
		{"virtual contacts, index left as it is", "05300410 23590FFB" + unusedTail(2), "05:30 virtual 1000001; 23:59 virtual 1111111",
			[]tic.Block{{Hour: 5, Minute: 30, Virtual: 0x41}, {Hour: 23, Minute: 59, Virtual: 0x7F}}},
		{"nothing", unusedTail(0)[1:], "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := tic.ParseProfile([]byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, append([]tic.Block(nil), got.Blocks()...)); diff != "" {
				t.Errorf("blocks (-want +got):\n%s", diff)
			}
			if got.String() != test.text {
				t.Errorf("text is %q, want %q", got, test.text)
			}
		})
	}
}

func TestProfileErrors(t *testing.T) {
	t.Parallel()
	checkParsed(t, tic.ParseProfile, tic.Profile.String, []parsed{
		{raw: "00004001", err: "read day profile: 8 characters, want 98"},
		{raw: "00004001-" + unusedTail(1)[1:], err: "read day profile: no space before block 2"},
		{raw: "0000400G" + unusedTail(1), err: `read day profile: block 1, "0000400G", is not HHMM and four hexadecimal digits`},
		{raw: "0A004001" + unusedTail(1), err: `read day profile: block 1, "0A004001", is not HHMM and four hexadecimal digits`},
		{raw: "24004001" + unusedTail(1), err: `read day profile: block 1, "24004001", has no such time`},
		{raw: "00604001" + unusedTail(1), err: `read day profile: block 1, "00604001", has no such time`},
		{raw: "06004001 06004002" + unusedTail(2), err: `read day profile: block 2, "06004002", is not later than the one before`},
		{raw: "NONUTILE 06004002" + unusedTail(2), err: `read day profile: block 2, "06004002", follows one that is not used`},
	})
}

func TestProfileAt(t *testing.T) {
	t.Parallel()
	p, err := tic.ParseProfile([]byte(dayProfile))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ hour, minute, index int }{{0, 0, 1}, {5, 59, 1}, {6, 0, 2}, {21, 59, 2}, {23, 59, 1}} {
		if b, ok := p.At(test.hour, test.minute); !ok || int(b.Index) != test.index {
			t.Errorf("at %02d:%02d index %d, %v, want %d", test.hour, test.minute, b.Index, ok, test.index)
		}
	}
	late, err := tic.ParseProfile([]byte("06004002" + unusedTail(1)))
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := late.At(5, 59); ok {
		t.Errorf("before the first block there is %v", b)
	}
}

// FuzzProfile holds that blocks that were read are in the order of their times and within what the format can say.
func FuzzProfile(f *testing.F) {
	f.Add([]byte(dayProfile))
	f.Add([]byte("05300411 2359FFFF" + unusedTail(2)))
	f.Add([]byte(strings.Repeat("NONUTILE ", 11)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := tic.ParseProfile(raw)
		if err != nil {
			return
		}
		last := -1
		for _, b := range p.Blocks() {
			now := int(b.Hour)*60 + int(b.Minute)
			if now <= last || now >= 24*60 || b.Index > 10 || b.Virtual > 0x7F {
				t.Fatalf("%q: block %+v after minute %d", raw, b, last)
			}
			last = now
		}
		if used := 11 - strings.Count(string(raw), "NONUTILE"); used != len(p.Blocks()) {
			t.Fatalf("%q: %d blocks, want %d", raw, len(p.Blocks()), used)
		}
	})
}
