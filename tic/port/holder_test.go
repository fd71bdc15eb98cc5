package port

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// process puts a process with open files into the machine.
func (tree Tree) process(pid int, command string, open ...string) {
	tree.t.Helper()
	folder := filepath.Join("proc", strconv.Itoa(pid))
	tree.write(filepath.Join(folder, "comm"), command+"\n")
	for i, file := range open {
		tree.link(file, filepath.Join(folder, "fd", strconv.Itoa(i)))
	}
}

func TestErrInUse(t *testing.T) {
	t.Parallel()
	type process struct {
		pid     int
		command string
		open    []string
	}
	for _, test := range []struct {
		name      string
		processes []process
		want      string
	}{
		{"nobody that can be seen", nil, "port PORT is in use by another program; run releve probe as root to see which"},
		{"others only", []process{{7, "bash", []string{"/dev/null", "pipe:[4]"}}}, "port PORT is in use by another program; run releve probe as root to see which"},
		{"a terminal program", []process{{7, "bash", []string{"/dev/null"}}, {123, "picocom", []string{"/dev/null", "PORT"}}}, "port PORT is in use by picocom (process 123): end it first"},
		{"two", []process{{123, "picocom", []string{"PORT"}}, {124, "cat", []string{"PORT", "PORT"}}}, "port PORT is in use by picocom (process 123), cat (process 124): end it first"},
		{"login", []process{{123, "agetty", []string{"PORT"}}}, "port PORT is in use by agetty, the login console (process 123): systemctl disable --now serial-getty@ttyAMA0"},
		{"this program", []process{{os.Getpid(), "releve", []string{"PORT"}}}, "port PORT is read by this program already: give each meter a port of its own"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tree := NewTree(t)
			tree.UART("ttyAMA0", "", "uart-pl011")
			name := tree.path("dev/ttyAMA0")
			put := func(text string) string { return strings.ReplaceAll(text, "PORT", name) }
			for _, p := range test.processes {
				for i := range p.open {
					p.open[i] = put(p.open[i])
				}
				tree.process(p.pid, p.command, p.open...)
			}
			if got, want := tree.errInUse(name).Error(), put(test.want); got != want {
				t.Errorf("error is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A name under by-id leads to the device that processes have open.
func TestHoldersFollowLinks(t *testing.T) {
	t.Parallel()
	tree := NewTree(t)
	tree.USB("ttyUSB0", "", "ftdi_sio", microV2)
	tree.process(42, "minicom", tree.path("dev/ttyUSB0"))
	got := tree.Holders(tree.path("dev/serial/by-id", ByID(microV2)))
	if diff := cmp.Diff([]Holder{{PID: 42, Command: "minicom"}}, got); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if got := tree.Holders(tree.path("dev/ttyUSB7")); got != nil {
		t.Errorf("holders of what is not there: %v", got)
	}
}
