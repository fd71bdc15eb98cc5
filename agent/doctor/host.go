package doctor

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Host is the machine, as its own files and three questions to its kernel tell it.
type Host struct {
	Root   string // "/"; a folder that looks like it in tests
	UID    int
	Groups []int                           // of this process
	Stat   func(file string) (File, error) // of a file under Root, links followed
	Space  func(file string) (Space, error)
	Synced func() (bool, error) // whether the clock is set by the network
}

// File is who may use a file.
type File struct {
	Mode     fs.FileMode
	UID, GID int
}

// Space is the room on a file system.
type Space struct {
	Free     uint64 // bytes, for who is not root
	Total    uint64 // bytes
	ReadOnly bool
}

// ThisHost is the machine that this program runs on.
func ThisHost() Host {
	groups, _ := os.Getgroups() // none is a fair answer, too
	return Host{
		Root: "/", UID: os.Geteuid(), Groups: append(groups, os.Getegid()),
		Stat: statFile, Space: statSpace, Synced: synced,
	}
}

func statFile(file string) (File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return File{}, err
	}
	f := File{Mode: info.Mode()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		f.UID, f.GID = int(sys.Uid), int(sys.Gid)
	}
	return f, nil
}

func statSpace(file string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(file, &st); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: file, Err: err}
	}
	return Space{Free: st.Bavail * uint64(st.Bsize), Total: st.Blocks * uint64(st.Bsize), ReadOnly: st.Flags&unix.ST_RDONLY != 0}, nil
}

// synced asks the kernel, as adjtimex(2) describes.
func synced() (bool, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, err
}

// at is where a file of the machine lies.
func (h Host) at(file string) string { return filepath.Join(h.Root, file) }

// read returns the text of a file, without the NUL that the kernel ends some with; "" when there is none.
func (h Host) read(file string) string {
	text, err := os.ReadFile(h.at(file))
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(text), "\x00\n")
}

// first returns the first of the files that exists, and its text.
func (h Host) first(files ...string) (file, text string) {
	for _, file := range files {
		if _, err := os.Stat(h.at(file)); err == nil {
			return file, h.read(file)
		}
	}
	return files[0], ""
}

// list returns the full names of what matches a pattern of path.Match.
func (h Host) list(pattern string) []string {
	found, _ := filepath.Glob(h.at(pattern)) // the patterns are ours
	for i, file := range found {
		found[i] = path.Join("/", strings.TrimPrefix(file, filepath.Clean(h.Root)))
	}
	return found
}

// resolve follows symbolic links, which lead to places under Root. What does not exist is returned as it is.
func (h Host) resolve(file string) string {
	const most = 40 // as the kernel
	for range most {
		target, err := os.Readlink(h.at(file))
		switch {
		case err != nil:
			return path.Clean(file)
		case path.IsAbs(target):
			file = target
		default:
			file = path.Join(path.Dir(file), target)
		}
	}
	return file
}

// stat looks at a file, links followed.
func (h Host) stat(file string) (File, error) { return h.Stat(h.at(h.resolve(file))) }
