package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"releve/agent/strict"
)

// document is what one file may hold, as it stands there. Nothing outside this package sees it. Its tags are the schema,
// see Key; what a key means is told in reference.toml and reference.fr.toml.
type document struct {
	Agent struct {
		State    string `toml:"state" type:"file" default:"/var/lib/releve"`
		Timezone string `toml:"timezone" default:"Europe/Paris"`
		Clock    string `toml:"clock" choices:"auto,system" default:"auto"`
	} `toml:"agent"`
	Meter  []rawMeter `toml:"meter"`
	Buffer struct {
		Period   string `toml:"period" type:"duration" least:"1s" most:"1m" default:"1m" afar:"operator"`
		FullSet  string `toml:"full_set" type:"duration" least:"1m" most:"1d" default:"10m" afar:"operator"`
		MaxBytes string `toml:"max_bytes" type:"size" least:"8MiB" default:"256MiB"`
		MaxAge   string `toml:"max_age" type:"duration" least:"1h" most:"366d" default:"31d"`
		Curve    string `toml:"keep_curve" type:"duration" least:"1d" most:"1098d" default:"366d"`
	} `toml:"buffer"`
	Federation rawFederation  `toml:"federation"`
	Grant      []rawGrant     `toml:"grant"`
	Issuer     []rawIssuer    `toml:"consent_issuer"`
	Recipient  []rawRecipient `toml:"recipient"`
	Source     []rawSource    `toml:"source"`
	Rename     []rawRename    `toml:"rename"`
	Route      []rawRoute     `toml:"route"`
	Status     struct {
		Listen *string  `toml:"listen" type:"endpoint" default:"127.0.0.1:8080"`
		View   string   `toml:"view" choices:"open,password" default:"open" afar:"owner"`
		Hosts  []string `toml:"hosts" afar:"owner"`
	} `toml:"status"`
	Kiosk   rawKiosk    `toml:"kiosk"`
	Consent rawConsents `toml:"consent"`
	Card    rawCard     `toml:"card"`
	Ledger  rawLedger   `toml:"ledger"`
	LED     struct {
		Pin string `toml:"pin" type:"pin" afar:"operator"`
	} `toml:"led"`
	Button struct {
		Pin string `toml:"pin" type:"pin"`
	} `toml:"button"`
	Update     rawUpdate     `toml:"update"`
	Production rawProduction `toml:"production"`
	Prices     rawPrices     `toml:"prices"`
	Objective  rawObjective  `toml:"objective"`
	Profile    []rawProfile  `toml:"profile"`
	Investment rawInvestment `toml:"investment"`
	Trial      struct {
		Prove   string `toml:"prove" type:"duration" least:"10s" most:"1h" default:"5m"`
		Confirm string `toml:"confirm" type:"duration" least:"10s" most:"1d" default:"15m"`
	} `toml:"trial"`
}

type rawMeter struct {
	Name    string `toml:"name" default:"linky" entry:"name"`
	Title   string `toml:"title" afar:"operator"`
	Port    string `toml:"port" type:"port" default:"auto" afar:"owner"`
	Mode    string `toml:"mode" choices:"auto,historic,standard" default:"auto" afar:"operator"`
	PRM     string `toml:"prm" secret:"yes"`
	Derived *bool  `toml:"derived" default:"true" afar:"operator"`

	Share string `toml:"share" type:"endpoint"`
}

type rawFederation struct {
	JID          string   `toml:"jid" type:"address" afar:"owner"`
	PasswordFile string   `toml:"password_file" type:"file" afar:"owner"`
	Address      string   `toml:"address" type:"endpoint" afar:"owner"`
	CAFile       string   `toml:"ca_file" type:"file" afar:"owner"`
	Pin          string   `toml:"pin" afar:"owner"`
	Proxy        string   `toml:"proxy" afar:"owner"`
	WebSocket    string   `toml:"websocket" afar:"owner"`
	Owners       []string `toml:"owners" type:"role" afar:"owner"`
	Operators    []string `toml:"operators" type:"role" afar:"owner"`
	Readers      []string `toml:"readers" type:"role" afar:"owner"`
	Pairing      *bool    `toml:"pairing" default:"true"`
	PushEvery    string   `toml:"push_every" type:"duration" least:"1s" most:"1h" default:"10s" afar:"operator"`
	PushSlow     string   `toml:"push_slow_every" type:"duration" least:"1s" most:"1d" default:"30m" afar:"operator"`
	Pace         string   `toml:"pace" type:"pace" default:"auto" afar:"operator"`

	ProxyPasswordFile string `toml:"proxy_password_file" type:"file" afar:"owner"`
}

type rawGrant struct {
	To         string          `toml:"to"`
	Series     []string        `toml:"series"`
	Sources    []string        `toml:"sources"`
	Resolution string          `toml:"resolution" default:"live"`
	Purpose    string          `toml:"purpose"`
	Until      *toml.LocalDate `toml:"until"`
	Identity   bool            `toml:"identity" default:"false"`

	From        *toml.LocalDate `toml:"from"`
	PurposeEN   string          `toml:"purpose_en"`
	PurposeCode string          `toml:"purpose_code"`
	Retention   string          `toml:"retention"`
	Notice      string          `toml:"notice"`
	Name        string          `toml:"name"`
	Contact     string          `toml:"contact"`
	Role        string          `toml:"role"`
}

// files returns the main file and, beside it, conf.d/*.toml in order of name.
func files(main string) ([]string, error) {
	folder := filepath.Join(filepath.Dir(main), "conf.d")
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list configuration: %w", err)
	}
	list := []string{main}
	for _, entry := range entries { // in order of name
		if filepath.Ext(entry.Name()) == ".toml" {
			list = append(list, filepath.Join(folder, entry.Name()))
		}
	}
	return list, nil
}

// parse adds a text to d: single values replace, [[tables]] grow.
func (d *document) parse(file string, text []byte) error {
	before := *d
	d.Meter, d.Grant, d.Issuer, d.Recipient, d.Source, d.Rename, d.Route, d.Profile = nil, nil, nil, nil, nil, nil, nil, nil
	if err := strict.Decode(file, text, d); err != nil {
		return err
	}
	d.Meter = append(before.Meter, d.Meter...)
	d.Grant = append(before.Grant, d.Grant...)
	d.Issuer = append(before.Issuer, d.Issuer...)
	d.Recipient = append(before.Recipient, d.Recipient...)
	d.Source = append(before.Source, d.Source...)
	d.Rename = append(before.Rename, d.Rename...)
	d.Route = append(before.Route, d.Route...)
	d.Profile = append(before.Profile, d.Profile...)
	return nil
}
