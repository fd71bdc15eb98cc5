package image_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// board is an emulated computer that the images of one architecture are for.
type board struct {
	arch     string // as Debian calls it
	emulator string
	args     string     // beside those of every machine; %[1]s is its folder
	console  string     // what its first serial port is called there
	terminal string     // what the line of the shell for the test is called
	changes  string     // what the partition of what changes is called
	tree     string     // the device tree on the boot partition that it is given; "" where the emulator makes one
	edits    [][]string // of that tree, as fdtput wants them: what this emulator has and has not
	watchdog string     // what state it is in once systemd runs
	more     string     // words for its kernel
	clock    bool       // has one that goes on without power
}

// newBoard is the one for an image, by the architecture in its name (cross/image.sh).
func newBoard(t *testing.T, image string) board {
	t.Helper()
	switch {
	case strings.HasSuffix(image, "_arm64.img"):
		return board{
			arch: "arm64", emulator: "qemu-system-aarch64",
			args: `-M virt -cpu cortex-a53 -smp 2 -m 1024
				-drive if=none,id=card,format=raw,file=%[1]s/card -device virtio-blk-pci,drive=card
				-device virtio-net-pci,netdev=net,romfile= -device qemu-xhci
				-device virtio-serial-pci -device virtconsole,chardev=shell
				-device virtio-rng-pci -device i6300esb -watchdog-action none -device bochs-display,romfile=`,
			console: "ttyAMA0", terminal: "hvc0", changes: "vda3", watchdog: "active", clock: true,
		}
	case strings.HasSuffix(image, "_armel.img"):
		return board{
			arch: "armel", emulator: "qemu-system-arm",
			args: `-M raspi0 -dtb %[1]s/tree -serial chardev:shell
				-drive if=sd,format=raw,file=%[1]s/card -device usb-net,netdev=net`,
			console: "ttyAMA0", terminal: "ttyS1", changes: "mmcblk0p3",
			watchdog: "inactive", more: "systemd.watchdog_sec=off", // this emulator's bites as soon as it is started
			tree: "bcm2835-rpi-zero.dtb",
			edits: [][]string{
				{"-t", "s", "/soc/serial@7e215040", "status", "okay"},           // the second serial port
				{"-t", "x", "/soc/watchdog@7e100000", "reg", "7e100000", "114"}, // no bridge to the graphics
			},
		}
	}
	t.Fatalf("%s: for which machine?", image)
	return board{}
}

// arguments are those of the emulator for a machine in a folder, whose page is to be at an address of this one.
func (b board) arguments(dir, page string) []string {
	return strings.Fields(fmt.Sprintf(`-display none -monitor none -nodefaults
		-kernel %[1]s/vmlinuz -initrd %[1]s/initrd.img -serial file:%[1]s/console
		-netdev user,id=net,hostfwd=tcp:%[2]s-:8080
		-chardev socket,id=line,path=%[1]s/line,server=on,wait=off
		-chardev socket,id=shell,path=%[1]s/shell,server=on,wait=off `, dir, page) +
		fmt.Sprintf(b.args, dir) + " -device usb-serial,chardev=line")
}

// words are those of the kernel: the image's, and those for a console that is written down, a shell for the test, and the time,
// which a machine without a clock would have from the network.
func (b board) words(image string) string {
	words := fmt.Sprintf("%s console=%s systemd.show_status=yes systemd.debug_shell=%s %s", strings.TrimSpace(image), b.console, b.terminal, b.more)
	if !b.clock {
		words += fmt.Sprintf(" systemd.clock_usec=%d", time.Now().UnixMicro())
	}
	return words
}
