package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/pelletier/go-toml/v2"
)

// document is what one file may hold, as it stands there. Nothing outside this package sees it.
type document struct {
	Agent struct {
		State    string `toml:"state"`
		Timezone string `toml:"timezone"`
	} `toml:"agent"`
	Meter  []rawMeter `toml:"meter"`
	Buffer struct {
		Period   string `toml:"period"`
		FullSet  string `toml:"full_set"`
		MaxBytes string `toml:"max_bytes"`
		MaxAge   string `toml:"max_age"`
	} `toml:"buffer"`
	Federation struct {
		JID          string   `toml:"jid"`
		PasswordFile string   `toml:"password_file"`
		Address      string   `toml:"address"`
		CAFile       string   `toml:"ca_file"`
		Owners       []string `toml:"owners"`
		PushEvery    string   `toml:"push_every"`
	} `toml:"federation"`
	Grant     []rawGrant `toml:"grant"`
	Recipient []rawKind  `toml:"recipient"`
	Source    []rawKind  `toml:"source"`
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
	Resolution string          `toml:"resolution"`
	Purpose    string          `toml:"purpose"`
	Until      *toml.LocalDate `toml:"until"`
	Identity   bool            `toml:"identity"`
}

// rawKind is a section whose keys depend on its kind.
type rawKind map[string]any

func (r rawKind) kind() string {
	kind, _ := r["kind"].(string)
	return kind
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
	decoder := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := decoder.Decode(d); err != nil {
		return explain(file, err)
	}
	d.Meter = append(before.Meter, d.Meter...)
	d.Grant = append(before.Grant, d.Grant...)
	d.Recipient = append(before.Recipient, d.Recipient...)
	d.Source = append(before.Source, d.Source...)
	return nil
}

// explain says where a file is wrong and, for a key nobody knows, which one may have been meant.
func explain(file string, err error) error {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		var all []error
		for _, one := range unknown.Errors {
			all = append(all, explainKey(file, &one))
		}
		return errors.Join(all...)
	case errors.As(err, &wrong):
		return explainValue(file, wrong)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// explainValue leaves out the words of Go that the reader of TOML puts into a value of the wrong kind.
func explainValue(file string, e *toml.DecodeError) error {
	row, _ := e.Position()
	_, found, isKind := strings.Cut(e.Error(), "cannot decode TOML ")
	if !isKind {
		return fmt.Errorf("%s:%d: %w", file, row, e)
	}
	kind, _, _ := strings.Cut(found, " ")
	return fmt.Errorf("%s:%d: %s: there is %s %s where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31",
		file, row, strings.Join(e.Key(), "."), article(kind), kind)
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an"
	}
	return "a"
}

func explainKey(file string, e *toml.DecodeError) error {
	row, _ := e.Position()
	key := strings.Join(e.Key(), ".")
	if near := nearest(key); near != "" {
		return fmt.Errorf("%s:%d: unknown key %s; did you mean %s?", file, row, key, near)
	}
	return fmt.Errorf("%s:%d: unknown key %s", file, row, key)
}

// nearest returns the known key closest to a mistyped one, or "" when none is close.
func nearest(key string) string {
	best, distance := "", len(key)/3+2
	for _, known := range knownKeys() {
		if d := levenshtein.ComputeDistance(key, known); d < distance {
			best, distance = known, d
		}
	}
	return best
}
