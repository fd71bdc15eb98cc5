package port

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What adapters say of themselves. The serial numbers are invented.
var (
	microV2   = USB{Vendor: "0403", Product: "6015", Manufacturer: "FTDI", Name: "FT230X Basic UART", Serial: "TINFO-1001", Place: "1-1.2"}
	microV3   = USB{Vendor: "1a86", Product: "55d4", Manufacturer: "CH2i", Name: "uTinfo-V3.0", Serial: "TINFO-2001", Place: "1-1.3"}
	oneTIC    = USB{Vendor: "0403", Product: "6001", Manufacturer: "Cartelectronic", Name: "Interface USB 1 TIC", Serial: "DA000001", Place: "1-1.4"}
	older     = USB{Vendor: "0403", Product: "6001", Manufacturer: "Cartelectronic", Name: "Interface USB -> Compteur", Serial: "C10000", Place: "1-1.1"}
	printer   = USB{Vendor: "0403", Product: "6015", Manufacturer: "FTDI", Name: "FT230X Basic UART", Serial: "DN000001", Place: "1-2"}
	zigbee    = USB{Vendor: "10c4", Product: "ea60", Manufacturer: "Silicon Labs", Name: "CP2102 USB to UART Bridge Controller", Serial: "0001", Place: "1-3"}
	nameless  = USB{Vendor: "1a86", Product: "7523", Place: "2-1"}
	otherCH2i = USB{Vendor: "1a86", Product: "55d4", Manufacturer: "QinHeng", Name: "USB Single Serial", Serial: "TINFO-", Place: "2-2"}
	twoTIC    = USB{Vendor: "0403", Product: "6001", Manufacturer: "Cartelectronic", Name: "Interface USB 2 TIC", Serial: "DA000002", Place: "2-3"}
)

func TestDongles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		usb  *USB
		want string
	}{
		{"Micro Téléinfo V2", &microV2, "CH2i Micro Téléinfo V2"},
		{"Micro Téléinfo V3", &microV3, "CH2i Micro Téléinfo V3"},
		{"Cartelectronic", &oneTIC, "Cartelectronic, one meter"},
		{"older Cartelectronic", &older, "Cartelectronic, one meter (older)"},
		{"the same chip in something else", &printer, ""},
		{"another chip in something else", &zigbee, ""},
		{"nothing but numbers", &nameless, ""},
		{"the serial number alone", &otherCH2i, ""},
		{"two meters, chosen by lines that a serial driver does not set", &twoTIC, ""},
		{"built in", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := dongleOf(test.usb); got != test.want {
				t.Errorf("dongle is %q, want %q", got, test.want)
			}
		})
	}
}

func TestAdapters(t *testing.T) {
	t.Parallel()
	tree := NewTree(t)
	tree.USB("ttyUSB10", "", "ch341-uart", nameless)
	tree.USB("ttyUSB9", "", "ftdi_sio", microV2)
	tree.USB("ttyACM0", "", "cdc_acm", microV3)
	tree.UART("ttyAMA0", "", "uart-pl011")
	got, err := tree.Adapters()
	if err != nil {
		t.Fatal(err)
	}
	dev := func(name string) string { return tree.path("dev", name) }
	want := []Adapter{
		{Device: dev("ttyACM0"), ByID: dev("serial/by-id/" + ByID(microV3)), Driver: "cdc_acm", USB: &microV3, Dongle: "CH2i Micro Téléinfo V3"},
		{Device: dev("ttyAMA0"), Driver: "uart-pl011"},
		{Device: dev("ttyUSB9"), ByID: dev("serial/by-id/" + ByID(microV2)), Driver: "ftdi_sio", USB: &microV2, Dongle: "CH2i Micro Téléinfo V2"},
		{Device: dev("ttyUSB10"), ByID: dev("serial/by-id/" + ByID(nameless)), Driver: "ch341-uart", USB: &nameless},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("adapters (-want +got):\n%s", diff)
	}
}

// A container may have no sys at all.
func TestAdaptersWithoutSys(t *testing.T) {
	t.Parallel()
	m := Machine{t.TempDir()}
	_, err := m.Adapters()
	if want := "open " + m.path("sys/class/tty") + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// Whatever this machine has, it can be listed.
func TestAdaptersOfThisMachine(t *testing.T) {
	t.Parallel()
	all, err := Machine{}.Adapters()
	if err != nil {
		t.Skip(err)
	}
	for _, a := range all {
		t.Logf("%+v", a)
	}
}
