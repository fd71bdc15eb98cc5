package port

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Tree is a machine made of files: what the kernel would say of the ports that a test plugs in.
type Tree struct {
	Machine
	t *testing.T
}

// NewTree returns a machine with virtual consoles, and a ttyS1 that has no UART behind it.
func NewTree(t *testing.T) Tree {
	t.Helper()
	tree := Tree{Machine{t.TempDir()}, t}
	tree.mkdir("sys/class/tty/tty0")
	tree.mkdir("dev/serial/by-id")
	tree.plug("ttyS1", "sys/devices/platform/serial8250", "")
	tree.write("sys/class/tty/ttyS1/type", "0")
	return tree
}

// USB plugs an adapter in: its terminal, what terminal of this machine stands for it, its driver, what it says.
func (tree Tree) USB(name, stand, driver string, u USB) {
	tree.t.Helper()
	socket := "sys/devices/pci0/usb1/" + u.Place
	for file, text := range map[string]string{
		"idVendor": u.Vendor, "idProduct": u.Product, "manufacturer": u.Manufacturer, "product": u.Name, "serial": u.Serial,
	} {
		if text != "" {
			tree.write(filepath.Join(socket, file), text+"\n")
		}
	}
	hardware := filepath.Join(socket, u.Place+":1.0")
	if driver != "cdc_acm" { // which has no folder of its own for the port
		hardware = filepath.Join(hardware, name)
	}
	tree.plug(name, hardware, stand)
	tree.link("../../bus/drivers/"+driver, filepath.Join(hardware, "driver"))
	tree.link("../../"+name, filepath.Join("dev/serial/by-id", ByID(u)))
}

// ByID is the name under /dev/serial/by-id, which udev makes of what an adapter says.
func ByID(u USB) string { return "usb-" + u.Manufacturer + "_" + u.Serial + "-if00-port0" }

// UART builds a port in, as Linux does since 6.5: the driver is two folders above the port.
func (tree Tree) UART(name, stand, driver string) {
	tree.t.Helper()
	hardware := "sys/devices/platform/fe201000.serial"
	tree.plug(name, hardware+"/fe201000.serial:0/fe201000.serial:0.0", stand)
	tree.link("../../bus/drivers/"+driver, hardware+"/driver")
	tree.link("../../bus/drivers/ctrl", hardware+"/fe201000.serial:0/driver")
	tree.link("../../bus/drivers/port", hardware+"/fe201000.serial:0/fe201000.serial:0.0/driver")
}

// Unplug takes a USB adapter away.
func (tree Tree) Unplug(name string, u USB) {
	tree.t.Helper()
	for _, gone := range []string{"dev/" + name, "dev/serial/by-id/" + ByID(u), "sys/class/tty/" + name, "sys/devices/pci0/usb1/" + u.Place} {
		if err := os.RemoveAll(tree.path(gone)); err != nil {
			tree.t.Fatal(err)
		}
	}
}

// plug makes a terminal and joins it to its hardware. The device comes last: it is what a listener looks for.
func (tree Tree) plug(name, hardware, stand string) {
	tree.t.Helper()
	terminal := filepath.Join(hardware, "tty", name)
	tree.mkdir(terminal)
	tree.link(tree.path(hardware), filepath.Join(terminal, "device"))
	tree.link(tree.path(terminal), filepath.Join("sys/class/tty", name))
	if stand == "" {
		tree.write(filepath.Join("dev", name), "")
		return
	}
	tree.link(stand, filepath.Join("dev", name))
}

func (tree Tree) mkdir(folder string) {
	tree.t.Helper()
	if err := os.MkdirAll(tree.path(folder), 0o755); err != nil {
		tree.t.Fatal(err)
	}
}

func (tree Tree) write(file, text string) {
	tree.t.Helper()
	tree.mkdir(filepath.Dir(file))
	if err := os.WriteFile(tree.path(file), []byte(text), 0o600); err != nil {
		tree.t.Fatal(err)
	}
}

func (tree Tree) link(target, name string) {
	tree.t.Helper()
	tree.mkdir(filepath.Dir(name))
	if err := os.Symlink(target, tree.path(name)); err != nil {
		tree.t.Fatal(err)
	}
}

// plugAll plugs adapters in as ttyUSB0 and so on; nil holds a number free.
func (tree Tree) plugAll(all []*USB) {
	tree.t.Helper()
	for i, u := range all {
		if u != nil {
			tree.USB(fmt.Sprintf("ttyUSB%d", i), "", "ftdi_sio", *u)
		}
	}
}

func (tree Tree) unplugAll(all []*USB) {
	tree.t.Helper()
	for i, u := range all {
		if u != nil {
			tree.Unplug(fmt.Sprintf("ttyUSB%d", i), *u)
		}
	}
}

// here puts the folder of devices in the place of DEV.
func (tree Tree) here(text string) string {
	return strings.ReplaceAll(text, "DEV", tree.path("dev"))
}
