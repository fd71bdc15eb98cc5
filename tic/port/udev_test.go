package port

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	return "# " + d.title + "\n" + strings.Join(match, ", ") + `, ENV{.TIC}="1"` + "\n"
}

// The rules of udev name the dongles that auto may open, no more and no fewer.
func TestRulesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../systemd/70-releve-tic.rules")
	if err != nil {
		t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(text), "\n\n")
	rules, _, _ = strings.Cut(rules, "\n\n")
	var want strings.Builder
	for _, d := range dongles {
		want.WriteString(d.rule())
	}
	if diff := cmp.Diff(want.String(), rules+"\n"); diff != "" {
		t.Error(diff)
	}
}

// What udev itself makes of the rules, with its own ones that ask a USB device for its serial number: each dongle has one name,
// which stays, and no other adapter has any.
func TestRulesNameDongles(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("udevadm")
	if err == nil {
		err = exec.CommandContext(t.Context(), "unshare", "-rm", "true").Run() // mounts of its own
	}
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	anonymous, radio := oneTIC, microV2
	anonymous.Serial, radio.Serial = "", "DN01ABCD"
	for _, tt := range []struct {
		terminal string
		usb      USB
		want     string
	}{
		{"ttyUSB0", microV2, "/dev/tic-TINFO-1001, left alone"},
		{"ttyACM0", microV3, "/dev/tic-TINFO-2001, left alone"},
		{"ttyUSB1", oneTIC, "/dev/tic-DA000001, left alone"},
		{"ttyUSB2", anonymous, "/dev/tic2, left alone"},
		{"ttyUSB3", radio, ""},
		{"ttyUSB4", nameless, ""},
	} {
		if got := named(t, tt.terminal, tt.usb); got != tt.want {
			t.Errorf("%s of %+v: %q, want %q", tt.terminal, tt.usb, got, tt.want)
		}
	}
}

// named has udev look at a terminal, on a machine whose /sys and rules are files of ours, and returns the names of a dongle
// that it gives it, and whether ModemManager leaves it alone.
func named(t *testing.T, terminal string, u USB) string {
	t.Helper()
	tree := Tree{Machine{t.TempDir()}, t}
	device := tree.seen(terminal, u)
	for _, rules := range []string{"/usr/lib/udev/rules.d/60-serial.rules", "../../systemd/70-releve-tic.rules"} {
		text, err := os.ReadFile(rules)
		if err != nil {
			t.Fatal(err)
		}
		tree.write("rules/"+filepath.Base(rules), string(text))
	}
	run := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-ec", `mount --bind "$0/sys" /sys; mount --bind "$0/rules" /usr/lib/udev/rules.d
		mount -t tmpfs none /run; mount -t tmpfs none /dev; exec udevadm test --action=add "/$1"`, tree.path(), device)
	run.Env = append(os.Environ(), "SYSTEMD_DEVICE_VERIFY_SYSFS=0")
	var said strings.Builder
	run.Stderr = &said
	out, err := run.Output()
	if err != nil || !strings.Contains(string(out), "DEVNAME=/dev/"+terminal+"\n") || strings.Contains(said.String(), "\n/usr/lib/udev/rules.d/70-") { // on a line of the rules
		t.Fatalf("%v: %s%s", err, &said, out)
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "DEVLINKS":
			got = append(got, slices.DeleteFunc(strings.Fields(value), func(link string) bool { return !strings.HasPrefix(link, "/dev/tic") })...)
		case "ID_MM_DEVICE_IGNORE":
			got = append(got, "left alone")
		}
	}
	slices.Sort(got)
	return strings.Join(got, ", ")
}

// seen writes down an adapter as udev reads it, and returns its terminal.
func (tree Tree) seen(terminal string, u USB) (device string) {
	tree.t.Helper()
	adapter := "sys/devices/usb1/" + u.Place
	at := adapter + "/" + u.Place + ":1.0"
	device = at + "/tty/" + terminal
	for file, text := range map[string]string{
		adapter + "/uevent": "DEVTYPE=usb_device", at + "/uevent": "DEVTYPE=usb_interface", at + "/bInterfaceNumber": "00", at + "/bInterfaceClass": "ff",
		adapter + "/idVendor": u.Vendor, adapter + "/idProduct": u.Product, adapter + "/manufacturer": u.Manufacturer, adapter + "/product": u.Name, adapter + "/serial": u.Serial,
		device + "/uevent": "MAJOR=188\nMINOR=0\nDEVNAME=" + terminal,
	} {
		if text != "" {
			tree.write(file, text+"\n")
		}
	}
	for folder, kind := range map[string]string{adapter: "bus/usb", at: "bus/usb", device: "class/tty"} {
		tree.mkdir("sys/" + kind)
		tree.link("/sys/"+kind, folder+"/subsystem")
	}
	return device
}
