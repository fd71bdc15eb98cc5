package config

import (
	"slices"
	"strings"
	"time"
)

// KindBMHS is the kind of a BMHS server, on both sides.
const KindBMHS = "bmhs"

// BMHS is what both sides need of a BMHS server.
type BMHS struct {
	URL         string // without a slash at the end
	CAFile      string // PEM, or "" for the system's authorities
	Application string // of the data API; "" for no access to it
	TokenFile   string
	Zone        *time.Location // the server's
}

// ToBMHS is the way to a BMHS server: as an agent, by the data API, or both.
type ToBMHS struct {
	outside
	BMHS
	Username string // "" without an account
	KeyFile  string // holds the applicationKey
	MAC      string // names the agent
	Presence bool
	Devices  map[string]string // names of meters on the server, by the names they have here
}

// FromBMHS is a BMHS server whose rows are read.
type FromBMHS struct {
	beyond
	BMHS
	Asking
	Series []string // <device>/<metavalue>
}

type rawBMHS struct {
	Application string `toml:"application"` // also of the proxies of the proof of concept
	Zone        string `toml:"zone"`
}

type rawToBMHS struct {
	KeyFile  string   `toml:"application_key_file" type:"file"`
	MAC      string   `toml:"mac"`
	Presence bool     `toml:"presence" default:"false"`
	Devices  []string `toml:"devices"`
}

type rawFromBMHS struct {
	Series []string `toml:"series"`
}

func (f *findings) toBMHS(key string, d document, raw rawRecipient) Way {
	w := ToBMHS{
		BMHS: f.bmhs(key, d, raw.rawReach, raw.rawBMHS), Username: raw.Username, KeyFile: raw.KeyFile, MAC: raw.MAC,
		Presence: raw.Presence, Devices: f.bmhsDevices(key, d, raw.Devices),
	}
	account := []string{w.Username, w.KeyFile, w.MAC}
	switch {
	case slices.Contains(account, "") && strings.Join(account, "") != "":
		f.addf("%s: username, application_key_file and mac go together", key)
	case w.Username == "" && w.Application == "":
		f.addf("%s: there is neither an account (username, application_key_file, mac) nor access to the data API (application, token_file)", key)
	case w.Username == "" && w.Presence:
		f.addf("%s: presence is that of an agent: it needs an account", key)
	}
	return w
}

// bmhsDevices reads METER=DEVICE. Devices are not repeated in the message: they may be the addresses of meters.
func (f *findings) bmhsDevices(key string, d document, list []string) map[string]string {
	const longest = 255
	devices, taken := map[string]string{}, map[string]bool{}
	for i, one := range list {
		meter, device, ok := strings.Cut(one, "=")
		switch {
		case !ok || device == "" || len(device) > longest:
			f.addf("%s: devices: entry %d is not METER=DEVICE, with a device of 1 to %d bytes", key, i+1, longest)
		case !slices.ContainsFunc(d.Meter, func(m rawMeter) bool { return m.Name == meter }):
			f.addf("%s: devices: there is no meter %q", key, meter)
		case taken[device] || devices[meter] != "":
			f.addf("%s: devices: entry %d names a meter or a device a second time", key, i+1)
		}
		devices[meter], taken[device] = device, true
	}
	if len(devices) == 0 {
		return nil
	}
	return devices
}

func (f *findings) fromBMHS(key string, d document, raw rawSource) Origin {
	w := FromBMHS{BMHS: f.bmhs(key, d, raw.rawReach, raw.rawBMHS), Asking: f.asking(key, raw.rawAsking), Series: raw.Series}
	if w.Application == "" {
		f.addf("%s: application and token_file are missing: access to the data API", key)
	}
	if len(w.Series) == 0 {
		f.addf("%s: series is missing: the server lists none. Each is <device>/<metavalue>, such as \"linky/base\"", key)
	}
	for i, series := range w.Series { // not repeated: it may hold the address of a meter
		at := strings.LastIndexByte(series, '/')
		if at <= 0 || at == len(series)-1 || slices.Index(w.Series, series) < i {
			f.addf("%s: series %d is not <device>/<metavalue>, such as linky/base, or is there twice", key, i+1)
		}
	}
	return w
}

func (f *findings) bmhs(key string, d document, reach rawReach, raw rawBMHS) BMHS {
	w := BMHS{
		URL:         f.url(key, reach.URL, "https://bmhs.example/smarthome"),
		CAFile:      reach.CAFile,
		Application: raw.Application,
		TokenFile:   reach.TokenFile,
	}
	var err error
	if (w.Application == "") != (w.TokenFile == "") {
		f.addf("%s: application and token_file go together", key)
	}
	if w.Zone, err = time.LoadLocation(or(raw.Zone, or(d.Agent.Timezone, "Europe/Paris"))); err != nil {
		f.addf("%s: zone: %q is not a time zone such as Europe/Paris", key, raw.Zone)
		w.Zone = time.UTC
	}
	return w
}
