package port

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Holder is a process that has a port open.
type Holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command"` // its name, without arguments: those may hold anything
}

// String names the process, and says so when it is a login on the port.
func (h Holder) String() string {
	if h.isLogin() {
		return fmt.Sprintf("%s, the login console (process %d)", h.Command, h.PID)
	}
	return fmt.Sprintf("%s (process %d)", h.Command, h.PID)
}

// isLogin tells a getty, which Raspberry Pi OS runs on the serial port unless told otherwise.
func (h Holder) isLogin() bool { return strings.HasSuffix(h.Command, "getty") || h.Command == "login" }

// Holders lists the other processes that have a port open. It sees those of other users only as root, and none where
// the service may not see other processes.
func (m Machine) Holders(device string) []Holder {
	target, err := filepath.EvalSymlinks(device)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(m.path("proc")) // without it, nobody is seen
	var all []Holder
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && pid != os.Getpid() && m.holds(pid, target) {
			all = append(all, Holder{PID: pid, Command: attribute(m.path("proc", entry.Name(), "comm"))})
		}
	}
	return all
}

// holds reports whether a process has the device open as a reader would. The program at the other end of a
// pseudo-terminal may have both ends open; it is no reader.
func (m Machine) holds(pid int, target string) bool {
	folder := m.path("proc", strconv.Itoa(pid), "fd")
	entries, _ := os.ReadDir(folder) // not ours to see, or gone
	found, meter := false, false
	for _, entry := range entries {
		open, _ := os.Readlink(filepath.Join(folder, entry.Name())) // closed meanwhile
		found = found || open == target
		meter = meter || filepath.Base(open) == "ptmx" && strings.HasPrefix(target, "/dev/pts/")
	}
	return found && (!meter || pid == os.Getpid())
}

// errInUse says who has a port, as far as that can be seen.
func (m Machine) errInUse(name string) error {
	target, _ := filepath.EvalSymlinks(name) // it could just be opened
	switch others := m.Holders(name); {
	case len(others) > 0 && others[0].isLogin():
		return fmt.Errorf("port %s is in use by %s: systemctl disable --now serial-getty@%s", name, others[0], filepath.Base(target))
	case len(others) > 0:
		return fmt.Errorf("port %s is in use by %s: end it first", name, join(others))
	case m.holds(os.Getpid(), target):
		return fmt.Errorf("port %s is read by this program already: give each meter a port of its own", name)
	}
	return fmt.Errorf("port %s is in use by another program; run releve probe as root to see which", name)
}

func join(holders []Holder) string {
	var names []string
	for _, h := range holders {
		names = append(names, h.String())
	}
	return strings.Join(names, ", ")
}
