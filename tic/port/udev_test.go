package port

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rule is what udev(7) needs to tell a dongle from every other adapter, as in systemd/70-releve-tic.rules.
func (d dongle) rule() string {
	match := []string{`SUBSYSTEMS=="usb"`}
	for _, one := range []struct{ name, value string }{
		{"idVendor", d.vendor}, {"idProduct", d.product}, {"manufacturer", d.manufacturer}, {"product", d.name},
	} {
		if one.value != "" {
			match = append(match, `ATTRS{`+one.name+`}=="`+one.value+`"`)
		}
	}
	if d.serial != "" {
		match = append(match, `ATTRS{serial}=="`+d.serial+`*"`)
	}
	return "# " + d.title + "\n" + strings.Join(match, ", ") + `, SYMLINK+="tic%n", ENV{ID_MM_DEVICE_IGNORE}="1"` + "\n"
}

// The rules of udev name the dongles that auto may open, no more and no fewer.
func TestRulesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../systemd/70-releve-tic.rules")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(text), "\n\n")
	var want strings.Builder
	for _, d := range dongles {
		want.WriteString(d.rule())
	}
	want.WriteString("\nLABEL=\"releve_end\"\n")
	if diff := cmp.Diff(want.String(), rules); diff != "" {
		t.Error(diff)
	}
}
