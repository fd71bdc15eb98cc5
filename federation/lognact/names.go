package lognact

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"releve/federation"
)

// Names says which host and item a series is, where no route says it.
type Names struct {
	Hosts map[string]string // by device: urn:dev:org:60060-<pseudonym>
	Keys  map[string]string // by path
}

// device is how a gate calls the device of a series whose identity it does not tell.
var device = regexp.MustCompile(`^urn:dev:org:[0-9]+-([0-9a-f]+)$`)

// ErrNamed marks an error of a name that would show whose meter it is: no host is called by that.
var ErrNamed = errors.New("the name of a series is not under a pseudonym")

// item returns the host and the key of a series, unless it is told otherwise linky-<pseudonym> and releve[<path>].
func (n Names) item(series string) (item, error) {
	p := federation.PlaceOf(series)
	i := item{cmp.Or(p.Device, n.Hosts[p.URN]), cmp.Or(p.Item, n.Keys[p.Path], DefaultKey(p.Path))}
	if i.host != "" {
		return i, nil
	}
	var err error
	i.host, err = DefaultHost(p.URN)
	return i, err
}

// DefaultHost is the technical name of the host that stands for a device.
//
//	Example: linky-5f2a90c1b3d4e6f7, for urn:dev:org:60060-5f2a90c1b3d4e6f7
func DefaultHost(name string) (string, error) {
	of := device.FindStringSubmatch(name)
	if of == nil {
		return "", ErrNamed
	}
	return "linky-" + of[1], nil
}

// DefaultKey is the key of the item that stands for a path: in brackets a key may hold what a path may.
//
//	Example: releve[consumption/power/apparent/raw]
func DefaultKey(path string) string { return "releve[" + path + "]" }

// pathOf is the path that a default key stands for.
func pathOf(key string) (string, bool) {
	path, ok := strings.CutPrefix(key, "releve[")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(path, "]")
}

var (
	hostName = regexp.MustCompile(`^[0-9A-Za-z_. -]{1,128}$`)
	itemKey  = regexp.MustCompile(`^[0-9A-Za-z_.-]+(\[[^\]]*\])?$`)
)

// CheckHost says whether Zabbix takes a technical name of a host.
func CheckHost(name string) error {
	if !hostName.MatchString(name) {
		return fmt.Errorf("%q is not a host that Zabbix takes: 1 to 128 letters without accents, digits, spaces, _ . or -", name)
	}
	return nil
}

// CheckKey says whether Zabbix takes a key.
func CheckKey(key string) error {
	if !itemKey.MatchString(key) || len(key) > 2048 {
		return fmt.Errorf("%q is not a key that Zabbix takes: letters without accents, digits, _ . or -, then anything in [ ], such as tic[EAST]", key)
	}
	return nil
}
