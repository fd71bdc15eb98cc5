package warp10

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// fault is why a line is refused, and where.
type fault struct {
	index  int
	reason string
}

func (f *fault) Error() string { return f.reason }

// parseLine reads a line of the GTS input format.
//
//	Format:  TS/LAT:LON/ELEV CLASS{LABELS} VALUE, or =TS/LAT:LON/ELEV VALUE for the series of the line before
func (p *Platform) parseLine(before *GTS, line string) (g GTS, tick int64, value any, bad *fault) {
	rest, again := strings.CutPrefix(line, "=")
	if again && before == nil {
		return g, 0, nil, &fault{0, "Invalid continuation."}
	}
	stamp, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return g, 0, nil, &fault{0, "Missing timestamp separator."}
	}
	tick, err := p.tick(stamp)
	if err != nil {
		return g, 0, nil, &fault{0, err.Error()}
	}
	position, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return g, 0, nil, &fault{len(stamp) + 1, "Missing location/elevation separator."}
	}
	elevation, rest, ok := strings.Cut(rest, " ")
	at := len(line) - len(rest)
	switch {
	case !ok:
		return g, 0, nil, &fault{at, "Missing GTS name, labels and value."}
	case !isPosition(position):
		return g, 0, nil, &fault{at, "Invalid location: '" + position + "'."}
	case elevation != "" && !isLong(elevation):
		return g, 0, nil, &fault{at, "Invalid elevation: '" + elevation + "'."}
	}
	rest = strings.TrimLeft(rest, " ")
	if again {
		g = *before
	} else if g, rest, err = parseIdentity(rest); err != nil {
		return g, 0, nil, &fault{at, err.Error()}
	}
	if rest = strings.TrimLeft(rest, " "); rest == "" {
		return g, 0, nil, &fault{len(line) - 1, "Missing value."}
	}
	if value, err = parseValue(rest); err != nil {
		return g, 0, nil, &fault{len(line) - len(rest), err.Error()}
	}
	return g, tick, value, nil
}

func (p *Platform) tick(stamp string) (int64, error) {
	if stamp == "" {
		return time.Now().UnixNano() / (int64(time.Second) / p.ticks()), nil
	}
	tick, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return 0, said("Invalid timestamp.")
	}
	if p.MaxFuture > 0 && tick > time.Now().Add(p.MaxFuture).UnixNano()/(int64(time.Second)/p.ticks()) {
		return 0, said("Timestamp %d is too far in the future.", tick)
	}
	return tick, nil
}

func isPosition(s string) bool {
	if s == "" {
		return true
	}
	lat, lon, both := strings.Cut(s, ":")
	_, errLat := strconv.ParseFloat(lat, 64)
	_, errLon := strconv.ParseFloat(lon, 64)
	return both && errLat == nil && errLon == nil
}

func isLong(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// parseIdentity reads CLASS{LABELS} and returns what is behind it.
func parseIdentity(s string) (g GTS, rest string, err error) {
	class, rest, ok := strings.Cut(s, "{")
	if !ok || class == "" || strings.Contains(class, " ") {
		return g, "", said("Missing or invalid GTS name and labels.")
	}
	labels, rest, ok := strings.Cut(rest, "}")
	if !ok {
		return g, "", said("Missing end of labels '}'.")
	}
	g = GTS{Labels: map[string]string{}}
	if g.Class, err = decoded(class); err != nil {
		return g, "", err
	}
	for _, pair := range strings.Split(labels, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, exact := strings.Cut(pair, "=")
		name, errName := decoded(name)
		value, errValue := decoded(value)
		if !exact || errName != nil || errValue != nil || name == "" {
			return g, "", said("Invalid label definition.")
		}
		g.Labels[name] = value
	}
	return g, rest, nil
}

// decoded is percent-decoding; "+" stays.
func decoded(s string) (string, error) {
	text, err := url.PathUnescape(s)
	if err != nil || !utf8.ValidString(text) {
		return "", said("URLDecoder: Illegal hex characters in escape (%%) pattern")
	}
	return text, nil
}

// parseValue reads a value: a text in quotes, T or F, bytes, an integer, or a number.
func parseValue(s string) (any, error) {
	quote := s[0]
	switch {
	case quote == '\'' || quote == '"':
		if len(s) < 2 || s[len(s)-1] != quote {
			return nil, said("Cannot parse value.")
		}
		return decoded(s[1 : len(s)-1])
	case s == "T" || s == "t" || strings.EqualFold(s, "true"):
		return true, nil
	case s == "F" || s == "f" || strings.EqualFold(s, "false"):
		return false, nil
	case strings.HasPrefix(s, "b64:"):
		return base64.StdEncoding.DecodeString(s[4:])
	case strings.HasPrefix(s, "hex:"):
		return hex.DecodeString(s[4:])
	case isLong(s):
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "_xXpP") {
		return nil, said("Cannot parse value.")
	}
	return n, nil
}
