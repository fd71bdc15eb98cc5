// Package image_test boots the image. The folder has no code of its own in Go.
package image_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
)

const (
	houseDomain    = "breizh-sen1.example"
	consumerDomain = "breizh-sen2.example"
	period         = 10 * time.Second // buffer.period, which is what a power cut may lose
)

// house is a machine with the image, a meter, a federation of two domains, and a consumer on the other.
type house struct {
	*machine
	servers  *lab.Federation
	releve   string // the program, for this machine
	line     *line
	received *received
}

// The image starts, takes what was put on its boot partition, and its agent reads a meter on a serial adapter and hands the readings to
// the other domain, before and after the power is cut; nothing is lost but what a cut may lose. A newer version replaces it, another
// that does not work is taken back; the system is replaced, and what was measured and configured stays. make test-image runs it.
func TestIntegrationImage(t *testing.T) {
	image := os.Getenv("IMAGE")
	if image == "" {
		t.Skip("IMAGE names no image: make test-image")
	}
	h := newHouse(t, image)
	h.settle()
	meter, silence := context.WithCancel(t.Context())
	line, silent := newLine(meter, t, h.releve)
	h.line = line

	h.start("the first boot, to")
	h.consume(200)
	h.inspect()
	h.measure()
	before := h.received.lines()
	looked := h.until("a frame", func(s snapshot) bool { return len(s.Meters) == 1 })
	h.cut()
	h.line.plug("")

	h.start("after the cut, to")
	h.more("after the cut, to")
	h.update(goodVersion, "", goodVersion)
	h.update(badVersion, "it ended again and again", goodVersion)
	h.powerOff()
	h.replace(image)

	h.start("with a newer system, to")
	h.more("with a newer system, to")
	silence()
	<-silent
	h.drain()
	h.powerOff()
	h.compare(before, looked)
}

func newHouse(t *testing.T, image string) *house {
	t.Helper()
	releve, err := filepath.Abs("../out/releve-linux-" + runtime.GOARCH)
	must(t, err)
	servers, err := lab.Start(t.Context(), lab.Options{StartTimeout: patience})
	must(t, err)
	t.Cleanup(func() { must(t, servers.Close()) })
	return &house{machine: newMachine(t, image), servers: servers, releve: releve, received: &received{}}
}

// settle does what a household does before the first start: its files are put on the boot partition.
func (h *house) settle() {
	h.t.Helper()
	for domain, user := range map[string]string{houseDomain: "maison", consumerDomain: "conseil"} {
		must(h.t, h.servers.Server(domain).Register(h.t.Context(), user, "pw"))
	}
	ca, err := os.ReadFile(h.servers.CAFile())
	must(h.t, err)
	_, port, _ := strings.Cut(h.servers.Server(houseDomain).Addr(), ":")
	h.put("releve.toml", fmt.Appendf(nil, `
[[meter]]
name = "linky"
port = "/dev/ttyUSB0"
derived = false
[buffer]
period = %q
[status]
listen = ":8080"
[update]
from = "https://%s/releve"
key_file = "/etc/releve/secrets/releases.gpg"
[trial]
prove = "30m"
[[grant]]
to = "conseil@%s"
series = ["*"]
purpose = "test"
[federation]
jid = "maison@%s/releve"
password_file = "/etc/releve/secrets/xmpp"
address = "10.0.2.2:%s"
ca_file = "/etc/releve/secrets/ca.pem"
push_every = "1s"
push_slow_every = "1s"
`, period, houseDomain, consumerDomain, houseDomain, port))
	h.put("releve-secrets/xmpp", []byte("pw\n"))
	h.put("releve-secrets/ca.pem", ca)
	h.put("releve-wifi.toml", []byte("[[network]]\nname = \"maison\"\npassword = \"not told\"\n"))
	h.publish()
}

func (h *house) since() time.Duration { return time.Since(h.began).Round(100 * time.Millisecond) }

// start powers the machine up and waits until its agent reads the meter and is in the federation.
func (h *house) start(what string) {
	h.t.Helper()
	h.power()
	h.line.plug(h.path("line"))
	h.until("the page", func(snapshot) bool { return true })
	h.t.Logf("%s the page: %s", what, h.since())
	h.until("a frame", func(s snapshot) bool { return len(s.Meters) == 1 && s.Meters[0].Frames > 0 })
	h.t.Logf("%s the first frame: %s", what, h.since())
	h.until("the federation", func(s snapshot) bool { return s.Federation.State == "ok" })
	h.t.Logf("%s the federation: %s", what, h.since())
}

// consume starts a consumer on the other domain, and waits for so many records there.
func (h *house) consume(records int) {
	h.t.Helper()
	must(h.t, os.WriteFile(h.path("password"), []byte("pw\n"), 0o600))
	must(h.t, os.WriteFile(h.path("consumer.toml"), fmt.Appendf(nil, "[federation]\njid = \"conseil@%s/desk\"\npassword_file = %q\naddress = %q\nca_file = %q\n",
		consumerDomain, h.path("password"), h.servers.Server(consumerDomain).Addr(), h.servers.CAFile()), 0o600))
	consumer := exec.Command(h.releve, "listen", "--format", "senml-json", "--config", h.path("consumer.toml"), "maison@"+houseDomain+"/releve")
	consumer.Stdout, consumer.Stderr = h.received, os.Stderr
	must(h.t, consumer.Start())
	h.t.Cleanup(func() {
		_ = consumer.Process.Kill() // it may have ended
		_ = consumer.Wait()
	})
	h.await("the first record", func() bool { return h.received.count() > 0 })
	h.t.Logf("the first boot, to the first reading across: %s", h.since())
	h.await("records", func() bool { return h.received.count() >= records })
}

// more waits until the consumer has that much more: the machine then knows the time, without which nothing is handed on.
func (h *house) more(what string) {
	h.t.Helper()
	had := h.received.count()
	h.await("100 more records", func() bool { return h.received.count() >= had+100 })
	h.t.Logf("%s 100 more records across: %s", what, h.since())
}

// await waits for something outside the machine.
func (h *house) await(what string, is func() bool) {
	h.t.Helper()
	h.until(what, func(snapshot) bool { return is() })
}

// inspect looks whether the machine is as an appliance should be.
func (h *house) inspect() {
	h.t.Helper()
	for _, tt := range []struct{ what, command, want string }{
		{"the services that run", "systemctl is-active releve.service releve-code.path releve-screen.service systemd-networkd systemd-timesyncd | uniq", "active"},
		{"units that failed", "systemctl list-units --failed --plain --no-legend", ""},
		{"what is off", "systemctl is-enabled releve-kiosk.service releve-kiosk-plain.service releve-update.path | uniq", "disabled"},
		{"logins", "systemctl list-units --plain --no-legend '*getty*' '*ssh*' | grep -c running", "0"},
		{"prompts on other terminals", "busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager NAutoVTs", "u 0"},
		{"passwords", "cut -d: -f2 /etc/shadow | grep -vc '^[!*]'", "0"},
		{"the system", "grep -c '^[^ ]* / ext4 ro,' /proc/mounts", "1"},
		{"what changes", "findmnt -rno FSTYPE,SOURCE /var", "ext4 /dev/" + h.changes},
		{"disks looked at again", "udevadm trigger --settle --subsystem-match=block; systemctl is-active var.mount releve.service | uniq", "active"},
		{"the card", "[ $(findmnt -bno SIZE /var) -gt 2000000000 ] && echo whole", "whole"},
		{"the configuration", "stat -c '%a %U %G' /etc/releve/releve.toml /etc/releve/secrets/xmpp | uniq", "640 root releve"},
		{"Wi-Fi", "stat -c '%a %U' /etc/releve/wpa_supplicant.conf", "600 root"},
		{"the boot partition", "ls /boot/firmware | grep releve", "releve-code.txt"},
		{"the screen", "tr -d '\\0' </dev/vcs1 | grep -co 'releve access\\|claim\\|[Cc]ode' | sed 's/^[1-9].*/code/'", "code"},
		{"the name and the address on it", "tr -d '\\0' </dev/vcs1 | grep -o 'releve\\.local\\|10\\.0\\.2\\.15' | sort -u", "10.0.2.15\nreleve.local"},
		{"the journal", "ls /var/log/journal 2>/dev/null | wc -l", "0"},
		{"the watchdog", "cat /sys/class/watchdog/watchdog0/state /sys/class/watchdog/watchdog0/timeout", h.watchdog + "\n15"},
		{"the machine's name", "systemd-id128 machine-id | cmp - /etc/machine-id && ! mountpoint -q /etc/machine-id && echo kept", "kept"},
		{"modules", "lsmod | grep -c '^\\(ftdi_sio\\|cp210x\\|ch341\\|pl2303\\|cdc_acm\\) '", "5"},
	} {
		if diff := cmp.Diff(tt.want, h.shell.ask(tt.command)); diff != "" {
			h.t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
	h.t.Logf("the journal:\n%s", h.shell.ask("journalctl -b -o short-monotonic --no-hostname | grep -i 'linux version\\|releve\\[\\|relève\\|watchdog\\|ttyUSB0\\|target multi\\|startup finished' | cut -c1-160 | head -60"))
}

// measure writes down what the agent costs, and what the whole machine writes to the partition of what changes.
func (h *house) measure() {
	h.t.Helper()
	h.t.Log(h.shell.ask(`pid=$(systemctl show -P MainPID releve.service); grep 'VmHWM\|VmRSS\|RssAnon\|RssFile' /proc/$pid/status
		cpu() { awk '/usage_usec/{print $2}' /sys/fs/cgroup/system.slice/releve.service/cpu.stat; }; written() { awk '{print $7}' /sys/class/block/` + h.changes + `/stat; }
		c=$(cpu) w=$(written); sleep 300; echo "in 300 s: processor $(($(cpu) - c)) us, written $((($(written) - w) / 2)) kB"
		grep VmRSS /proc/$pid/status; head -3 /proc/meminfo; df -h / /var /boot/firmware; systemd-analyze; systemd-analyze blame | head -8
		for unit in releve releve-grow releve-screen; do systemd-analyze security --no-pager $unit.service | tail -1; done`))
}

// drain waits until all that is stored was acknowledged.
func (h *house) drain() {
	h.t.Helper()
	var packs uint64
	quiet := 0
	h.until("everything stored and acknowledged", func(s snapshot) bool {
		time.Sleep(period)
		waits := slices.ContainsFunc(s.Recipients, func(r struct {
			Pending uint64 `json:"pending"`
		}) bool {
			return r.Pending > 0
		})
		if quiet++; waits || s.Buffer.Packs != packs || len(s.Recipients) == 0 {
			quiet = 0
		}
		packs = s.Buffer.Packs
		return quiet == 3
	})
}

// stored is what the agent's store on the card has.
func (h *house) stored() []byte {
	h.t.Helper()
	var table struct {
		Table struct {
			Partitions []struct{ Start, Size int64 } `json:"partitions"`
		} `json:"partitiontable"`
	}
	must(h.t, json.Unmarshal([]byte(h.run("sfdisk", "--json", h.path("card"))), &table))
	last := table.Table.Partitions[2]
	h.run("dd", "if="+h.path("card"), "of="+h.path("var"), "bs=512", "conv=sparse", "status=none", fmt.Sprintf("skip=%d", last.Start), fmt.Sprintf("count=%d", last.Size))
	must(h.t, os.Mkdir(h.path("state"), 0o700))
	h.run("debugfs", "-R", "rdump /lib/releve/buffer "+h.path("state"), h.path("var"))
	must(h.t, os.WriteFile(h.path("store.toml"), fmt.Appendf(nil, "[agent]\nstate = %q\n[[meter]]\nname = \"linky\"\n", h.path("state")), 0o600))
	h.t.Logf("releve buffer verify: %s", h.run(h.releve, "buffer", "verify", "--config", h.path("store.toml")))
	export := exec.Command(h.releve, "buffer", "export", "--config", h.path("store.toml"))
	export.Stderr = io.Discard
	said, err := export.Output()
	must(h.t, err)
	return said
}

// compare judges the card after everything: what arrived was stored, what was stored arrived, all of it was said by the meter, and the
// cut took no more than it may of what the agent had heard when it was looked at last.
func (h *house) compare(before []byte, looked snapshot) {
	h.t.Helper()
	stored, arrived, said := factsOf(h.t, h.stored(), "/"), factsOf(h.t, h.received.lines(), "_"), h.line.values()
	first, last := map[string]int64{}, int64(0) // the deliveries of a subscriber begin one after the other, so each series by itself
	for f := range arrived {
		if at, known := first[f.path]; !known || f.millis < at {
			first[f.path] = f.millis
		}
		if !stored[f] {
			h.t.Errorf("received and not on the card: %v", f)
		}
	}
	for f := range factsOf(h.t, before, "_") {
		last = max(last, f.millis)
	}
	for f := range stored {
		if from, known := first[f.path]; known && f.millis >= from && !arrived[f] {
			h.t.Errorf("stored and lost: %v", f)
		}
		if !said[f.path][f.value] {
			h.t.Errorf("stored and never said by the meter: %v", f)
		}
	}
	heard := looked.Meters[0].LastFrame.UnixMilli()
	kept := last
	for f := range stored {
		if f.millis <= heard {
			kept = max(kept, f.millis)
		}
	}
	h.t.Logf("%d readings on the card, %d across; of those heard before the cut, the last %.1f s are lost", len(stored), len(arrived), float64(heard-kept)/1000)
	if lost := time.Duration(heard-kept) * time.Millisecond; lost > 2*period { // as long again for a processor that is emulated and busy
		h.t.Errorf("the cut took %s, and may take %s", lost, period)
	}
	if code := h.boots(); !slices.Equal(code, []string{"releve-code.txt"}) {
		h.t.Errorf("the boot partition has %q, want the code alone", code)
	}
}
