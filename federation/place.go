package federation

import (
	"regexp"
	"strconv"
	"strings"
)

// Place is where a recipient outside the federation keeps a series. Such a recipient has a name for a device and a name
// for one thing of it, whatever it calls the two:
//
//	           device                item
//	Zabbix     host                  key
//	BMHS       device (its mac)      metavalue
//	Warp 10    value of a label      class
//	SEN1       name                  metaname
//
// A route says both, one or none of them; what it does not say a recipient makes of the URN or of the path.
type Place struct {
	Device, Item string // as a route names them; "" where it does not
	URN, Path    string // as the gate names them: urn:dev:…, and the path of the series
}

// placePrefix begins a name that holds what a route says.
const placePrefix = "place:"

// Name writes a place so that it can be the name of a record (RFC 8428 §4.5.1).
//
//	Example: urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1, when no route says anything
//	Example: place:linky-12/tic:5BURMS1:5D/urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1
func (p Place) Name() string {
	name := p.URN + "_" + p.Path
	if p.Device == "" && p.Item == "" {
		return name
	}
	return placePrefix + escape(p.Device, "-.") + "/" + escape(p.Item, "-.") + "/" + name
}

// PlaceOf reads the name of a record that has come through a gate.
func PlaceOf(name string) Place {
	var p Place
	if said, ok := strings.CutPrefix(name, placePrefix); ok {
		device, rest, _ := strings.Cut(said, "/")
		item, granted, _ := strings.Cut(rest, "/")
		p.Device, p.Item, name = unescape(device), unescape(item), granted
	}
	p.URN, p.Path, _ = strings.Cut(name, "_")
	return p
}

// Outside is the name of a record that a source outside the federation has brought: the device as the source calls it, of
// which only the intake of the agent learns, and the item, which becomes the path.
//
//	Example: device:b8:3A27:3Aeb_base, Outside("b8:27:eb", "base")
//	Example: urn:dev:prm:01234567890123_pride.enedis.cdc, Outside("01234567890123", "pride.enedis.cdc")
func Outside(device, item string) string {
	name := "_" + escape(item, "-./_")
	if isPRM.MatchString(device) { // known for what it is, so that nobody sees it who was not granted the identity
		return "urn:dev:prm:" + device + name
	}
	return "device:" + escape(device, "-.") + name
}

var isPRM = regexp.MustCompile(`^[0-9]{14}$`)

// OutsideGlob makes a glob over paths of one over the items of a source outside the federation.
//
//	Example: tic:5BEASF*:5D, OutsideGlob("tic[EASF*]")
func OutsideGlob(items string) string { return escape(items, "-./_*") }

// escape writes all but letters, digits and these as ":" and two hexadecimal digits.
func escape(s, plain string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{':', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// unescape reads what escape wrote; what it cannot have written stays.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == ':' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
