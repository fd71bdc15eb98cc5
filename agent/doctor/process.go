package doctor

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// process is a running program.
type process struct {
	ID      int
	Name    string   // as the kernel knows it, at most 15 bytes
	Command []string // with its arguments
}

// processes lists what runs, from /proc/PID/comm and /proc/PID/cmdline.
func (h Host) processes() []process {
	var all []process
	for _, file := range h.list("/proc/[0-9]*/comm") {
		folder := path.Dir(file)
		id, err := strconv.Atoi(path.Base(folder))
		if err != nil {
			continue
		}
		all = append(all, process{
			ID: id, Name: h.read(file), Command: strings.Split(h.read(folder+"/cmdline"), "\x00"),
		})
	}
	return all
}

// holders lists the processes that have a device open. A user sees only those of his own; root sees all.
func (h Host) holders(device string, self int) []process {
	device = h.resolve(device)
	return slices.DeleteFunc(h.processes(), func(p process) bool {
		return p.ID == self || !h.reads(p, device)
	})
}

// reads tells whether a process has a device open. One that holds the other end of a pseudo-terminal does not read it:
// it is the meter.
func (h Host) reads(p process, device string) bool {
	found := false
	for _, link := range h.list("/proc/" + strconv.Itoa(p.ID) + "/fd/*") {
		switch h.resolve(link) {
		case device:
			found = true
		case "/dev/ptmx", "/dev/pts/ptmx":
			return false
		}
	}
	return found
}

// getty tells a process that offers a login on a terminal, and which one.
func (h Host) getty(p process, terminal string) bool {
	if p.Name != "agetty" && p.Name != "getty" && p.Name != "login" {
		return false
	}
	return slices.ContainsFunc(p.Command, func(word string) bool {
		return path.Base(h.resolve(path.Join("/dev", path.Base(word)))) == terminal
	})
}
