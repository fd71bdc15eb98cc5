package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

type migrateBMHSVerb struct {
	migrationFlags
	File string `arg:"" help:"smarthome.credentials, or /boot/smarthome." type:"existingfile"`
}

// credentials is the configuration of BMHS's own agent. Further ports of meters are teleinfoPort2, teleinfoPort3 and so on.
type credentials struct {
	bmhsAccount
	Model     string             `json:"agentModel"`
	MAC       string             `json:"mac"`
	Consumers []bmhsAccount      `json:"consumers"`
	Rhythms   map[string]float64 `json:"frequences"` // seconds, by type
	Port      string             `json:"teleinfoPort"`
}

type bmhsAccount struct {
	Username string `json:"username"`
	Key      string `json:"applicationKey"`
	Host     string `json:"applicationHost"`
}

// Run prints our configuration, writes the secrets, and says what is left.
func (v migrateBMHSVerb) Run(t terminal) error {
	text, err := os.ReadFile(v.File)
	if err != nil {
		return fmt.Errorf("read the configuration of BMHS's agent: %w", err)
	}
	m := v.begin()
	if err := m.fromBMHS(text); err != nil {
		return fmt.Errorf("read %s: %w", v.File, err)
	}
	return m.write(t)
}

// fromBMHS turns smarthome.credentials into our configuration.
func (m *migration) fromBMHS(text []byte) error {
	var c credentials
	var all map[string]json.RawMessage
	if json.Unmarshal(text, &all) != nil || json.Unmarshal(text, &c) != nil { // their reasons repeat values
		return errors.New("it is not the JSON of BMHS's own agent")
	}
	switch {
	case c.Username == "" || c.Key == "" || c.Host == "" || c.MAC == "":
		return errors.New("username, applicationKey, applicationHost and mac must be there: without mac the agent took that of eth0, which ip link shows")
	case strings.Contains(string(text), "insert_here_"):
		return errors.New("there is an insert_here_ of the template in it: it was never filled in")
	}
	m.linef("# From smarthome.credentials of BMHS's own agent. Stop that one first: two under one mac end each other's sessions.\n")
	ports := portsOfBMHS(all)
	for i, port := range ports {
		m.linef("[[meter]]\nname = %s\nport = %s\n", tomlText(numberedName("linky", i)), tomlText(port))
	}
	if len(ports) == 0 {
		m.leave("teleinfoPort: there is none, so that no meter was read; add a [[meter]]")
	}
	every := rhythmOfBMHS(c.Rhythms)
	for i, account := range append([]bmhsAccount{c.bmhsAccount}, c.Consumers...) {
		m.recipientOfBMHS(numberedName("bmhs", i), account, c.MAC, every, i == 0)
	}
	m.leaveOfBMHS(all, c.Rhythms)
	return nil
}

func (m *migration) recipientOfBMHS(name string, account bmhsAccount, mac, every string, first bool) {
	m.linef("[[recipient]]\nname = %s\nkind = \"bmhs\"\nurl = %s", tomlText(name), tomlText(strings.TrimRight(account.Host, "/")))
	m.linef("username = %s\napplication_key_file = %s", tomlText(account.Username), tomlText(m.secret(name, account.Key)))
	m.linef("mac = %s\nevery = %s", tomlText(mac), tomlText(every))
	if first { // consumers never had a session
		m.linef("presence = true")
	}
	m.linef("# The server knows the meter by its address: the 12 digits after ADCO or ADSC, which releve decode shows. To go on under")
	m.linef("# that name, put it here, and identity = true into the grant.\n#devices = [\"linky=…\"]\n")
	m.agreed(name, "follow my consumption on BMHS", []string{"*"}, nil)
}

// numberedName is linky, linky-2, linky-3.
func numberedName(word string, i int) string {
	if i == 0 {
		return word
	}
	return word + "-" + strconv.Itoa(i+1)
}

// portsOfBMHS are those of meters, in the order of their numbers.
func portsOfBMHS(all map[string]json.RawMessage) []string {
	ports := map[int]string{}
	for key, value := range all {
		number, isPort := strings.CutPrefix(key, "teleinfoPort")
		n, err := strconv.Atoi(cmp.Or(number, "1"))
		var port string
		if isPort && err == nil && json.Unmarshal(value, &port) == nil && port != "" {
			ports[n] = port
		}
	}
	var list []string
	for _, n := range slices.Sorted(maps.Keys(ports)) {
		list = append(list, ports[n])
	}
	return list
}

// rhythmOfBMHS is how often a message of a meter went: every five minutes unless it was said.
func rhythmOfBMHS(rhythms map[string]float64) string {
	seconds := rhythms[meterOfBMHS]
	if seconds < 1 || seconds > 24*60*60 {
		seconds = 300
	}
	switch n := int(seconds); {
	case n%3600 == 0:
		return fmt.Sprintf("%dh", n/3600)
	case n%60 == 0:
		return fmt.Sprintf("%dm", n/60)
	default:
		return fmt.Sprintf("%ds", n)
	}
}

// leaveOfBMHS says what is not carried over, and why.
func (m *migration) leaveOfBMHS(all map[string]json.RawMessage, rhythms map[string]float64) {
	m.leave("the remote shell: it made whoever holds the server or the account root of this machine, and wrote down nothing")
	m.leave("commands, settings and pairing from the server: Relève reads meters, and does none of what a server asks for but show them live")
	m.leave("the update at each start, which ran as root what GitHub had then, unsigned: install packages of Relève instead")
	m.leave("what the old agent had not sent yet (/var/tmp/smarthomedb.json): let it send before it is stopped")
	reasons := map[string]string{
		"agentModel": "the server is told that it is Relève", "gpioPorts": other, "i2c": other, "zwavePort": other, "arduinoPort": other, "rfxcomPort": other,
	}
	known := []string{"username", "applicationKey", "applicationHost", "mac", "consumers", "frequences"}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		switch {
		case slices.Contains(known, key) || strings.HasPrefix(key, "teleinfoPort"):
		case reasons[key] != "":
			m.leave("%s: %s", key, reasons[key])
		default:
			m.leave("a key that BMHS's own agent does not know either: %q", key)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(rhythms)) {
		if kind != meterOfBMHS {
			m.leave("frequences of %s: %s", kind, other)
		}
	}
}

// meterOfBMHS is the type of a meter there.
const meterOfBMHS = "smarthome.automation.deviceType.TeleInformation"

// other is why what is no meter is left.
const other = "Relève reads electricity meters only; whatever hangs there needs another program"
