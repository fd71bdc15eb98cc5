package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"releve/agent/status"
)

// listing is a machine as a table: what a file holds by its name.
//
//	"-> target"        a symbolic link
//	"c 0660 UID GID"   a character device
//	"d 0700 UID GID"   a folder
//	anything else      the text of a file
type listing map[string]string

// with returns the listing with some files changed; "" takes one away.
func (l listing) with(changes listing) listing {
	all := maps.Clone(l)
	for file, text := range changes {
		if all[file] = text; text == "" {
			delete(all, file)
		}
	}
	return all
}

// pi is a Raspberry Pi of a model, with what all of them have. The one who types is alice, a member of dialout.
func pi(model string) listing {
	return listing{
		"/proc/device-tree/model":   "Raspberry Pi " + model + " Rev 1.2\x00",
		"/proc/cmdline":             "console=tty1 root=/dev/mmcblk0p2 rootwait\n",
		"/proc/1/comm":              "systemd\n",
		"/proc/1/cmdline":           "/sbin/init\x00",
		"/boot/firmware/config.txt": "[all]\nenable_uart=1\n",
		"/etc/passwd":               "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/bash\n",
		"/etc/group":                "root:x:0:\ntty:x:5:\ndialout:x:20:alice\nalice:x:1000:\n",
	}
}

// usb is the most common machine: a Pi and an adapter.
func usb() listing {
	return pi("4 Model B").with(listing{
		"/dev/ttyUSB0": "c 0660 0 20",
		"/dev/serial/by-id/usb-FTDI_TIC_AB-if00-port0": "-> ../../ttyUSB0",
	})
}

// host makes the files, and a Host that is alice's.
func (l listing) host(t *testing.T) Host {
	t.Helper()
	root, special := t.TempDir(), map[string]File{}
	for file, text := range l {
		full := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		special[full] = place(t, full, text)
	}
	return Host{
		Root: root, UID: 1000, Groups: []int{20, 1000},
		Stat: func(file string) (File, error) {
			if f, known := special[file]; known && f != (File{}) {
				return f, nil
			}
			info, err := os.Stat(file)
			if err != nil {
				return File{}, err
			}
			return File{Mode: info.Mode()}, nil
		},
		Space:  func(string) (Space, error) { return Space{Free: 1 << 30}, nil },
		Synced: func() (bool, error) { return true, nil },
	}
}

func place(t *testing.T, full, text string) File {
	t.Helper()
	var f File
	var kind string
	var mode fs.FileMode
	var err error
	if n, _ := fmt.Sscanf(text, "%1s %o %d %d", &kind, &mode, &f.UID, &f.GID); n == 4 {
		f.Mode = map[string]fs.FileMode{"c": fs.ModeDevice | fs.ModeCharDevice, "d": fs.ModeDir}[kind] | mode
	} else {
		kind = ""
	}
	target, isLink := strings.CutPrefix(text, "-> ")
	if root, _, isOpen := strings.Cut(full, "/proc/"); isOpen && path.IsAbs(target) { // the kernel tells where it really is
		target = root + target
	}
	switch {
	case isLink:
		err = os.Symlink(target, full)
	case kind == "d":
		err = os.MkdirAll(full, 0o755)
	default:
		err = os.WriteFile(full, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// examine runs an exam of one meter, which nobody hears unless the exam says otherwise.
func examine(t *testing.T, l listing, port string, change func(*Exam)) status.Node {
	t.Helper()
	e := Exam{Host: l.host(t), Config: "/home/alice/releve.toml", Meters: []Meter{{
		Name: "linky", Port: port,
		Listen: func(context.Context) (*Hearing, error) { return NewHearing(0, func() {}), nil },
	}}}
	if change != nil {
		change(&e)
	}
	tree := e.Checks(t.Context()).Run()
	bilingual(t, tree)
	return tree
}

// bilingual checks that what is said is said in both languages.
func bilingual(t *testing.T, n status.Node) {
	t.Helper()
	for _, words := range []status.Words{n.Text, n.Advice} {
		if (words.FR == "") != (words.EN == "") || strings.Contains(words.FR+words.EN, "%!") {
			t.Errorf("%s says %q in French and %q in English", n.Name, words.FR, words.EN)
		}
	}
	word, _, _ := strings.Cut(n.Name, " ")
	if _, known := titles[word]; !known && n.Name != "linky" {
		t.Errorf("%s has no title", n.Name)
	}
	for _, child := range n.Children {
		bilingual(t, child)
	}
}

// find returns the first node of a name.
func find(n status.Node, name string) (status.Node, bool) {
	if n.Name == name {
		return n, true
	}
	for _, child := range n.Children {
		if found, ok := find(child, name); ok {
			return found, true
		}
	}
	return status.Node{}, false
}

// said is what a check found, in English: "state: text → advice (detail)".
func said(t *testing.T, tree status.Node, name string) string {
	t.Helper()
	n, found := find(tree, name)
	if !found {
		t.Fatalf("there is no check %s", name)
	}
	line := n.State.String()
	if n.DependsOn != "" {
		return line + ": depends on " + n.DependsOn
	}
	for _, more := range []struct{ mark, text string }{{": ", n.Text.EN}, {" → ", n.Advice.EN}, {" | ", n.Detail}} {
		if more.text != "" {
			line += more.mark + more.text
		}
	}
	return line
}

// finding is one row of the tables: a machine, a check, and what it must say.
type finding struct {
	name  string
	files listing
	port  string
	check string
	want  string
}

func examineAll(t *testing.T, rows []finding) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := said(t, examine(t, row.files, row.port, nil), row.check); got != row.want {
				t.Errorf("%s says\n%s\nwant\n%s", row.check, got, row.want)
			}
		})
	}
}

func TestThisHost(t *testing.T) {
	t.Parallel()
	h := ThisHost()
	if f, err := h.stat("/dev/null"); err != nil || f.Mode&fs.ModeCharDevice == 0 {
		t.Errorf("/dev/null is %+v, %v", f, err)
	}
	if _, err := h.stat("/no/such/file"); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	if space, err := h.Space(os.TempDir()); err != nil || space.ReadOnly {
		t.Errorf("the temporary folder has %+v, %v", space, err)
	}
	if _, err := h.Space("/no/such/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the space of nothing: %v", err)
	}
	if _, err := h.Synced(); err != nil {
		t.Errorf("the clock cannot be asked: %v", err)
	}
	self := false
	for _, p := range h.processes() {
		self = self || p.ID == os.Getpid()
	}
	if !self {
		t.Error("this process is not among those that run")
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	h := listing{"/dev/a": "-> b", "/dev/b": "-> /dev/sub/c", "/dev/sub/c": "-> ../d", "/dev/d": "x", "/dev/x": "-> y", "/dev/y": "-> x"}.host(t)
	for file, want := range map[string]string{"/dev/a": "/dev/d", "/dev/d": "/dev/d", "/dev/none": "/dev/none", "/dev/x": "/dev/x"} {
		if got := h.resolve(file); got != want {
			t.Errorf("%s leads to %s, want %s", file, got, want)
		}
	}
}
