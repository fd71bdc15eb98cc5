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

// document is what one file may hold, as it stands there. Nothing outside this package sees it.
type document struct {
	Agent struct {
		State    string `toml:"state"`
		Timezone string `toml:"timezone"`
		Clock    string `toml:"clock"`
	} `toml:"agent"`
	Meter  []rawMeter `toml:"meter"`
	Buffer struct {
		Period   string `toml:"period"`
		FullSet  string `toml:"full_set"`
		MaxBytes string `toml:"max_bytes"`
		MaxAge   string `toml:"max_age"`
		Curve    string `toml:"keep_curve"`
	} `toml:"buffer"`
	Federation struct {
		JID          string   `toml:"jid"`
		PasswordFile string   `toml:"password_file"`
		Address      string   `toml:"address"`
		CAFile       string   `toml:"ca_file"`
		Pin          string   `toml:"pin"`
		Proxy        string   `toml:"proxy"`
		WebSocket    string   `toml:"websocket"`
		Owners       []string `toml:"owners"`
		PushEvery    string   `toml:"push_every"`
		PushSlow     string   `toml:"push_slow_every"`
		Pace         string   `toml:"pace"`

		ProxyPasswordFile string `toml:"proxy_password_file"`
	} `toml:"federation"`
	Grant     []rawGrant     `toml:"grant"`
	Recipient []rawRecipient `toml:"recipient"`
	Source    []rawSource    `toml:"source"`
	Status    struct {
		Listen *string `toml:"listen"`
	} `toml:"status"`
	LED struct {
		Pin string `toml:"pin"`
	} `toml:"led"`
	Button struct {
		Pin string `toml:"pin"`
	} `toml:"button"`
}

type rawMeter struct {
	Name    string `toml:"name"`
	Port    string `toml:"port"`
	Mode    string `toml:"mode"`
	PRM     string `toml:"prm"`
	Derived *bool  `toml:"derived"`

	Share string `toml:"share"`
}

type rawGrant struct {
	To         string          `toml:"to"`
	Series     []string        `toml:"series"`
	Sources    []string        `toml:"sources"`
	Resolution string          `toml:"resolution"`
	Purpose    string          `toml:"purpose"`
	Until      *toml.LocalDate `toml:"until"`
	Identity   bool            `toml:"identity"`

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

// read adds what a file says to d.
func (d *document) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	return d.parse(file, text)
}

// parse adds a text to d: single values replace, [[tables]] grow.
func (d *document) parse(file string, text []byte) error {
	before := *d
	d.Meter, d.Grant, d.Recipient, d.Source = nil, nil, nil, nil
	if err := strict.Decode(file, text, d); err != nil {
		return err
	}
	d.Meter = append(before.Meter, d.Meter...)
	d.Grant = append(before.Grant, d.Grant...)
	d.Recipient = append(before.Recipient, d.Recipient...)
	d.Source = append(before.Source, d.Source...)
	return nil
}
