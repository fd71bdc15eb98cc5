package ledger

import (
	"bytes"
	"maps"
	"slices"
	"testing"
)

// Of every kind of entry it is named when one is changed, dropped, or exchanged with the one behind it; what is dropped from
// the end is seen by who kept a checkpoint.
func TestVerifyNamesEveryKind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := filled(t, dir, 1) // its beginning
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kind != Beginning {
			_, err := l.Append(Entry{At: noon, Kind: kind, By: "page", Recipient: "client@breizh-sen2.example", Consent: "23289931e73244d3", Text: "words"})
			must(t, err)
		}
	}
	file := readFile(t, dir)
	lines := bytes.SplitAfter(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	if len(lines) != len(kinds) {
		t.Fatalf("%d lines for %d kinds", len(lines), len(kinds))
	}
	names := func(what string, want int, file [][]byte) {
		t.Helper()
		if named := damaged(t, l.PublicKey(), bytes.Join(file, nil)); named != int64(want) {
			t.Errorf("entry %d %s: names %d", want, what, named)
		}
	}
	for i, entry := range contents(t, dir) {
		kind := []byte(`"` + string(entry.Entry.Kind) + `"`)
		other := []byte(`"` + string(map[bool]Kind{true: Grant, false: Refusal}[entry.Entry.Kind != Grant]) + `"`)
		changed := slices.Clone(lines)
		if changed[i] = bytes.Replace(lines[i], kind, other, 1); bytes.Equal(changed[i], lines[i]) {
			t.Fatalf("entry %d does not say that it is %s", i, kind)
		}
		names("called "+string(other), i, changed)
		if i+1 == len(lines) {
			continue
		}
		names("dropped", i, slices.Delete(slices.Clone(lines), i, i+1))
		swapped := slices.Clone(lines)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		names("exchanged", i, swapped)
	}
	if _, err := verify(bytes.NewReader(bytes.Join(lines[:len(lines)-1], nil)), l.PublicKey(), []Checkpoint{head(t, dir, l)}); err == nil {
		t.Error("the last one is dropped, and nothing is said")
	}
}

// head is the checkpoint of a ledger as it is.
func head(t *testing.T, dir string, l *Ledger) Checkpoint {
	t.Helper()
	c, err := ParseCheckpoint(snapshot(t, dir).Checkpoint(), l.PublicKey())
	must(t, err)
	return c
}
