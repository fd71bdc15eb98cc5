package tic_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

// TestLabelsDocument holds LABELS.md equal to the table; with -update it writes it anew.
func TestLabelsDocument(t *testing.T) {
	t.Parallel()
	want := labelsDocument()
	if *update {
		if err := os.WriteFile("LABELS.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("LABELS.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("LABELS.md is not what the table says: go test ./tic -run TestLabelsDocument -update (-table +document):\n%s", diff)
	}
}

var update = flag.Bool("update", false, "write LABELS.md anew")

// labelsDocument is LABELS.md.
func labelsDocument() string {
	var b strings.Builder
	b.WriteString(`# The labels of the TIC

Made from the table in ` + "`historic.go` and `standard.go`" + ` by ` + "`go test ./tic -run TestLabelsDocument -update`" + `; the decoder holds every value to it.

A label that is absent is not known: it is never nought. Three-phase meters send those marked 3, single-phase meters those
marked 1; P is sent only by meters that also count what is injected; H comes with its horodate.

What differs from the width was seen and is accepted and counted: addresses of one digit more or less, and texts without
any padding, in edited recordings; indexes of a concentrator, eight digits. A label that is not here, of an industrial meter (PME-PMI,
SAPHIR, CJE, ICE) or of a version to come, is accepted raw when it could be one, and counted.
`)
	for _, mode := range []tic.Mode{tic.Historic, tic.Standard} {
		fmt.Fprintf(&b, "\n## %s mode\n\n| label | width | value | unit | | when | meaning | sens |\n|---|---|---|---|---|---|---|---|\n",
			map[tic.Mode]string{tic.Historic: "Historic", tic.Standard: "Standard"}[mode])
		for _, l := range tic.Labels() {
			if l.Modes.Has(mode) {
				b.WriteString(labelRow(l))
			}
		}
	}
	return b.String()
}

func labelRow(l tic.Label) string {
	value := l.Kind.String()
	if l.High > 0 {
		value = fmt.Sprintf("%d to %d", l.Low, l.High)
	}
	marks := ""
	if l.Phases > 0 {
		marks = fmt.Sprint(l.Phases)
	}
	if l.Producer {
		marks += "P"
	}
	if l.Horodate {
		marks += "H"
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %s | %s |\n", l.Name, l.Width, value, l.Unit, marks, l.When.Words().EN, l.Meaning.EN, l.Meaning.FR)
}
