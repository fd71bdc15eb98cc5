package image_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// patience is how long anything is waited for: the processor is emulated, and shared with others.
const patience = 30 * time.Minute

// bootAt is where the boot partition begins in the image (cross/image/disk.sh), as mtools want it.
const bootAt = "@@4M"

// machine is an emulated computer with a copy of the image on a larger card, a page that is reached from outside, and a line
// for a meter. It has no network but this machine, which it knows as 10.0.2.2.
type machine struct {
	board
	t     *testing.T
	dir   string
	page  string // host:port
	cmd   *exec.Cmd
	ended chan struct{}
	began time.Time // of this power-up
	shell *shell
}

// newMachine copies the image to a card of 4 GB.
func newMachine(t *testing.T, image string) *machine {
	t.Helper()
	m := &machine{board: newBoard(t, image), t: t, dir: t.TempDir(), page: lab.FreeAddress(t)}
	m.run("cp", "--sparse=always", image, m.path("card"))
	must(t, os.Truncate(m.path("card"), 4<<30))
	m.run("mcopy", "-i", m.path("card")+bootAt, "::cmdline.txt", m.path("cmdline"))
	for _, name := range []string{"vmlinuz", "initrd.img"} {
		m.run("mcopy", "-i", m.path("card")+bootAt, "::"+name+"-*", m.path(name))
	}
	if m.tree != "" {
		m.run("mcopy", "-i", m.path("card")+bootAt, "::"+m.tree, m.path("tree"))
	}
	for _, edit := range m.edits {
		m.run("fdtput", slices.Insert(slices.Clone(edit), 2, m.path("tree"))...)
	}
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, name) }

// run is a program of this machine that has to do what it is for.
func (m *machine) run(name string, args ...string) string {
	m.t.Helper()
	said, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, said)
	}
	return string(said)
}

// put writes a file to the boot partition, as somebody does who has the card in a computer.
func (m *machine) put(name string, text []byte) {
	m.t.Helper()
	must(m.t, os.WriteFile(m.path("put"), text, 0o600))
	for i, letter := range name {
		if letter == '/' {
			_ = exec.Command("mmd", "-i", m.path("card")+bootAt, "::"+name[:i]).Run() // it may be there
		}
	}
	m.run("mcopy", "-o", "-i", m.path("card")+bootAt, m.path("put"), "::"+name)
}

// replace writes the boot partition and the system of an image over those on the card (cross/IMAGE.md).
func (m *machine) replace(image string) {
	m.t.Helper()
	m.run("dd", "if="+image, "of="+m.path("card"), "bs=4M", "skip=1", "seek=1", "count=320", "conv=notrunc", "status=none")
}

// boots is the names on the boot partition that are of Relève.
func (m *machine) boots() []string {
	m.t.Helper()
	var ours []string
	for name := range strings.FieldsSeq(m.run("mdir", "-b", "-/", "-i", m.path("card")+bootAt, "::")) {
		if name = strings.TrimPrefix(name, "::/"); strings.HasPrefix(name, "releve") {
			ours = append(ours, name)
		}
	}
	return ours
}

// power switches it on. It is given the kernel, the initrd and the command line that the firmware of a Pi would find, and beside
// them a console that is written down and a shell for the test, which the image itself does not have. What the watchdog would do is
// left out: an emulated processor on a busy machine is too slow for its 15 s.
func (m *machine) power() {
	m.t.Helper()
	words, err := os.ReadFile(m.path("cmdline"))
	must(m.t, err)
	for _, socket := range []string{"line", "shell"} {
		if err := os.Remove(m.path(socket)); err != nil && !errors.Is(err, os.ErrNotExist) {
			m.t.Fatal(err)
		}
	}
	m.cmd = exec.Command(m.emulator, append(m.arguments(m.dir, m.page), "-append", m.words(string(words)))...)
	var said bytes.Buffer
	m.cmd.Stderr = &said
	must(m.t, m.cmd.Start())
	m.began, m.ended = time.Now(), make(chan struct{})
	go func() {
		defer close(m.ended)
		_ = m.cmd.Wait() // it may be killed
	}()
	m.t.Cleanup(func() {
		m.cut()
		if m.t.Failed() {
			console, _ := os.ReadFile(m.path("console"))
			m.t.Logf("qemu said %q; the end of the console:\n%s", &said, console[max(0, len(console)-4096):])
		}
	})
	m.shell = &shell{t: m.t, file: m.path("shell")}
}

// cut takes the power away.
func (m *machine) cut() {
	_ = m.cmd.Process.Kill() // it may have ended
	<-m.ended
}

// powerOff shuts it down, as a long press of a button would.
func (m *machine) powerOff() {
	m.t.Helper()
	m.shell.send("systemctl poweroff")
	select {
	case <-m.ended:
	case <-time.After(patience):
		m.t.Fatal("it does not shut down")
	}
}

// snapshot is what the page says of how things are.
type snapshot struct {
	Meters []struct {
		Frames    uint64    `json:"frames"`
		LastFrame time.Time `json:"last_frame"`
	} `json:"meters"`
	Buffer struct {
		Packs uint64 `json:"packs"`
	} `json:"buffer"`
	Recipients []struct {
		Pending uint64 `json:"pending"`
	} `json:"recipients"`
	Federation struct {
		State string `json:"state"`
	} `json:"federation"`
}

func (m *machine) look() (s snapshot, err error) {
	client := http.Client{Timeout: time.Minute}
	response, err := client.Get("http://" + m.page + "/api/v1/status")
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// until waits for what the page says, and returns it.
func (m *machine) until(what string, is func(snapshot) bool) snapshot {
	m.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Second) {
		s, err := m.look()
		if err == nil && is(s) {
			return s
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("%s: not within %s; the page says %+v, %v", what, patience, s, err)
		}
		select {
		case <-m.ended:
			m.t.Fatalf("%s: the machine has ended", what)
		default:
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
