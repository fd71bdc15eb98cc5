// Package sen1 knows how the SEN1 proof of concept names a datum, and writes such names where only those of SenML may
// stand.
//
// In: names of the federation (urn:dev:…), or a text. Out: a Name, and its text. It knows nothing of meters or sessions.
package sen1

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Name says which application answers for a datum, whose it is, and what it is.
//
//	Format:  <app>@<server 1>/<user or sensor>@<server 2>/<path>
//	Example: maison@breizh-sen1.example/1f2e3d4c5b6a7988@breizh-sen1.example/consumption/power/apparent/raw
//
// In app and sensor, which are localparts of addresses, what may not stand there is escaped as in XEP-0106: a space is
// \20, @ is \40, / is \2f, : is \3a, \ is \5c. The path is the rest, as it is.
type Name struct {
	App, AppServer       string
	Sensor, SensorServer string // sensor: a user, or a device
	Path                 string
}

// Parse reads a name. Its error never shows the text: sensors identify people.
func Parse(s string) (Name, error) {
	n, err := parse(s, "@", unescape, func(path string) (string, error) { return path, nil })
	if err != nil {
		return Name{}, fmt.Errorf("read a SEN1 name: %w", err)
	}
	return n, nil
}

// String writes a name that Check accepts so that Parse returns it.
func (n Name) String() string {
	return escape(n.App) + "@" + n.AppServer + "/" + escape(n.Sensor) + "@" + n.SensorServer + "/" + n.Path
}

// SenML writes the name with the characters of RFC 8428 §4.5.1 only, which @ is none of: ":", which no localpart may hold
// (RFC 7622 §3.3.1), takes its place. Any other byte that may not stand there, and "_", is "_" and two hexadecimal digits.
//
//	Example: maison:breizh-sen1.example/1f2e3d4c5b6a7988:breizh-sen1.example/consumption/power/apparent/raw
func (n Name) SenML() string {
	return encode(n.App, ".-") + ":" + n.AppServer + "/" + encode(n.Sensor, ".-") + ":" + n.SensorServer + "/" + encode(n.Path, ".-/:")
}

// ParseSenML reads what SenML wrote.
func ParseSenML(s string) (Name, error) {
	n, err := parse(s, ":", decode, decode)
	if err != nil {
		return Name{}, fmt.Errorf("read a SEN1 name: %w", err)
	}
	return n, nil
}

// Check says what keeps n from being written, in a sentence.
func (n Name) Check() error {
	switch {
	case n.App == "" || !isAlphanumeric(n.App[0]):
		return errors.New("the application must begin with a letter or a digit") // as every SenML name
	case n.Sensor == "":
		return errors.New("there is no user or sensor")
	case n.Path == "":
		return errors.New("there is no path")
	case !isServer(n.AppServer) || !isServer(n.SensorServer):
		return errors.New("a server must be a domain of small letters, digits, hyphens and dots")
	}
	return nil
}

func parse(s, at string, part, path func(string) (string, error)) (n Name, err error) {
	app, rest, _ := strings.Cut(s, "/")
	sensor, last, ok := strings.Cut(rest, "/")
	if !ok {
		return n, errors.New("want <app>@<server>/<user or sensor>@<server>/<path>")
	}
	var errs [3]error
	app, n.AppServer, _ = strings.Cut(app, at)
	sensor, n.SensorServer, _ = strings.Cut(sensor, at)
	n.App, errs[0] = part(app)
	n.Sensor, errs[1] = part(sensor)
	n.Path, errs[2] = path(last)
	if err := errors.Join(errs[:]...); err != nil {
		return n, err
	}
	return n, n.Check()
}

// escaped are the characters that XEP-0106 §4 keeps out of a localpart.
const escaped = " \"&'/:<>@\\"

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(escaped, c) >= 0 {
			fmt.Fprintf(&b, `\%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func unescape(s string) (string, error) {
	return replace(s, '\\', func(c byte, hex string) bool {
		return strings.IndexByte(escaped, c) >= 0 && hex == fmt.Sprintf("%02x", c)
	}, func(c byte) bool { return strings.IndexByte(escaped, c) < 0 })
}

func encode(s, more string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if isAlphanumeric(c) || strings.IndexByte(more, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "_%02X", c)
	}
	return b.String()
}

func decode(s string) (string, error) {
	return replace(s, '_', func(c byte, hex string) bool {
		return !isAlphanumeric(c) && c != '.' && c != '-' && hex == fmt.Sprintf("%02X", c)
	}, func(c byte) bool { return isAlphanumeric(c) || strings.IndexByte(".-/:", c) >= 0 })
}

// replace puts bytes in place of a mark and two digits. Each byte has one way to be written: two names that differ are
// two series.
func replace(s string, mark byte, coded func(c byte, hex string) bool, plain func(c byte) bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != mark {
			if !plain(s[i]) {
				return "", fmt.Errorf("the byte %#02x must be escaped", s[i])
			}
			b.WriteByte(s[i])
			continue
		}
		hex := s[i+1 : min(i+3, len(s))]
		c, err := strconv.ParseUint(hex, 16, 8)
		if err != nil || !coded(byte(c), hex) {
			return "", fmt.Errorf("%c is not followed by the code of a byte that is escaped", mark)
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isServer(s string) bool {
	for _, c := range []byte(s) {
		if c < 'a' || c > 'z' {
			if (c < '0' || c > '9') && c != '-' && c != '.' {
				return false
			}
		}
	}
	return s != ""
}
