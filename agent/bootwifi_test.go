package main

import (
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What wpa_supplicant is told of each network; a quote in a password is a sign like others.
func TestWifi(t *testing.T) {
	t.Parallel()
	w, err := parseWifi([]byte(`
[[network]]
name = "Bréizh"
password = 'a "good" one'
[[network]]
name = "key"
password = "` + strings.Repeat("0f", 32) + `"
hidden = true
[[network]]
name = "new"
password = "12345678"
wpa3 = true
`))
	must(t, err)
	want := `# Made of releve-wifi.toml by releve config import-boot.
country=FR

network={
	ssid=4272c3a9697a68
	psk="a "good" one"
	key_mgmt=WPA-PSK WPA-PSK-SHA256
	ieee80211w=1
	scan_ssid=0
}

network={
	ssid=6b6579
	psk=` + strings.Repeat("0f", 32) + `
	key_mgmt=WPA-PSK WPA-PSK-SHA256
	ieee80211w=1
	scan_ssid=1
}

network={
	ssid=6e6577
	psk="12345678"
	key_mgmt=SAE
	ieee80211w=2
	scan_ssid=0
}
`
	if diff := cmp.Diff(want, string(w.supplicant())); diff != "" {
		t.Errorf("wpa_supplicant is told (-want +got):\n%s", diff)
	}
}

// A network that cannot be joined is refused in a sentence, which never holds a password.
func TestWifiRefuses(t *testing.T) {
	t.Parallel()
	network := func(lines string) string { return "[[network]]\n" + lines }
	for text, want := range map[string]string{
		"": "releve-wifi.toml: it has no [[network]]",
		"country = \"fr\"\n" + network("name = \"a\"\npassword = \"12345678\""):        `releve-wifi.toml: country is two capital letters, such as FR, not "fr"`,
		network("password = \"12345678\""):                                             "releve-wifi.toml: network 1: a name has 1 to 32 bytes, this one 0",
		network("name = \"" + strings.Repeat("é", 17) + "\"\npassword = \"12345678\""): "releve-wifi.toml: network 1: a name has 1 to 32 bytes, this one 34",
		network("name = \"a\""):                                                                             "releve-wifi.toml: network 1: password is missing: a network without one is not joined",
		network("name = \"a\"\npassword = \"1234567\""):                                                     "releve-wifi.toml: network 1: a password has 8 to 63 letters without accents, digits and signs",
		network("name = \"a\"\npassword = \"été 12345678\""):                                                "releve-wifi.toml: network 1: a password has 8 to 63 letters without accents, digits and signs",
		network("name = \"a\"\npassword = \"12345678\\n}\""):                                                "releve-wifi.toml: network 1: a password has 8 to 63 letters without accents, digits and signs",
		network("name = \"a\"\npassword = \"" + strings.Repeat("0f", 32) + "\"\nwpa3 = true"):               "releve-wifi.toml: network 1: a password has 8 to 63 letters without accents, digits and signs",
		network("name = \"a\"\npassword = \"12345678\"\n[[network]]\nname = \"b\"\npasword = \"12345678\""): "releve-wifi.toml:6: unknown key network.pasword; did you mean network.password?",
	} {
		if _, err := parseWifi([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Networks and configuration are taken each by itself, networks only where somebody reads them.
func TestImportWifi(t *testing.T) {
	t.Parallel()
	const good, config = "[[network]]\nname = \"a\"\npassword = \"12345678\"\n", "[[meter]]\nname = \"linky\"\n"
	group, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	must(t, err)
	for _, tt := range []struct {
		name, wifi, config string
		read               bool // somebody reads the networks
		done, err          string
		boots, has         []string // files afterwards
	}{
		{"both", good, config, true, "the Wi-Fi was taken from the boot partition; the configuration was taken from the boot partition", "", nil, []string{"releve.toml", "wpa"}},
		{"networks alone", good, "", true, "the Wi-Fi was taken from the boot partition; there is no configuration on the boot partition", "", nil, []string{"wpa"}},
		{"as Windows calls it", "\ufeff" + crlf(good), "", true, "the Wi-Fi was taken from the boot partition; there is no configuration on the boot partition", "", nil, []string{"wpa"}},
		{"nobody reads them", good, config, false, "the configuration was taken from the boot partition", "", []string{bootWifi}, []string{"releve.toml"}},
		{"wrong networks", "x = 1\n", config, true, "the configuration was taken from the boot partition", "unknown key", []string{bootError, bootWifi}, []string{"releve.toml"}},
		{"wrong configuration", good, "x = 1\n", true, "the Wi-Fi was taken from the boot partition", "unknown key", []string{bootError, bootConfig}, []string{"wpa"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			boot, etc := t.TempDir(), t.TempDir()
			there := bootWifi
			if strings.HasPrefix(tt.name, "as Windows") {
				there = "Releve-Wifi.toml.txt"
			}
			for name, text := range map[string]string{there: tt.wifi, bootConfig: tt.config} {
				if text != "" {
					must(t, os.WriteFile(filepath.Join(boot, name), []byte(text), 0o600))
				}
			}
			verb := configBootImportVerb{configFile: configFile{Config: filepath.Join(etc, "releve.toml")}, Group: group.Name}
			if tt.read {
				verb.Wifi = filepath.Join(etc, "wpa")
			}
			done, err := verb.take(boot)
			if done != tt.done || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("done %q, error %v; want %q, %q", done, err, tt.done, tt.err)
			}
			if said, _ := os.ReadFile(filepath.Join(boot, bootError)); err != nil && string(said) != string(bootRefusal(err, tt.done)) {
				t.Errorf("%s says %q", bootError, said)
			}
			if diff := cmp.Diff([][]string{tt.boots, tt.has}, [][]string{slices.Sorted(maps.Keys(tree(t, boot))), slices.Sorted(maps.Keys(tree(t, etc)))}); diff != "" {
				t.Errorf("the boot partition, and what counts (-want +got):\n%s", diff)
			}
		})
	}
}
