package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"releve/agent/status"
)

// good is a Pi whose serial0 is the good UART, without Bluetooth.
func good() listing {
	return pi("2 Model B").with(listing{"/dev/serial0": "-> ttyAMA0", "/dev/ttyAMA0": "c 0660 0 20"})
}

func TestConsole(t *testing.T) {
	t.Parallel()
	messages := listing{
		"/proc/cmdline":              "8250.nr_uarts=0 console=ttyAMA0,115200 console=tty1 root=/dev/mmcblk0p2\n",
		"/boot/firmware/cmdline.txt": "console=serial0,115200 console=tty1 root=PARTUUID=1\n",
	}
	login := listing{"/proc/812/comm": "agetty\n", "/proc/812/cmdline": "/sbin/agetty\x00--keep-baud\x00115200\x00-\x00ttyAMA0\x00linux\x00", "/proc/812/fd/0": "-> /dev/ttyAMA0"}
	const sed, getty = "sudo sed -i 's/console=serial0,115200 *//' /boot/firmware/cmdline.txt", "sudo systemctl disable --now serial-getty@ttyAMA0.service"
	examineAll(t, []finding{
		{"none", good(), "/dev/serial0", "console", "ok"},
		{"on another terminal", good().with(listing{"/proc/9/comm": "agetty\n", "/proc/9/cmdline": "/sbin/agetty\x00tty1\x00"}), "/dev/serial0", "console", "ok"},
		{
			"messages", good().with(messages), "/dev/serial0", "console",
			"fault: Linux prints its messages on ttyAMA0 (console=serial0,115200). → Run: " + sed + " && sudo reboot",
		},
		{
			"login", good().with(login), "/dev/serial0", "console",
			"fault: Linux offers a login on ttyAMA0 (getty). → Run: " + getty,
		},
		{
			"login by another name of the port", good().with(listing{"/proc/9/comm": "agetty\n", "/proc/9/cmdline": "/sbin/agetty\x00serial0\x00"}), "/dev/ttyAMA0", "console",
			"fault: Linux offers a login on ttyAMA0 (getty). → Run: " + getty,
		},
		{
			"both", good().with(messages).with(login), "/dev/ttyAMA0", "console",
			"fault: Linux offers a login on ttyAMA0 and prints its messages there (console=serial0,115200). → Run: " + sed + " && " + getty + " && sudo reboot",
		},
		{
			"until the restart", good().with(messages).with(listing{"/boot/firmware/cmdline.txt": "console=tty1\n"}), "/dev/serial0", "console",
			"fault: Linux prints its messages on ttyAMA0 (console=ttyAMA0,115200). → Run: sudo reboot",
		},
		{
			"again after the restart", good().with(listing{"/boot/cmdline.txt": "console=ttyAMA0\n"}), "/dev/serial0", "console",
			"fault: Linux prints its messages on ttyAMA0 (console=ttyAMA0). → Run: sudo sed -i 's/console=ttyAMA0 *//' /boot/cmdline.txt && sudo reboot",
		},
		{"a login is not another reader", good().with(login), "/dev/serial0", "holder", "ok"},
		{
			"nobody listens beside a login", good().with(login), "/dev/serial0", "signal",
			"waiting: The line was not listened to: another program reads it. → Free the port, then try again.",
		},
	})
}

func TestHolder(t *testing.T) {
	t.Parallel()
	reader := func(id int, name string) listing {
		folder := fmt.Sprintf("/proc/%d/", id)
		return listing{folder + "comm": name + "\n", folder + "cmdline": name + "\x00", folder + "fd/0": "-> /dev/null", folder + "fd/7": "-> /dev/ttyUSB0"}
	}
	us := reader(os.Getpid(), "releve")
	examineAll(t, []finding{
		{"nobody", usb(), "/dev/ttyUSB0", "holder", "ok"},
		{"ourselves", usb().with(us), "/dev/ttyUSB0", "holder", "ok"},
		{
			"others", usb().with(reader(31, "python3")).with(reader(4, "cat")), "/dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0", "holder",
			"fault: Another program reads the port: python3 (31), cat (4). Two readers take bytes from each other. → Stop it, or let it read through Relève: share under [[meter]].",
		},
		{"another Relève", usb().with(reader(31, "releve")), "/dev/ttyUSB0", "holder", "ok: Relève reads this port (process 31)."},
		{
			"another Relève, and a thief", usb().with(reader(31, "releve")).with(reader(4, "cat")), "/dev/ttyUSB0", "holder",
			"fault: Another program reads the port: cat (4). Two readers take bytes from each other. → Stop it, or let it read through Relève: share under [[meter]].",
		},
		{
			"nobody listens beside it", usb().with(reader(31, "releve")), "/dev/ttyUSB0", "signal",
			"waiting: The line was not listened to: another program reads it. → Free the port, then try again.",
		},
		{
			"ModemManager", usb().with(listing{"/proc/5/comm": "ModemManager\n"}), "/dev/ttyUSB0", "modem",
			"warning: ModemManager looks for a modem on each adapter that is plugged in, and takes bytes from it. → Without a mobile modem, stop it: sudo systemctl disable --now ModemManager",
		},
		{"ModemManager leaves on-board ports alone", good().with(listing{"/proc/5/comm": "ModemManager\n"}), "/dev/serial0", "modem", "ok"},
	})
}

// What the page of a running Relève says stands for listening.
func TestSignalOfARunningReleve(t *testing.T) {
	t.Parallel()
	files := usb().with(listing{"/proc/31/comm": "releve\n", "/proc/31/fd/7": "-> /dev/ttyUSB0"})
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	shown := status.Meter{Name: "linky", Port: "/dev/ttyUSB0", Mode: "standard", Frames: 40, Rejected: 2, LastFrame: now.Add(-time.Second)}
	for _, test := range []struct {
		name   string
		change func(m *status.Meter) error
		want   string
	}{
		{"well", func(*status.Meter) error { return nil }, "ok: The meter is read in standard mode: 40 frames, 2 lines refused."},
		{
			"weak", func(m *status.Meter) error {
				m.Diagnosis = status.Say("Trop de lignes.", "Too many lines.")
				return nil
			},
			"warning: Too many lines.",
		},
		{
			"silent", func(m *status.Meter) error { m.LastFrame = now.Add(-time.Minute); return nil },
			"fault: Nothing is heard. → Check the two wires between terminals I1 and I2 of the meter and the adapter (either way round), and the adapter's supply.",
		},
		{
			"another meter", func(m *status.Meter) error { m.Name = "garage"; return nil },
			"waiting: The line was not listened to: another program reads it. → Free the port, then try again.",
		},
		{
			"no page", func(*status.Meter) error { return errors.New("connection refused") },
			"waiting: The line was not listened to: another program reads it. → Free the port, then try again.",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := shown
			err := test.change(&m)
			tree := examine(t, files, "/dev/ttyUSB0", func(e *Exam) {
				e.Page = &Page{
					Ask: func(context.Context) (status.Snapshot, error) {
						return status.Snapshot{Meters: []status.Meter{m}, Now: now}, err
					},
					Free: func(context.Context) error { return nil },
				}
			})
			if got := said(t, tree, "signal"); got != test.want {
				t.Errorf("signal says %s, want %s", got, test.want)
			}
		})
	}
}

// With port auto it is only on opening that one knows which dongle is meant, and that Relève has it.
func TestSignalOfARunningReleveThatFoundItsPort(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	tree := examine(t, usb(), "auto", func(e *Exam) {
		e.Meters[0].Listen = func(context.Context) (*Hearing, error) { return nil, errors.New("in use by releve") }
		e.Page = &Page{
			Ask: func(context.Context) (status.Snapshot, error) {
				m := status.Meter{Name: "linky", Port: "/dev/ttyACM0", Mode: "historic", Frames: 7, LastFrame: now}
				return status.Snapshot{Meters: []status.Meter{m}, Now: now}, nil
			},
		}
	})
	if got, want := said(t, tree, "signal"), "ok: The meter is read in historic mode: 7 frames, 0 lines refused."; got != want {
		t.Errorf("signal says %s, want %s", got, want)
	}
}

func TestPermission(t *testing.T) {
	t.Parallel()
	const rule = `Give the port to the group dialout: echo 'KERNEL=="ttyUSB0", GROUP="dialout", MODE="0660"' | sudo tee /etc/udev/rules.d/60-releve.rules && sudo udevadm trigger`
	service := listing{
		"/etc/passwd": "root:x:0:0::/root:/bin/sh\n\nbroken\nreleve:x:994:no::/:/x\nreleve:x:994:993::/:/usr/sbin/nologin\n",
		"/etc/group":  "root:x:0:\ndialout:x:20:\nreleve:x:993:\n",
	}
	unit := listing{"/usr/lib/systemd/system/releve.service": "[Service]\nUser=releve\nSupplementaryGroups=dialout gpio\n"}
	alone := usb().with(listing{"/etc/group": "root:x:0:\ndialout:x:20:\n"})
	for _, test := range []struct {
		name   string
		files  listing
		change func(*Exam)
		want   string
	}{
		{"member of the group", usb(), nil, "ok: alice can open the port."},
		{"root", usb().with(listing{"/dev/ttyUSB0": "c 0600 0 0"}), func(e *Exam) { e.Host.UID = 0 }, "ok: root can open the port."},
		{"owner", usb().with(listing{"/dev/ttyUSB0": "c 0600 1000 0"}), nil, "ok: alice can open the port."},
		{"everybody", usb().with(listing{"/dev/ttyUSB0": "c 0666 0 0"}), nil, "ok: alice can open the port."},
		{
			"not a member", alone, func(e *Exam) { e.Host.Groups = []int{1000} },
			"fault: The user alice cannot open /dev/ttyUSB0 (group dialout, -rw-rw----). → Run: sudo usermod -aG dialout alice; then log out and in again.",
		},
		{
			"member since the login", usb(), func(e *Exam) { e.Host.Groups = []int{1000} },
			"fault: The user alice cannot open /dev/ttyUSB0 (group dialout, -rw-rw----). → alice has joined the group dialout lately: log out and in again.",
		},
		{
			"a user without a name", alone, func(e *Exam) { e.Host.UID, e.Host.Groups = 4242, nil },
			"fault: The user 4242 cannot open /dev/ttyUSB0 (group dialout, -rw-rw----). → Run: sudo usermod -aG dialout 4242; then log out and in again.",
		},
		{
			"a pseudo-terminal", usb().with(listing{"/dev/ttyUSB0": "-> pts/3", "/dev/pts/3": "c 0620 994 5"}), nil,
			"fault: The user alice cannot open /dev/ttyUSB0 (group tty, -rw--w----). → It is a pseudo-terminal: only the user who opened it can read it.",
		},
		{
			"taken by a console", usb().with(listing{"/dev/ttyUSB0": "c 0620 0 5"}), nil,
			"fault: The user alice cannot open /dev/ttyUSB0 (group tty, -rw--w----). → " + rule,
		},
		{
			"root's alone", usb().with(listing{"/dev/ttyUSB0": "c 0660 0 0"}), nil,
			"fault: The user alice cannot open /dev/ttyUSB0 (group root, -rw-rw----). → " + rule,
		},
		{
			"no group for it", usb().with(listing{"/dev/ttyUSB0": "c 0600 0 77"}), nil,
			"fault: The user alice cannot open /dev/ttyUSB0 (group 77, -rw-------). → " + rule,
		},
		{
			"the service, without the group", usb().with(service), func(e *Exam) { e.Config = "/etc/releve/releve.toml" },
			"fault: The user releve cannot open /dev/ttyUSB0 (group dialout, -rw-rw----). → Run: sudo usermod -aG dialout releve && sudo systemctl restart releve",
		},
		{"the service, with the group of its unit", usb().with(service).with(unit), func(e *Exam) { e.Config = "/etc/releve/releve.toml" }, "ok: releve can open the port."},
		{"the system's configuration without the service", usb(), func(e *Exam) { e.Config = "/etc/releve/releve.toml" }, "ok: alice can open the port."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := said(t, examine(t, test.files, "/dev/ttyUSB0", test.change), "permission"); got != test.want {
				t.Errorf("permission says\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestMachine(t *testing.T) {
	t.Parallel()
	const full = " MB are left for /var/lib, and buffer.max_bytes allows 256. → Make room, or lower buffer.max_bytes."
	space := func(s Space, err error) func(*Exam) {
		return func(e *Exam) { e.Host.Space = func(string) (Space, error) { return s, err } }
	}
	broken := errors.New("broken")
	for _, test := range []struct {
		name   string
		files  listing
		change func(*Exam)
		check  string
		want   string
	}{
		{"clock", nil, nil, "clock", "ok"},
		{
			"clock alone", nil, func(e *Exam) { e.Host.Synced = func() (bool, error) { return false, nil } }, "clock",
			"warning: The clock is not set by the network: readings wait for their date, unless a meter in standard mode tells the time. → Check the network, then: timedatectl set-ntp true; for a machine whose own clock is right, agent.clock = \"system\"",
		},
		{
			"clock unknown", nil, func(e *Exam) { e.Host.Synced = func() (bool, error) { return true, broken } }, "clock",
			"warning: The clock is not set by the network: readings wait for their date, unless a meter in standard mode tells the time. → Check the network, then: timedatectl set-ntp true; for a machine whose own clock is right, agent.clock = \"system\" | broken",
		},
		{
			"clock that is trusted", nil, func(e *Exam) {
				e.TrustClock, e.Host.Synced = true, func() (bool, error) { return false, nil }
			}, "clock", "ok: The machine's, as it is (agent.clock).",
		},
		{"voltage", listing{"/sys/class/hwmon/hwmon0/name": "cpu_thermal\n", "/sys/class/hwmon/hwmon1/name": "rpi_volt\n", "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n"}, nil, "power", "ok"},
		{
			"low voltage", listing{"/sys/class/hwmon/hwmon1/name": "rpi_volt\n", "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"}, nil, "power",
			"warning: The supply voltage is too low. → Use the original power supply and a short cable.",
		},
		{"room", nil, nil, "disk", "ok: 1024 MB free for /var/lib"},
		{"room beside a bound beyond all numbers", nil, func(e *Exam) { e.Room = -1 }, "disk", "ok: 1024 MB free for /var/lib"},
		{"little room", nil, space(Space{Free: 100 << 20}, nil), "disk", "warning: 100" + full},
		{"no room", nil, space(Space{Free: 5 << 20}, nil), "disk", "fault: 5" + full},
		{
			"read-only", nil, space(Space{Free: 1 << 40, ReadOnly: true}, nil), "disk",
			"fault: /var/lib can only be read: that is how Linux protects a damaged card. → See what this says: dmesg | grep -i mmc; replace the card if it is at fault, or: sudo mount -o remount,rw /",
		},
		{"broken card", nil, space(Space{}, broken), "disk", "fault: The space left in /var/lib cannot be read. | broken"},
		{"folder after a broken card", nil, space(Space{}, broken), "state", "waiting: depends on disk"},
		{
			"no folder", nil, nil, "state",
			"fault: /var/lib/releve does not exist, and alice cannot make it. → Run: sudo mkdir -p /var/lib/releve && sudo chown -R alice /var/lib/releve",
		},
		{"no folder yet", listing{"/var/lib": "d 0755 1000 1000"}, nil, "state", "ok: /var/lib/releve is made at the first start."},
		{"folder", listing{"/var/lib/releve": "d 0700 1000 1000"}, nil, "state", "ok"},
		{
			"folder of somebody else", listing{"/var/lib/releve": "d 0700 994 994"}, nil, "state",
			"fault: /var/lib/releve does not belong to alice, who cannot write there. → Run: sudo chown -R alice /var/lib/releve",
		},
		{
			"folder for all eyes", listing{"/var/lib/releve": "d 0755 1000 1000"}, nil, "state",
			"warning: Other users can read /var/lib/releve, which holds personal data. → Run: sudo chmod 700 /var/lib/releve",
		},
		{"pins", listing{"/dev/gpiochip0": "c 0660 0 20"}, func(e *Exam) { e.Pins = true }, "pins", "ok: alice can use the pins."},
		{
			"no pins", nil, func(e *Exam) { e.Pins = true }, "pins",
			"warning: This device has no pins for the light or the button; Relève does without. → Remove led.pin and button.pin.",
		},
		{
			"somebody else's pins", listing{"/dev/gpiochip0": "c 0660 0 997", "/dev/gpiochip1": "c 0600 0 0"}, func(e *Exam) { e.Pins = true }, "pins",
			"warning: The user alice cannot use the pins; Relève does without the light and the button. → Run: sudo usermod -aG gpio alice",
		},
		{"not a folder", listing{"/var/lib/releve": "x"}, nil, "state", "fault: /var/lib/releve is not a folder. → Correct agent.state."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := usb().with(listing{"/var/lib": "d 0755 0 0"}).with(test.files)
			tree := examine(t, files, "/dev/ttyUSB0", func(e *Exam) {
				e.State, e.Room = "/var/lib/releve", 256<<20
				if test.change != nil {
					test.change(e)
				}
			})
			if got := said(t, tree, test.check); got != test.want {
				t.Errorf("%s says\n%s\nwant\n%s", test.check, got, test.want)
			}
		})
	}
}

func TestOutside(t *testing.T) {
	t.Parallel()
	broken, none := errors.New("broken"), func(context.Context) error { return nil }
	asked := func(err error) func(context.Context) (status.Snapshot, error) {
		return func(context.Context) (status.Snapshot, error) { return status.Snapshot{}, err }
	}
	for _, test := range []struct {
		name   string
		change func(*Exam)
		check  string
		want   string
	}{
		{"page", func(e *Exam) { e.Page = &Page{"127.0.0.1:8080", asked(nil), none} }, "page", "ok: The page answers: http://127.0.0.1:8080/"},
		{"no page yet", func(e *Exam) { e.Page = &Page{"127.0.0.1:8080", asked(broken), none} }, "page", "ok: Relève does not run; the address of its page is free."},
		{
			"page of another", func(e *Exam) {
				e.Page = &Page{"127.0.0.1:8080", asked(broken), func(context.Context) error { return broken }}
			}, "page",
			"fault: The page cannot be served at 127.0.0.1:8080. → Another program may hold that address (sudo ss -ltnp): give status.listen another one. | broken",
		},
		{"federation", func(e *Exam) { e.Federation, e.Secrets = none, func() error { return nil } }, "federation", "ok: The server answers and its certificate is good; nobody logged in."},
		{
			"login", func(e *Exam) { e.Federation, e.Secrets, e.LoggedIn = none, func() error { return nil }, true }, "federation",
			"ok: Logging in to the server succeeded.",
		},
		{
			"no federation", func(e *Exam) {
				e.Federation, e.Secrets = func(context.Context) error { return broken }, func() error { return nil }
				e.Trouble = func(err error) (text, advice status.Words) {
					return status.Say("Non.", "Not so: "+err.Error()+"."), status.Say("Faites-le.", "Do so.")
				}
			}, "federation",
			"warning: Not so: broken. → Do so. | broken",
		},
		{"password", func(e *Exam) { e.Federation, e.Secrets = none, func() error { return nil } }, "secrets", "ok"},
		{
			"no password", func(e *Exam) { e.Federation, e.Secrets = none, func() error { return broken } }, "secrets",
			"fault: What a login to the federation needs is missing. → Mend the file named below. | broken",
		},
		{
			"somebody else's password", func(e *Exam) { e.Federation, e.Secrets = none, func() error { return os.ErrPermission } }, "secrets",
			"waiting: You cannot read the password; that is as it should be, but it was not checked. → To check it: sudo releve doctor | permission denied",
		},
		{
			"configuration", func(e *Exam) { e.Err = broken }, "configuration",
			"fault: The configuration /home/alice/releve.toml cannot be used. → Mend what is said below, or try a port without a configuration: releve doctor --port /dev/ttyUSB0 | broken",
		},
		{"what hangs on it", func(e *Exam) { e.Err = broken }, "port", "waiting: depends on configuration"},
		{"no meter", func(e *Exam) { e.Meters = nil }, "configuration", "warning: No meter is configured. → Add a [[meter]] section with its port."},
		{"no meter, but a source", func(e *Exam) { e.Meters, e.Follows = nil, true }, "configuration", "ok: /home/alice/releve.toml"},
		{"a port without one", func(e *Exam) { e.Config = "" }, "configuration", "ok: none, a port is given"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := said(t, examine(t, usb(), "/dev/ttyUSB0", test.change), test.check); got != test.want {
				t.Errorf("%s says\n%s\nwant\n%s", test.check, got, test.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	broken := examine(t, usb(), "/dev/ttyUSB9", func(e *Exam) { e.Meters = e.Meters[:1] })
	well := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
		e.Meters[0].Listen = func(context.Context) (*Hearing, error) { return heard(t, healthy(t), 9600), nil }
	})
	for _, test := range []struct {
		name, language string
		tree           status.Node
		want           []string
	}{
		{"fault", "fr", broken, []string{
			"bon        Configuration : /home/alice/releve.toml",
			"panne        linky",
			"panne        Port : Le port /dev/ttyUSB9 n’existe pas.",
			"               → Corrigez port ; sont branchés : /dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0",
			"en attente   pas examiné tant que cela dure : Port de la carte, Console Linux, Autres lecteurs, ModemManager, Droits, Signal du compteur, Offre",
			"bon        Horloge",
			"bon        Alimentation",
		}},
		{"well", "en", well, []string{
			"good       Configuration: /home/alice/releve.toml",
			"good         linky",
			"good         Port: /dev/ttyUSB0",
			"good         On-board port: not concerned",
			"good           Linux console",
			"good           Other readers",
			"good           ModemManager",
			"good           Permission: alice can open the port.",
			"good           Meter's signal: The meter is heard well: standard mode, 9600 Bd, 8 frames, 0 of M lines refused.",
			"good           Offer",
			"good       Clock",
			"good       Power supply",
			"Nothing wrong was found.",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := Report(&out, test.tree, test.language); err != nil {
				t.Fatal(err)
			}
			if want := strings.Join(test.want, "\n") + "\n"; rounded(out.String()) != want {
				t.Errorf("report is\n%swant\n%s", out.String(), want)
			}
		})
	}
}
