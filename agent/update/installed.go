package update

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
)

// DpkgStatus is where dpkg writes down what is installed.
const DpkgStatus = "/var/lib/dpkg/status"

// Installed is the package that is installed.
type Installed struct{ Version, Architecture string }

// errNoPackage says why there is nothing that could be updated.
var errNoPackage = errors.New("this program was not installed as the Debian package releve, so none can take its place")

// ReadInstalled finds our package in dpkg's list (deb-control(5)).
func ReadInstalled(status string) (Installed, error) {
	f, err := os.Open(status)
	if errors.Is(err, os.ErrNotExist) {
		return Installed{}, errNoPackage
	}
	if err != nil {
		return Installed{}, fmt.Errorf("read what is installed: %w", err)
	}
	defer f.Close()
	var has Installed
	ours := false
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "Package":
			ours = value == "releve"
		case "Version":
			if ours {
				has.Version = value
			}
		case "Architecture":
			if ours {
				has.Architecture = value
			}
		}
	}
	if err := lines.Err(); err != nil {
		return has, fmt.Errorf("read what is installed: %w", err)
	}
	if has.Version == "" || has.Architecture == "" {
		return has, errNoPackage
	}
	return has, nil
}

// isWhole says whether a version is installed, and nothing of another half.
func isWhole(status, version string) bool {
	about, err := os.ReadFile(status)
	if err != nil {
		return false
	}
	for of := range strings.SplitSeq(string(about), "\n\n") {
		if strings.HasPrefix(of, "Package: releve\n") {
			return strings.Contains(of+"\n", "\nStatus: install ok installed\n") && strings.Contains(of+"\n", "\nVersion: "+version+"\n")
		}
	}
	return false
}
