package port

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Machine is where ports are looked for. The zero value is the one this program runs on.
type Machine struct {
	Root string // the folder that holds its dev, proc and sys; "" is /
}

func (m Machine) path(parts ...string) string {
	return filepath.Join(append([]string{"/", m.Root}, parts...)...)
}

// Adapter is a serial port of a machine and what makes it: a USB adapter, or a UART that is built in.
type Adapter struct {
	Device string // such as /dev/ttyUSB0, which another adapter may have tomorrow
	ByID   string // its name under /dev/serial/by-id, which stays; "" when it has none
	Driver string // of the kernel: ftdi_sio, cdc_acm, uart-pl011; "" when there is none to be seen
	USB    *USB   // nil for what is built in
	Dongle string // the TIC dongle that it is known to be; "" for anything else
}

// USB is what an adapter says of itself when it is plugged in. Every field may be empty.
type USB struct {
	Vendor       string `json:"vendor"`  // four hexadecimal digits
	Product      string `json:"product"` // four hexadecimal digits
	Manufacturer string `json:"manufacturer,omitempty"`
	Name         string `json:"name,omitempty"` // of the product
	Serial       string `json:"serial,omitempty"`
	Place        string `json:"place"` // of the socket: bus and ports, such as 1-1.4
}

// Adapters lists the serial ports of the machine in the order of their names. It reads what the kernel says of them
// and opens none: the library's own list opens each ttyS to see whether it is real, and disturbs what is connected.
func (m Machine) Adapters() ([]Adapter, error) {
	entries, err := os.ReadDir(m.path("sys/class/tty"))
	if err != nil {
		return nil, err
	}
	stable := m.stableNames()
	var all []Adapter
	for _, entry := range entries {
		if a, ok := m.adapter(entry.Name()); ok {
			a.ByID = stable[entry.Name()]
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b Adapter) int {
		return cmp.Or(cmp.Compare(len(a.Device), len(b.Device)), cmp.Compare(a.Device, b.Device)) // ttyUSB9 before ttyUSB10
	})
	return all, nil
}

// stableNames maps the name of a terminal to its name by identity.
func (m Machine) stableNames() map[string]string {
	names := map[string]string{}
	folder := m.path("dev/serial/by-id")
	entries, _ := os.ReadDir(folder) // missing where nothing is plugged in, or udev does not run
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		if target, err := os.Readlink(name); err == nil {
			names[filepath.Base(target)] = name
		}
	}
	return names
}

// adapter tells what is behind a terminal; false when it is nothing one could plug a meter into: a virtual console, a
// ttyS that the driver keeps for a UART this machine has not.
func (m Machine) adapter(terminal string) (Adapter, bool) {
	hardware, err := filepath.EvalSymlinks(m.path("sys/class/tty", terminal, "device"))
	if err != nil || attribute(m.path("sys/class/tty", terminal, "type")) == "0" { // PORT_UNKNOWN
		return Adapter{}, false
	}
	a := Adapter{Device: m.path("dev", terminal)}
	if _, err := os.Stat(a.Device); err != nil {
		return Adapter{}, false
	}
	for at := hardware; at != m.path("sys/devices") && len(at) > len(m.path("sys")); at = filepath.Dir(at) {
		if a.Driver == "" {
			a.Driver = driver(at)
		}
		if vendor := attribute(filepath.Join(at, "idVendor")); vendor != "" {
			a.USB = identity(at, vendor)
			break
		}
	}
	a.Dongle = dongleOf(a.USB)
	return a, true
}

// driver names the driver of a device. Since Linux 6.5 two layers of the kernel's own stand before that of a UART.
func driver(folder string) string {
	target, err := os.Readlink(filepath.Join(folder, "driver"))
	name := filepath.Base(target)
	if err != nil || name == "port" || name == "ctrl" {
		return ""
	}
	return name
}

func identity(folder, vendor string) *USB {
	say := func(name string) string { return attribute(filepath.Join(folder, name)) }
	return &USB{
		Vendor: vendor, Product: say("idProduct"), Manufacturer: say("manufacturer"), Name: say("product"),
		Serial: say("serial"), Place: filepath.Base(folder),
	}
}

// attribute reads what the kernel says in a file of one line, "" when there is none.
func attribute(file string) string {
	text, _ := os.ReadFile(file) // what a device does not say has no file
	return strings.TrimSpace(string(text))
}
