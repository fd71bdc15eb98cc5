// Package update installs a newer version of Relève, and nothing that the configured key has not signed.
//
// In: the folder of a release, as cross/package.sh makes it: packages, SHA256SUMS, and SHA256SUMS.asc, which is an
// OpenPGP signature (RFC 9580) of it. Out: the package of this machine in the state folder (Channel), and from there, by
// root, on the system (Installer). Whoever installs believes nothing of what was placed: all is verified again.
package update

import (
	"errors"
	"fmt"
)

// Names of what a release and the folder of what was placed hold.
const (
	sumsFile      = "SHA256SUMS"
	signatureFile = "SHA256SUMS.asc"
	packageFile   = "package.deb"
)

// Folder is where, in the state folder, a package waits for root.
const Folder = "update"

// Bounds of what is read from others.
const (
	maxText    = 64 << 10 // bytes of a list, a signature or a key
	maxPackage = 64 << 20 // bytes
)

// errTooLong says that there is more than a bound allows.
func errTooLong(most int64) error { return fmt.Errorf("it is longer than %d bytes", most) }

// ErrNotNewer is under the error of a release that has no newer version than the one that is installed.
var ErrNotNewer = errors.New("not newer")
