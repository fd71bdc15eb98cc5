package doctor

import (
	"errors"
	"strings"
	"testing"
)

func TestPort(t *testing.T) {
	t.Parallel()
	const addUART = `Run: printf '\n[all]\nenable_uart=1\n' | sudo tee -a /boot/firmware/config.txt && sudo reboot; then port = "/dev/serial0"`
	two := usb().with(listing{"/dev/ttyUSB1": "c 0660 0 20"})
	examineAll(t, []finding{
		{"adapter", usb(), "/dev/ttyUSB0", "port", "ok: /dev/ttyUSB0"},
		{"adapter by its lasting name", two, "/dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0", "port", "ok: /dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0"},
		{
			"two adapters", two, "/dev/ttyUSB0", "port",
			"warning: There are several adapters, and /dev/ttyUSB0 can become the name of another. → Give port the name that lasts: /dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0",
		},
		{
			"wrong name", usb(), "/dev/ttyUSB7", "port",
			"fault: The port /dev/ttyUSB7 does not exist. → Correct port; plugged in are: /dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0",
		},
		{
			"nothing plugged in", pi("4 Model B"), "/dev/ttyUSB0", "port",
			"fault: The port /dev/ttyUSB0 does not exist. → Plug the adapter in; dmesg then says its name. No USB adapter is plugged in.",
		},
		{
			"taken away by brltty", pi("4 Model B").with(listing{"/usr/lib/udev/rules.d/85-brltty.rules": "x"}), "/dev/ttyUSB0", "port",
			"fault: The port /dev/ttyUSB0 does not exist. → brltty takes CH340 adapters for Braille displays and removes them; without such a display: sudo apt remove brltty",
		},
		{
			"UART not turned on", pi("3 Model B").with(listing{"/boot/firmware/config.txt": "# nothing\n"}), "/dev/serial0", "port",
			"fault: The port /dev/serial0 does not exist. → " + addUART,
		},
		{
			"UART turned on for another model", pi("3 Model B").with(listing{"/boot/firmware/config.txt": "[pi4]\nenable_uart=1\n"}), "/dev/serial0", "port",
			"fault: The port /dev/serial0 does not exist. → " + addUART,
		},
		{
			"UART turned on since the start", pi("3 Model B"), "/dev/ttyS0", "port",
			"fault: The port /dev/ttyS0 does not exist. → /boot/firmware/config.txt already turns the port on: restart (sudo reboot).",
		},
		{
			"UART of a Pi 5", pi("5 Model B"), "/dev/ttyAMA0", "port",
			`fault: The port /dev/ttyAMA0 does not exist. → Run: printf '\n[all]\ndtparam=uart0=on\n' | sudo tee -a /boot/firmware/config.txt && sudo reboot; then port = "/dev/ttyAMA0"`,
		},
		{"a folder", usb().with(listing{"/dev/pts": "d 0755 0 0"}), "/dev/pts", "port", "fault: /dev/pts is not a serial port. → Give port a device such as /dev/ttyUSB0 or /dev/serial0."},
		{"what hangs on it", usb(), "/dev/ttyUSB7", "signal", "waiting: depends on port"},
	})
}

// A line of the network has no device to examine, nor has a recording.
func TestPortWithoutDevice(t *testing.T) {
	t.Parallel()
	files := usb().with(listing{"/home/alice/capture": "x"})
	for _, name := range []string{"tcp://192.0.2.1:7970", "rfc2217://192.0.2.1:7970", "auto", "/home/alice/capture"} {
		tree := examine(t, files, name, nil)
		if n, found := find(tree, "permission"); found {
			t.Errorf("%s: there is a check %+v", name, n)
		}
		if got := said(t, tree, "signal"); !strings.HasPrefix(got, "fault: Nothing is heard.") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestPortThatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	tree := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
		e.Host.Stat = func(string) (File, error) { return File{}, errors.New("input/output error") }
	})
	if got, want := said(t, tree, "port"), "fault: The port /dev/ttyUSB0 cannot be examined. | input/output error"; got != want {
		t.Errorf("port says %s, want %s", got, want)
	}
}

func TestUART(t *testing.T) {
	t.Parallel()
	const (
		disableBT = `Run: printf '\n[all]\nenable_uart=1\ndtoverlay=disable-bt\n' | sudo tee -a /boot/firmware/config.txt && sudo reboot; then port = "/dev/serial0"`
		keepBT    = disableBT + " (Bluetooth stops; to keep it: dtoverlay=miniuart-bt)"
		mini      = "It is the mini-UART: without a check of parity (Relève makes up for it) and easily late."
	)
	poor := listing{"/dev/serial0": "-> ttyS0", "/dev/ttyS0": "c 0660 0 20", "/dev/serial1": "-> ttyAMA0", "/dev/ttyAMA0": "c 0660 0 20"}
	good := listing{"/dev/serial0": "-> ttyAMA0", "/dev/ttyAMA0": "c 0660 0 20"}
	five := pi("5 Model B").with(listing{"/dev/serial0": "-> ttyAMA10", "/dev/ttyAMA10": "c 0660 0 20", "/dev/ttyAMA0": "c 0660 0 20"})
	config := func(text string) listing { return listing{"/boot/firmware/config.txt": text} }
	examineAll(t, []finding{
		{"adapter", usb(), "/dev/ttyUSB0", "uart", "ok: not concerned"},
		{"another machine", usb().with(listing{"/proc/device-tree/model": "", "/dev/ttyS0": "c 0660 0 20"}), "/dev/ttyS0", "uart", "ok: not concerned"},
		{"good UART without Bluetooth", pi("2 Model B").with(good), "/dev/serial0", "uart", "ok: the good one, at pins 8 and 10"},
		{"good UART, Bluetooth disabled", pi("3 Model B Plus").with(good).with(config("enable_uart=1\ndtoverlay=disable-bt\n")), "/dev/serial0", "uart", "ok: the good one, at pins 8 and 10"},
		{"good UART, Bluetooth on the other", pi("4 Model B").with(good).with(listing{"/dev/serial1": "-> ttyS0"}), "/dev/ttyAMA0", "uart", "ok: the good one, at pins 8 and 10"},
		{"good UART, overlay by its old name", pi("3 Model B").with(good).with(config("dtoverlay=pi3-miniuart-bt\n")), "/dev/ttyAMA0", "uart", "ok: the good one, at pins 8 and 10"},
		{"mini-UART, of Debian's kernel", pi("3 Model B").with(listing{"/dev/ttyS1": "c 0660 0 20", "/dev/ttyAMA0": "c 0660 0 20"}), "/dev/ttyS1", "uart", "ok: " + mini},
		{"mini-UART", pi("Zero 2 W").with(poor), "/dev/serial0", "uart", "ok: " + mini + " → " + keepBT},
		{
			"mini-UART of a floating speed", pi("3 Model B").with(poor).with(config("[pi4]\nenable_uart=1\n")), "/dev/serial0", "uart",
			"warning: It is the mini-UART, and its speed follows the processor's: bytes go wrong whenever that changes. → " + disableBT,
		},
		{"mini-UART of a fixed speed", pi("3 Model B").with(poor).with(config("core_freq=250 # as before\n")), "/dev/serial0", "uart", "ok: " + mini + " → " + keepBT},
		{
			"mini-UART until the restart", pi("3 Model B").with(poor).with(config("[pi3]\nenable_uart=1\ndtoverlay=miniuart-bt,krnbt=on\n")), "/dev/serial0", "uart",
			"warning: The port is still the mini-UART, although the configuration gives the good one. → Restart: sudo reboot",
		},
		{
			"Bluetooth's UART", pi("3 Model B").with(poor), "/dev/ttyAMA0", "uart",
			"fault: On a Raspberry Pi 3 Model B, /dev/ttyAMA0 is wired to the Bluetooth chip, not to pins 8 and 10. → " + keepBT,
		},
		{
			"Bluetooth's UART, without links", pi("Zero W").with(listing{"/dev/ttyAMA0": "c 0660 0 20"}), "/dev/ttyAMA0", "uart",
			"fault: On a Raspberry Pi Zero W, /dev/ttyAMA0 is wired to the Bluetooth chip, not to pins 8 and 10. → " + keepBT,
		},
		{
			"Bluetooth's UART until the restart", pi("3 Model B").with(poor).with(config("dtoverlay=disable-bt\n")), "/dev/ttyAMA0", "uart",
			"fault: On a Raspberry Pi 3 Model B, /dev/ttyAMA0 is wired to the Bluetooth chip, not to pins 8 and 10. → Restart: sudo reboot",
		},
		{
			"debug connector of a Pi 5", five, "/dev/serial0", "uart",
			"fault: On a Raspberry Pi 5 Model B, /dev/serial0 is the small debug connector between the HDMI sockets, not pins 8 and 10. → " +
				`Run: printf '\n[all]\ndtparam=uart0=on\n' | sudo tee -a /boot/firmware/config.txt && sudo reboot; then port = "/dev/ttyAMA0"`,
		},
		{
			"debug connector of a Pi 5, pins turned on", five.with(config("dtparam=i2c_arm=on,uart0=on\n")), "/dev/serial0", "uart",
			"fault: On a Raspberry Pi 5 Model B, /dev/serial0 is the small debug connector between the HDMI sockets, not pins 8 and 10. → Give port /dev/ttyAMA0.",
		},
		{"pins of a Pi 5", five, "/dev/ttyAMA0", "uart", "ok: the good one, at pins 8 and 10"},
		{"what hangs on it", five, "/dev/serial0", "signal", "waiting: depends on uart"},
	})
}

func TestBoards(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]board{
		"Raspberry Pi Model B Plus Rev 1.2\x00":      {"Raspberry Pi Model B Plus", 1, false, nil},
		"Raspberry Pi Zero Rev 1.3":                  {"Raspberry Pi Zero", 1, false, nil},
		"Raspberry Pi Zero W Rev 1.1":                {"Raspberry Pi Zero W", 1, true, nil},
		"Raspberry Pi Zero 2 W Rev 1.0":              {"Raspberry Pi Zero 2 W", 3, true, nil},
		"Raspberry Pi 2 Model B Rev 1.1":             {"Raspberry Pi 2 Model B", 2, false, nil},
		"Raspberry Pi 3 Model A Plus Rev 1.0":        {"Raspberry Pi 3 Model A Plus", 3, true, nil},
		"Raspberry Pi 400 Rev 1.0":                   {"Raspberry Pi 400", 4, true, nil},
		"Raspberry Pi Compute Module 3 Plus Rev 1.0": {"Raspberry Pi Compute Module 3 Plus", 3, false, nil},
		"Raspberry Pi Compute Module 4 Rev 1.0":      {"Raspberry Pi Compute Module 4", 4, true, nil},
		"Raspberry Pi Compute Module Rev 1.0":        {"Raspberry Pi Compute Module", 1, false, nil},
		"Raspberry Pi 500 Rev 1.0":                   {"Raspberry Pi 500", 5, true, nil},
		"Raspberry Pi 5 Model B Rev 1.0":             {"Raspberry Pi 5 Model B", 5, true, nil},
		"Orange Pi Zero":                             {},
	} {
		got := listing{"/proc/device-tree/model": model}.host(t).board()
		if got.Model != want.Model || got.Generation != want.Generation || got.Wireless != want.Wireless {
			t.Errorf("%q is %+v, want %+v", model, got, want)
		}
	}
}

// The files of the boot partition are where they are: older systems have them in /boot.
func TestFirmwareOfAnOldSystem(t *testing.T) {
	t.Parallel()
	h := listing{"/boot/config.txt": "ENABLE = 1\ndtoverlay = disable-bt , x\n[none]\ncore_freq=1\n[EDID=X]\ncore_freq=2\n"}.host(t)
	f := h.firmware(h.board())
	if f.File != "/boot/config.txt" || !f.freesPL011() || f.Settings["core_freq"] != "" || f.Settings["ENABLE"] != "1" {
		t.Errorf("firmware is %+v", f)
	}
}

// FuzzFirmware: no config.txt breaks the reader, and what it keeps was in the text.
func FuzzFirmware(f *testing.F) {
	f.Add("[pi3]\nenable_uart=1\ndtoverlay=miniuart-bt,krnbt=on\n")
	f.Add("dtparam=a=b,c\n=\n[\n]\n#\n[all")
	f.Fuzz(func(t *testing.T, text string) {
		got := firmware{Settings: map[string]string{}}
		got.read(text, board{Sections: []string{"pi3"}})
		for _, kept := range append(got.Overlays, got.Params...) {
			if !strings.Contains(text, kept) {
				t.Errorf("%q is kept, and was not there", kept)
			}
		}
	})
}
