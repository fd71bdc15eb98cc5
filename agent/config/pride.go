package config

import (
	"regexp"
	"strings"
)

// KindPride is the kind of PRIDE, which is a Warp 10 platform.
const KindPride = "pride"

// Pride is how a platform is reached.
type Pride struct {
	URL       string // up to the version
	TokenFile string
	CAFile    string // PEM, or "" for the system's authorities
	Label     string // the label that holds the device
}

// ToPride is the way to a platform that stores what it is handed.
type ToPride struct {
	outside
	Pride
	Prefix string            // of classes
	Labels map[string]string // of every series
}

// FromPride is a platform that is asked.
type FromPride struct {
	beyond
	Pride
	Asking
	Selectors []string
}

// rawPride is the keys that both ends share.
type rawPride struct {
	Label string `toml:"device_label" default:"device"`
}

type rawToPride struct {
	Prefix *string  `toml:"class_prefix" default:"releve."`
	Labels []string `toml:"labels"`
}

type rawFromPride struct {
	Selectors []string `toml:"selectors"`
}

func (f *findings) toPride(key string, _ document, raw rawRecipient) Way {
	w := ToPride{Pride: f.pride(key, raw.rawReach, raw.rawPride), Prefix: "releve."}
	if raw.Prefix != nil {
		w.Prefix = *raw.Prefix
	}
	for _, pair := range raw.Labels {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" || strings.HasPrefix(name, ".") || name == w.Label || name == "unit" {
			f.addf("%s: labels: %q is not name=value, with another name than unit and %s", key, pair, w.Label)
			continue
		}
		if w.Labels == nil {
			w.Labels = map[string]string{}
		}
		w.Labels[name] = value
	}
	return w
}

var selector = regexp.MustCompile(`^[^{}]+\{[^{}]*\}$`)

func (f *findings) fromPride(key string, _ document, raw rawSource) Origin {
	w := FromPride{Pride: f.pride(key, raw.rawReach, raw.rawPride), Asking: f.asking(key, raw.rawAsking), Selectors: raw.Selectors}
	if len(raw.Selectors) == 0 {
		f.addf("%s: selectors is missing: which series, such as [\"=pride.enedis.cdc{}\"]", key)
	}
	for i, one := range raw.Selectors {
		if !selector.MatchString(one) { // not repeated: it may hold a delivery point number
			f.addf("%s: selector %d is not one of Warp 10, such as =pride.enedis.cdc{PRM=01234567890123}", key, i+1)
		}
	}
	return w
}

func (f *findings) pride(key string, reach rawReach, raw rawPride) Pride {
	if reach.TokenFile == "" {
		f.addf("%s: token_file is missing: the file whose first line is the token", key)
	}
	return Pride{
		URL: f.url(key, reach.URL, "https://warp.example/api"), TokenFile: reach.TokenFile, CAFile: reach.CAFile, Label: or(raw.Label, "device"),
	}
}
