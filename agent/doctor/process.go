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

// getty tells a process that offers a login on a terminal, and which one.
func (h Host) getty(p process, terminal string) bool {
	return isGetty(p.Name) && slices.ContainsFunc(p.Command, func(word string) bool {
		return path.Base(h.resolve(path.Join("/dev", path.Base(word)))) == terminal
	})
}

// isGetty tells a login by the name of its program.
func isGetty(name string) bool { return strings.HasSuffix(name, "getty") || name == "login" }
