// Package config reads the configuration files and returns what they say, checked.
//
// In: TOML files. Out: a Config in which every value can be used as it is, or an error that names the mend, and the file
// and line where the text is wrong, or the key where its value is. It opens nothing that a value points to, and knows nothing of how the values are used.
package config

import (
	"time"

	"releve/federation/consent"
	"releve/federation/xmpp"
	"releve/tic"
)

// Config is a checked configuration. Load is the only way to obtain one.
type Config struct {
	Agent      Agent
	Meters     []Meter
	Buffer     Buffer
	Federation *Federation // nil when the household takes no part
	Recipients []Recipient
	Sources    []Source
	Grants     []consent.Grant
	Consent    Consents
	Issuers    []consent.Issuer // of receipts of consents
	Card       Card
	Ledger     Ledger
	Status     Status
	Kiosk      Kiosk
	LED        LED
	Button     Button
	Update     Update
	Trial      Trial

	Production []string // full names of the series that together are what the household produces
	Prices     Prices
	Objective  Objective // the zero value for none
	Profiles   []Profile
	Investment Investment // the zero value for none
}

// Agent is the [agent] section.
type Agent struct {
	State    string         // folder for everything Relève writes
	Location *time.Location // the household's zone
	// TrustClock says that the machine's clock is right although nothing disciplines it.
	TrustClock bool
}

// Meter is one [[meter]].
type Meter struct {
	Name string // stable; ASCII letters, digits and hyphens
	Port string // as port.Config names it: auto, a device, tcp://host:port, rfc2217://host:port, a file, or -
	Mode tic.Mode
	// Title is what people call it; "" for its name.
	Title string
	PRM   string // 14 digits, or "" to learn it from the meter in standard mode

	Derived bool   // whether what can be computed from the readings is recorded too
	Share   string // host:port where other programs may read along; "" for nowhere
}

// Buffer is the [buffer] section.
type Buffer struct {
	Period   time.Duration // readings are gathered this long before they are written: what a crash can lose
	FullSet  time.Duration // how often all values are recorded, changed or not
	MaxBytes int64
	MaxAge   time.Duration
	Curve    time.Duration // how long means of ten minutes are kept of what shows how the household lives
}

// Federation is the [federation] section.
type Federation struct {
	JID          xmpp.JID // with a resource
	PasswordFile string
	Address      string // host:port or xmpps://host:port, or "" to find the server by DNS
	CAFile       string // PEM, or "" for the system's authorities
	Pins         []xmpp.Pin
	WebSocket    string      // wss://…, xmpp.AutoWebSocket or ""
	Proxy        *xmpp.Proxy // without its password; nil to connect directly
	// ProxyPasswordFile holds the password of Proxy.User; "" without one.
	ProxyPasswordFile string
	PushEvery         time.Duration
	PushSlow          time.Duration // the same of what seldom changes
	Pace              xmpp.Pace
	Roles             Roles
	Pairing           bool // whether a code makes the first owner
}

// Trial is the [trial] section: how long a change from afar has to prove itself, and then to be confirmed.
type Trial struct{ Prove, Confirm time.Duration }

// Status is the [status] section.
type Status struct {
	Listen string   // host:port; "" for no page
	Closed bool     // only who has the password may look; everybody who reaches the page otherwise
	Hosts  []string // further names under which the page may be reached
}

// Button is the [button] section.
type Button struct {
	Pin string // such as GPIO27; "" for none
}

// LED is the [led] section.
type LED struct {
	Pin string // such as GPIO17; "" for none
}
