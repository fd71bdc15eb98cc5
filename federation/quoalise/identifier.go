package quoalise

import (
	"fmt"
	"strings"

	"releve/federation/xmpp"
)

const (
	urnDevice = "urn:dev:"
	urnPRM    = "urn:dev:prm:"
)

// maxIdentifier bounds what an answer repeats: a peer must not be able to make us send a stanza that our own server
// ends the session for.
const maxIdentifier = 256 // bytes

// splitIdentifier splits an identifier at the first "_" into device and path (RFC 9039 §3: what follows is a
// component of the device). The path is "" when the identifier stands for the whole device.
//
//	Example: urn:dev:prm:30001610071843_consumption/power/active/mean
func splitIdentifier(id string) (device, path string) {
	device, path, _ = strings.Cut(id, "_")
	return device, path
}

// PathOf returns the path of the series that a name stands for, "" when it is no identifier of one.
func PathOf(name string) string {
	_, path := splitIdentifier(name)
	return path
}

func prmOf(device string) (string, bool) { return strings.CutPrefix(device, urnPRM) }

// checkIdentifier refuses what cannot name a device or a series.
func checkIdentifier(id string) error {
	if len(id) > maxIdentifier {
		return xmpp.BadRequest(fmt.Sprintf("identifier has more than %d bytes", maxIdentifier))
	}
	device, path := splitIdentifier(id)
	if len(device) <= len(urnDevice) || !strings.HasPrefix(device, urnDevice) {
		return xmpp.BadRequest("identifier must begin with " + urnDevice + ", for example urn:dev:prm:01234567890123_consumption/power/apparent/raw")
	}
	if strings.Contains(id, "_") && path == "" {
		return xmpp.BadRequest("identifier has nothing after the underscore; leave it out to mean all series of the device")
	}
	return nil
}

// names says whether an identifier stands for a series: it is the series, or its device.
func names(id, series string) bool {
	return id == series || !strings.Contains(id, "_") && strings.HasPrefix(series, id+"_")
}
