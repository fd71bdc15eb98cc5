package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"

	"github.com/google/renameio/v2"

	"releve/agent/strict"
)

// bootWifi is the file of the boot partition that says which networks there are:
//
//	country = "FR"
//	[[network]]
//	name = "Livebox-1234"
//	password = "…"
const bootWifi = "releve-wifi.toml"

// wifi is what bootWifi says.
type wifi struct {
	Country string        `toml:"country"` // ISO 3166-1 alpha-2: which channels are allowed
	Network []wifiNetwork `toml:"network"`
}

type wifiNetwork struct {
	Name     string `toml:"name"`     // SSID
	Password string `toml:"password"` // passphrase, or the key as 64 hexadecimal digits
	WPA3     bool   `toml:"wpa3"`     // the network knows nothing older
	Hidden   bool   `toml:"hidden"`   // it does not tell its name
}

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	passphrase  = regexp.MustCompile(`^[ -~]{8,63}$`) // IEEE 802.11 §J.4
	wifiKey     = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)
)

// takeWifi moves the networks of the boot partition to where wpa_supplicant reads them, if that is somewhere.
func (v configBootImportVerb) takeWifi(boot *os.Root, has arrived) (done string, err error) {
	file, err := has.named(bootWifi)
	if v.Wifi == "" || errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := readBoot(boot, file)
	if err != nil {
		return "", err
	}
	networks, err := parseWifi(text)
	if err != nil {
		return "", err
	}
	if err := renameio.WriteFile(v.Wifi, networks.supplicant(), 0o600); err != nil {
		return "", err
	}
	return "the Wi-Fi was taken from the boot partition", wipe(boot, file)
}

// parseWifi reads what bootWifi says, or tells what cannot be.
func parseWifi(text []byte) (wifi, error) {
	w := wifi{Country: "FR"}
	if err := strict.Decode(bootWifi, text, &w); err != nil {
		return wifi{}, err
	}
	var wrong []error
	if !countryCode.MatchString(w.Country) {
		wrong = append(wrong, fmt.Errorf("%s: country is two capital letters, such as FR, not %q", bootWifi, w.Country))
	}
	if len(w.Network) == 0 {
		wrong = append(wrong, fmt.Errorf("%s: it has no [[network]]", bootWifi))
	}
	for i, n := range w.Network {
		if err := n.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: network %d: %w", bootWifi, i+1, err))
		}
	}
	return w, errors.Join(wrong...)
}

// check tells what cannot be of a network; never its password.
func (n wifiNetwork) check() error {
	switch {
	case n.Name == "" || len(n.Name) > 32: // IEEE 802.11 §9.4.2.2
		return fmt.Errorf("a name has 1 to 32 bytes, this one %d", len(n.Name))
	case n.Password == "":
		return errors.New("password is missing: a network without one is not joined")
	case n.WPA3 && !passphrase.MatchString(n.Password), !n.WPA3 && !passphrase.MatchString(n.Password) && !wifiKey.MatchString(n.Password):
		return errors.New("a password has 8 to 63 letters without accents, digits and signs")
	}
	return nil
}

// supplicant is the configuration of wpa_supplicant (wpa_supplicant.conf(5)).
func (w wifi) supplicant() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Made of %s by releve config import-boot.\ncountry=%s\n", bootWifi, w.Country)
	for _, n := range w.Network {
		keys, frames, psk := "WPA-PSK WPA-PSK-SHA256", 1, `"`+n.Password+`"` // it ends at the last quote of the line
		switch {
		case n.WPA3:
			keys, frames = "SAE", 2
		case wifiKey.MatchString(n.Password):
			psk = n.Password
		}
		fmt.Fprintf(&out, "\nnetwork={\n\tssid=%s\n\tpsk=%s\n\tkey_mgmt=%s\n\tieee80211w=%d\n\tscan_ssid=%d\n}\n",
			hex.EncodeToString([]byte(n.Name)), psk, keys, frames, map[bool]int{true: 1}[n.Hidden])
	}
	return out.Bytes()
}
