package doctor

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// account is the user that Relève runs as.
type account struct {
	Name    string
	UID     int
	Groups  []int
	Service bool // the system user of the unit, not the one who types
}

// The system's configuration belongs to the service, whoever examines it; see releve.service and sysusers.conf.
const (
	systemConfig = "/etc/releve/"
	serviceUser  = "releve"
)

// account returns who is going to open the port: the service's user when the system's configuration is examined and the
// service is installed, else the user who asks.
func (e Exam) account() account {
	if strings.HasPrefix(e.Config, systemConfig) {
		if a, found := e.Host.user(serviceUser); found {
			a.Service = true
			a.Groups = append(a.Groups, e.Host.supplementary()...)
			return a
		}
	}
	a := account{Name: strconv.Itoa(e.Host.UID), UID: e.Host.UID, Groups: e.Host.Groups}
	for _, entry := range e.Host.entries("/etc/passwd") {
		if len(entry) > 2 && entry[2] == a.Name {
			a.Name = entry[0]
			break
		}
	}
	return a
}

// entries reads a file of colon-separated lines, passwd(5) and group(5).
func (h Host) entries(file string) [][]string {
	var all [][]string
	for line := range strings.Lines(h.read(file)) {
		all = append(all, strings.Split(strings.TrimSpace(line), ":"))
	}
	return all
}

// user looks a user up, with all groups it has by the files.
//
//	Format:  name:password:UID:GID:…  and  name:password:GID:member,member
//	Example: "releve:x:994:994::/:/usr/sbin/nologin"
func (h Host) user(name string) (account, bool) {
	for _, entry := range h.entries("/etc/passwd") {
		if len(entry) < 4 || entry[0] != name {
			continue
		}
		uid, errUser := strconv.Atoi(entry[2])
		gid, errGroup := strconv.Atoi(entry[3])
		if errUser != nil || errGroup != nil {
			continue
		}
		return account{Name: name, UID: uid, Groups: append(h.memberships(name), gid)}, true
	}
	return account{}, false
}

func (h Host) memberships(name string) []int {
	var groups []int
	for _, entry := range h.entries("/etc/group") {
		if len(entry) < 4 || !slices.Contains(strings.Split(entry[3], ","), name) {
			continue
		}
		if gid, err := strconv.Atoi(entry[2]); err == nil {
			groups = append(groups, gid)
		}
	}
	return groups
}

// supplementary returns the groups that systemd gives the service besides its own.
func (h Host) supplementary() []int {
	var groups []int
	files := []string{"/usr/lib/systemd/system/releve.service", "/lib/systemd/system/releve.service", "/etc/systemd/system/releve.service"}
	for _, file := range append(files, h.list("/etc/systemd/system/releve.service.d/*.conf")...) {
		for line := range strings.Lines(h.read(file)) {
			names, found := strings.CutPrefix(strings.TrimSpace(line), "SupplementaryGroups=")
			for name := range strings.FieldsSeq(names) {
				if gid, known := h.group(name); known && found {
					groups = append(groups, gid)
				}
			}
		}
	}
	return groups
}

func (h Host) group(name string) (int, bool) {
	for _, entry := range h.entries("/etc/group") {
		if len(entry) > 2 && entry[0] == name {
			gid, err := strconv.Atoi(entry[2])
			return gid, err == nil
		}
	}
	return 0, false
}

func (h Host) groupName(gid int) string {
	for _, entry := range h.entries("/etc/group") {
		if len(entry) > 2 && entry[2] == strconv.Itoa(gid) {
			return entry[0]
		}
	}
	return strconv.Itoa(gid)
}

// may tells whether an account can read and write a file.
func (a account) may(f File) bool {
	const readWrite fs.FileMode = 6
	mode := f.Mode.Perm()
	switch {
	case a.UID == 0:
		return true
	case a.UID == f.UID:
		return mode>>6&readWrite == readWrite
	case slices.Contains(a.Groups, f.GID):
		return mode>>3&readWrite == readWrite
	}
	return mode&readWrite == readWrite
}
