package update

import (
	"encoding/hex"
	"fmt"
	"io"
	"regexp"

	deb "github.com/knqyf263/go-deb-version"
)

// Release is a package of Relève for one architecture.
type Release struct {
	File    string // releve_1.2.0_arm64.deb
	Version string // as dpkg has it
	sum     [32]byte
}

// sumLine is what sha256sum(1) writes of a package that cross/package.sh made.
var sumLine = regexp.MustCompile(`(?m)^([0-9a-f]{64}) [ *](releve_([0-9][0-9A-Za-z.+~-]{0,63})_([a-z0-9]+)\.deb)$`)

// newest finds in a signed list the newest package for an architecture, and refuses it unless it is newer than what is
// installed.
func newest(sums []byte, has Installed) (best Release, err error) {
	for _, m := range sumLine.FindAllSubmatch(sums, -1) {
		r := Release{File: string(m[2]), Version: string(m[3])}
		if string(m[4]) != has.Architecture {
			continue
		}
		newer, err := isNewer(r.Version, best.Version)
		if err != nil {
			return best, err
		}
		if newer {
			hex.Decode(r.sum[:], m[1]) // 64 digits, as the pattern says
			best = r
		}
	}
	if best.File == "" {
		return best, fmt.Errorf("%s lists no package releve for %s", sumsFile, has.Architecture)
	}
	newer, err := isNewer(best.Version, has.Version)
	if err == nil && !newer {
		err = fmt.Errorf("version %s is %w than %s, which is installed", best.Version, ErrNotNewer, has.Version)
	}
	return best, err
}

// isNewer compares as dpkg does. Everything is newer than "".
func isNewer(version, than string) (bool, error) {
	v, err := deb.NewVersion(version)
	if err != nil {
		return false, fmt.Errorf("version %q: %w", version, err)
	}
	if than == "" {
		return true, nil
	}
	old, err := deb.NewVersion(than)
	if err != nil {
		return false, fmt.Errorf("version %q: %w", than, err)
	}
	return v.GreaterThan(old), nil
}

// readText reads what has to be short.
func readText(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err == nil && len(text) > maxText {
		err = errTooLong(maxText)
	}
	return text, err
}
