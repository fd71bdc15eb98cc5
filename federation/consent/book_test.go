package consent_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation/consent"
	"releve/senml"
)

const (
	client = "client@breizh-sen2.example"
	prm    = "01234567890123" // invented
)

// book returns a book of a house with one meter, linky, whose delivery point number is known, and one, solar,
// whose is not.
func book(grants ...consent.Grant) *consent.Book {
	return &consent.Book{
		Grants: grants,
		Key:    bytes.Repeat([]byte{7}, 32),
		Now:    func() time.Time { return now },
		PRM: func(meter string) string {
			if meter == "linky" {
				return prm
			}
			return ""
		},
	}
}

// grant returns one to the client.
func grant(identity bool, series ...string) consent.Grant {
	g := good()
	g.Series, g.Identity = series, identity
	return g
}

// of returns a grant of what a source brought.
func of(source string, series ...string) consent.Grant {
	g := grant(false, series...)
	g.Sources = []string{source}
	return g
}

// kind tells how a name stands for the device, with the path.
func kind(name string) string {
	device, path, _ := strings.Cut(name, "_")
	switch {
	case name == "":
		return "nothing"
	case device == "urn:dev:prm:"+prm:
		return "prm " + path
	case regexp.MustCompile(`^urn:dev:org:60060-[0-9a-f]{16}$`).MatchString(device):
		return "pseudonym " + path
	default:
		return name
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	lapsed := grant(true, "*")
	lapsed.Until = now
	other := grant(true, "*")
	other.To = "breizh-sen1.example"
	domain := grant(false, "voltage/*")
	domain.To = "breizh-sen2.example"
	tests := []struct {
		name   string
		grants []consent.Grant
		local  string
		want   string
	}{
		{"no grant", nil, "linky/current/1", "nothing"},
		{"a grant to somebody else", []consent.Grant{other}, "linky/current/1", "nothing"},
		{"a lapsed grant", []consent.Grant{lapsed}, "linky/current/1", "nothing"},
		{"another series", []consent.Grant{grant(true, "voltage/*")}, "linky/current/1", "nothing"},
		{"without identity", []consent.Grant{grant(false, "*")}, "linky/current/1", "pseudonym current/1"},
		{"with identity", []consent.Grant{grant(true, "*")}, "linky/current/1", "prm current/1"},
		{"with identity that is not known", []consent.Grant{grant(true, "*")}, "solar/current/1", "pseudonym current/1"},
		{
			"identity of one grant does not reach the series of another",
			[]consent.Grant{grant(true, "voltage/*"), grant(false, "current/*")}, "linky/current/1", "pseudonym current/1",
		},
		{
			"identity where that grant covers the series",
			[]consent.Grant{grant(true, "voltage/*"), grant(false, "*")}, "linky/voltage/1", "prm voltage/1",
		},
		{
			"the wider of two grants, in the other order",
			[]consent.Grant{grant(false, "*"), grant(true, "voltage/*")}, "linky/voltage/1", "prm voltage/1",
		},
		{
			"a lapsed identity leaves the pseudonym",
			[]consent.Grant{lapsed, grant(false, "*")}, "linky/voltage/1", "pseudonym voltage/1",
		},
		{
			"a grant to the domain beside one to the address",
			[]consent.Grant{grant(true, "current/*"), domain}, "linky/voltage/1", "pseudonym voltage/1",
		},
		{"patterns are of paths, not of meters", []consent.Grant{grant(false, "linky/*")}, "linky/current/1", "nothing"},
		{"what a source brought, under a grant of the household's own", []consent.Grant{grant(true, "*")}, "sge.1f/voltage/1", "nothing"},
		{"what a source brought", []consent.Grant{of("sge", "*")}, "sge.1f/voltage/1", "pseudonym voltage/1"},
		{"another path of the source", []consent.Grant{of("sge", "current/*")}, "sge.1f/voltage/1", "nothing"},
		{"another source", []consent.Grant{of("sge", "*")}, "sg.1f/voltage/1", "nothing"},
		{"the household's own, under a grant of a source", []consent.Grant{of("linky", "*")}, "linky/voltage/1", "nothing"},
		{"no path", []consent.Grant{grant(true, "*")}, "linky", "nothing"},
		{"an empty path", []consent.Grant{grant(true, "*")}, "linky/", "nothing"},
		{"no meter", []consent.Grant{grant(true, "*")}, "/current/1", "nothing"},
		{"nothing at all", []consent.Grant{grant(true, "*")}, "", "nothing"},
		{"what is a name already", []consent.Grant{grant(true, "*")}, "urn:dev:prm:" + prm, "nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := kind(book(tt.grants...).Name(client, tt.local)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

var everything = []string{"linky/voltage/1", "linky/current/1", "solar/current/1", "odd"}

func TestGrantedAndLocal(t *testing.T) {
	t.Parallel()
	b := book(grant(true, "current/*"))
	names := b.Granted(client, everything)
	if len(names) != 2 || !slices.IsSorted(names) {
		t.Fatalf("granted %q", names)
	}
	for _, name := range names {
		if local := b.Local(client, name, everything); b.Name(client, local) != name || !strings.HasSuffix(local, "/current/1") {
			t.Errorf("%s is local %q", name, local)
		}
	}
	for _, unknown := range []string{
		"urn:dev:prm:" + prm + "_voltage/1", // not granted
		"urn:dev:prm:" + prm,                // a device, not a series
		"linky/current/1",                   // a local name
		"",
	} {
		if local := b.Local(client, unknown, everything); local != "" {
			t.Errorf("%q is local %q", unknown, local)
		}
	}
	if local := b.Local("x@evil.example", names[0], everything); local != "" {
		t.Errorf("a stranger finds %q", local)
	}
	if names := b.Granted("x@evil.example", everything); names != nil {
		t.Errorf("a stranger sees %q", names)
	}
}

func TestPseudonyms(t *testing.T) {
	t.Parallel()
	domain := grant(false, "*")
	domain.To = "breizh-sen2.example"
	b := book(domain)
	seen := map[string]string{}
	for _, recipient := range []string{"a@breizh-sen2.example", "b@breizh-sen2.example", "breizh-sen2.example"} {
		for _, meter := range []string{"linky", "solar", prm} {
			name := b.Name(recipient, meter+"/current/1")
			if again := book(domain).Name(recipient, meter+"/current/1"); again != name {
				t.Errorf("not stable: %s, then %s", name, again)
			}
			if sameMeter := b.Name(recipient, meter+"/voltage/1"); strings.TrimSuffix(sameMeter, "voltage/1") != strings.TrimSuffix(name, "current/1") {
				t.Errorf("two series of one meter: %s, %s", name, sameMeter)
			}
			if other := seen[name]; other != "" {
				t.Errorf("%s and %s %s share %s", other, recipient, meter, name)
			}
			seen[name] = recipient + " " + meter
			for _, secret := range []string{prm, "linky", "solar", "breizh"} {
				if strings.Contains(name, secret) {
					t.Errorf("%s tells %s", name, secret)
				}
			}
		}
	}
	rekeyed := book(domain)
	rekeyed.Key = bytes.Repeat([]byte{8}, 32)
	if recipient := "a@breizh-sen2.example"; rekeyed.Name(recipient, "linky/current/1") == b.Name(recipient, "linky/current/1") {
		t.Error("the key does not matter")
	}
}

func record(name string, v float64) senml.Record {
	return senml.Record{Name: name, Unit: "A", Value: senml.NumberValue(v), Time: 1_700_000_000 + v}
}

func TestGatePass(t *testing.T) {
	t.Parallel()
	in := senml.Pack{record("linky/current/1", 1), record("linky/voltage/1", 2), record("linky/current/1", 3), record("odd", 4)}
	before := slices.Clone(in)
	current, voltage := "urn:dev:prm:"+prm+"_current/1", "urn:dev:prm:"+prm+"_voltage/1"
	tests := []struct {
		name   string
		grants []consent.Grant
		wants  func(string) bool
		want   senml.Pack
	}{
		{"no grant", nil, nil, nil},
		{"no grant, all wanted", nil, func(string) bool { return true }, nil},
		{"a part granted", []consent.Grant{grant(true, "current/*")}, nil, senml.Pack{record(current, 1), record(current, 3)}},
		{
			"all granted", []consent.Grant{grant(true, "*")}, nil,
			senml.Pack{record(current, 1), record(voltage, 2), record(current, 3)},
		},
		{
			"all granted, a part wanted", []consent.Grant{grant(true, "*")},
			func(name string) bool { return name == voltage }, senml.Pack{record(voltage, 2)},
		},
		{"a part granted, another wanted", []consent.Grant{grant(true, "current/*")}, func(name string) bool { return name == voltage }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := book(tt.grants...).Gate(client, client, tt.wants).Pass(in)
			if diff := cmp.Diff(fmt.Sprint(tt.want), fmt.Sprint(got)); diff != "" {
				t.Errorf("passed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(fmt.Sprint(before), fmt.Sprint(in)); diff != "" {
				t.Errorf("the input changed (-before +after):\n%s", diff)
			}
		})
	}
}

// A grant that lapses between two attempts closes the gate that was open.
func TestGateClosesWhenGrantLapses(t *testing.T) {
	t.Parallel()
	g := grant(true, "*")
	g.Until = now.Add(time.Second)
	clock := now
	b := book(g)
	b.Now = func() time.Time { return clock }
	gate, waiting := b.Gate(client, client, nil), senml.Pack{record("linky/current/1", 1)}
	if passed := gate.Pass(waiting); len(passed) != 1 {
		t.Errorf("before its end: %v", passed)
	}
	clock = g.Until
	if passed := gate.Pass(waiting); len(passed) != 0 {
		t.Errorf("after its end: %v", passed)
	}
}

// Without a clock of its own a book goes by the time of the machine.
func TestBookWithoutClock(t *testing.T) {
	t.Parallel()
	over, yet := good(), good()
	over.Until, yet.Until = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for _, tt := range []struct {
		grant consent.Grant
		want  bool
	}{{over, false}, {yet, true}} {
		b := book(tt.grant)
		b.Now = nil
		if got := b.Knows(client); got != tt.want {
			t.Errorf("until %s: in force %t", tt.grant.Until, got)
		}
	}
}

func TestLoadKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pseudonyms.key")
	key, err := consent.LoadKey(file)
	if err != nil || len(key) != 32 {
		t.Fatalf("%d bytes, %v", len(key), err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := consent.LoadKey(file)
	if err != nil || !bytes.Equal(again, key) {
		t.Errorf("another key the second time, %v", err)
	}
	other, err := consent.LoadKey(filepath.Join(t.TempDir(), "key"))
	if err != nil || bytes.Equal(other, key) {
		t.Errorf("the same key elsewhere, %v", err)
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	short, long, nowhere := filepath.Join(dir, "short"), filepath.Join(dir, "long"), filepath.Join(dir, "no", "key")
	for file, size := range map[string]int{short: 31, long: 33} {
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const advice = " bytes instead of 32; restore it, or remove it to give all recipients new pseudonyms"
	tests := []struct{ name, file, err string }{
		{"cut short", short, "read pseudonym key: " + short + " has 31" + advice},
		{"too long", long, "read pseudonym key: " + long + " has 33" + advice},
		{"a folder", dir, "read pseudonym key: read " + dir + ": is a directory"},
		{"no such folder", nowhere, "write pseudonym key: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key, err := consent.LoadKey(tt.file)
			if key != nil || !strings.HasPrefix(text(err), tt.err) || tt.file != nowhere && text(err) != tt.err {
				t.Errorf("got %v, %v\nwant %s", key, err, tt.err)
			}
		})
	}
	if left, err := os.ReadFile(short); err != nil || len(left) != 31 {
		t.Errorf("the short file was changed: %d bytes, %v", len(left), err)
	}
}

// A recipient that asked under one name of a meter goes on being served when the meter gets the other: its identity
// became known, or was granted or withdrawn, meanwhile.
func TestGateKnowsBothNames(t *testing.T) {
	t.Parallel()
	pseudonymous := book(grant(false, "*")).Name(client, "linky/current/1")
	identified := book(grant(true, "*")).Name(client, "linky/current/1")
	for _, asked := range []string{pseudonymous, identified} {
		for identity, want := range map[bool]string{false: pseudonymous, true: identified} {
			gate := book(grant(identity, "*")).Gate(client, client, func(name string) bool { return name == asked })
			passed := gate.Pass(senml.Pack{record("linky/current/1", 1), record("linky/voltage/1", 230)})
			if len(passed) != 1 || passed[0].Name != want {
				t.Errorf("asked for %s with identity %t: got %v", asked, identity, passed)
			}
		}
	}
}

// TestIdentified holds who may see whose a series is: the one whose finest grant in force says so, of that series alone.
func TestIdentified(t *testing.T) {
	t.Parallel()
	b := &consent.Book{
		Grants: []consent.Grant{
			{To: "a@b.example", Series: []string{"current/*"}, Resolution: consent.Live, Purpose: "p", Identity: true},
			{To: "a@b.example", Series: []string{"*"}, Resolution: consent.Live, Purpose: "p"},
		},
		Key: []byte("k"), PRM: func(string) string { return "" },
	}
	for local, want := range map[string]bool{"linky/current/1": true, "linky/voltage/1": false, "linky": false} {
		if got := b.Identified("a@b.example", local); got != want {
			t.Errorf("%s: %t, want %t", local, got, want)
		}
	}
	if b.Identified("other@b.example", "linky/current/1") {
		t.Error("identified for somebody without a grant")
	}
}
