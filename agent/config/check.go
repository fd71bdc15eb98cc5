package config

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"releve/federation/consent"
	"releve/federation/xmpp"
	"releve/tic"
	"releve/tic/port"
)

// Load reads a configuration file and conf.d/*.toml beside it, and nothing else that a configuration is made of, see Layers.
// Its error holds one line for each thing that is wrong.
func Load(file string) (Config, error) {
	base, err := Layers{File: file}.Read()
	if err != nil {
		return Config{}, err
	}
	l, err := base.With(Remote{})
	return l.Config, err
}

// CheckText says what is wrong with a text that is to be a configuration file of its own, as Load does.
func CheckText(text string) error {
	var d document
	if err := d.parse("releve.toml", []byte(text)); err != nil {
		return err
	}
	_, err := check(d)
	return err
}

// findings gathers everything that is wrong, so that a person mends it in one go.
type findings struct{ errs []error }

func (f *findings) addf(format string, args ...any) {
	f.errs = append(f.errs, wrongf(format, args...))
}

func check(d document) (Config, error) {
	var f findings
	c := Config{
		Agent:      f.agent(d),
		Meters:     f.meters(d.Meter),
		Buffer:     f.buffer(d),
		Federation: f.federation(d),
		Status:     f.status(d),
		Kiosk:      f.kiosk(d.Kiosk),
		LED:        f.led(d),
		Button:     f.button(d),
		Update:     f.update(d),
		Trial: Trial{
			Prove:   f.duration("trial.prove", d.Trial.Prove, 5*time.Minute, 10*time.Second, time.Hour),
			Confirm: f.duration("trial.confirm", d.Trial.Confirm, 15*time.Minute, 10*time.Second, day),
		},
	}
	c.Production = f.seriesNames("production.series", d.Production.Series)
	c.Prices, c.Objective = f.prices(d.Prices), f.objective(d.Objective)
	c.Profiles, c.Investment = f.profiles(d.Profile), f.investment(d.Investment)
	c.Recipients = f.recipients(d)
	c.Grants = toGrantees(f.grants(d.Grant, c.Agent.Location), c.Recipients)
	c.Issuers = f.issuers(d.Issuer)
	c.Sources = f.sources(d)
	f.rename(d.Rename, c.Sources)
	f.routes(d.Route, &c)
	f.passedOn(c.Grants, c.Sources)
	c.Consent = f.consents(d)
	f.strict(c)
	c.Card = f.card(d)
	c.Ledger = f.ledger(d)
	if err := errors.Join(f.errs...); err != nil {
		return Config{}, err
	}
	return c, nil
}

func or(value, absent string) string {
	if value == "" {
		return absent
	}
	return value
}

const defaultState = "/var/lib/releve"

// What agent.clock may be.
const (
	clockAuto   = "auto"
	clockSystem = "system"
)

func (f *findings) agent(d document) Agent {
	zone := or(d.Agent.Timezone, "Europe/Paris")
	location, err := time.LoadLocation(zone)
	if err != nil {
		f.addf("agent.timezone: %q is not a zone such as Europe/Paris", zone)
		location = time.UTC
	}
	if clock := or(d.Agent.Clock, clockAuto); clock != clockAuto && clock != clockSystem {
		f.addf("agent.clock: %q is not one of auto, system", clock)
	}
	return Agent{TrustClock: d.Agent.Clock == clockSystem, State: or(d.Agent.State, defaultState), Location: location}
}

var (
	meterName = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)
	prmDigits = regexp.MustCompile(`^([0-9]{14})?$`)
)

func (f *findings) meters(raw []rawMeter) []Meter {
	var meters []Meter
	names, ports := map[string]bool{}, map[string]bool{}
	for i, r := range raw {
		m := Meter{Name: or(r.Name, "linky"), Title: r.Title, Port: or(r.Port, "auto"), PRM: r.PRM, Derived: r.Derived == nil || *r.Derived}
		key := fmt.Sprintf("meter %d (%s)", i+1, m.Name)
		f.meter(key, r, &m)
		if names[m.Name] {
			f.addf("%s: two meters cannot have the same name", key)
		}
		if ports[m.Port] {
			f.addf("%s: two meters cannot read the same port", key)
		}
		names[m.Name], ports[m.Port] = true, m.Port != "auto" // of which each gets its own
		meters = append(meters, m)
	}
	return meters
}

const longestTitle = 64 // characters

// meter checks what does not depend on the other meters.
func (f *findings) meter(key string, r rawMeter, m *Meter) {
	if !meterName.MatchString(m.Name) {
		f.addf("%s: name must be 1 to 32 ASCII letters, digits or hyphens", key)
	}
	if utf8.RuneCountInString(m.Title) > longestTitle || strings.ContainsFunc(m.Title, unicode.IsControl) {
		f.addf("%s: title must be at most %d characters of text", key, longestTitle)
	}
	if err := port.Check(m.Port); err != nil {
		f.addf("%s: port: %w", key, err)
	}
	if !prmDigits.MatchString(m.PRM) { // the value is personal data: not repeated in the message
		f.addf("%s: prm must be the 14 digits on the electricity bill", key)
	}
	mode, err := tic.ParseMode(or(r.Mode, "auto"))
	if err != nil {
		f.addf("%s: mode %q is not one of auto, historic, standard", key, r.Mode)
	}
	m.Mode = mode
	m.Share = f.share(key, r.Share)
}

// share lets the raw bytes, which say whose meter it is, go no further than a network that the household can oversee,
// and never to all networks at once.
func (f *findings) share(key, value string) string {
	if value == "" {
		return ""
	}
	host, _, _ := net.SplitHostPort(value)
	switch ip := net.ParseIP(host); {
	case !isHostPort(value):
		f.addf("%s: share: %q is not host:port, such as 127.0.0.1:7970", key, value)
	case !isLoopback(host) && (ip == nil || !ip.IsPrivate()):
		f.addf("%s: share: %s is neither this machine (127.0.0.1) nor one address of a private network; the bytes hold the meter's address, which is personal data", key, value)
	}
	return value
}

func (f *findings) buffer(d document) Buffer {
	return Buffer{
		Period:   f.duration("buffer.period", d.Buffer.Period, time.Minute, time.Second, time.Minute),
		FullSet:  f.duration("buffer.full_set", d.Buffer.FullSet, 10*time.Minute, time.Minute, day),
		MaxBytes: f.bytes("buffer.max_bytes", or(d.Buffer.MaxBytes, "256MiB")),
		MaxAge:   f.duration("buffer.max_age", d.Buffer.MaxAge, 31*day, time.Hour, 366*day),
		Curve:    f.duration("buffer.keep_curve", d.Buffer.Curve, 366*day, day, 3*366*day),
	}
}

const day = 24 * time.Hour

func (f *findings) duration(key, value string, absent, least, most time.Duration) time.Duration {
	if value == "" {
		return absent
	}
	d, err := parseDuration(value)
	if err != nil || d < least || d > most {
		f.addf("%s: %q is not a time from %s to %s, written like 10s, 5m, 12h or 31d", key, value, short(least), short(most))
	}
	return d
}

// parseDuration is time.ParseDuration, with whole days besides.
func parseDuration(value string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * day, err
	}
	return time.ParseDuration(value)
}

// short writes a whole number of days, hours, minutes or seconds as a person would.
func short(d time.Duration) string {
	switch {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

const leastBytes = 8 << 20

func (f *findings) bytes(key, value string) int64 {
	number, isMiB := strings.CutSuffix(value, "MiB")
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || !isMiB || n<<20 < leastBytes {
		f.addf("%s: %q is not a size of at least %dMiB, written like 256MiB", key, value, leastBytes>>20)
	}
	return n << 20
}

func (f *findings) federation(d document) *Federation {
	raw := d.Federation
	if raw.JID == "" {
		if !reflect.ValueOf(raw).IsZero() {
			f.addf("federation.jid is missing: the agent's address, such as maison@breizh-sen1.example/releve")
		}
		return nil
	}
	address, err := xmpp.ParseJID(raw.JID)
	switch {
	case err != nil || address.Localpart() == "":
		f.addf("federation.jid: %q is not an address such as maison@breizh-sen1.example/releve", raw.JID)
	case address.Resourcepart() == "":
		address, _ = address.WithResource("releve") // a fixed ASCII word is always a valid resource
	}
	if raw.PasswordFile == "" {
		f.addf("federation.password_file is missing: the file whose first line is the password")
	}
	to := &Federation{JID: address, PasswordFile: raw.PasswordFile}
	f.way(d, to)
	to.Roles = f.roles(raw)
	to.Pairing = raw.Pairing == nil || *raw.Pairing
	to.PushEvery = f.pushEvery(d)
	if raw.Pace != "" {
		if to.Pace, err = xmpp.ParsePace(raw.Pace); err != nil {
			f.addf("federation.pace: %q: %w", raw.Pace, err)
		}
	}
	to.PushSlow = f.duration("federation.push_slow_every", raw.PushSlow, 30*time.Minute, time.Second, 24*time.Hour)
	return to
}

// pushEvery is how often readings are sent together.
func (f *findings) pushEvery(d document) time.Duration {
	return f.duration("federation.push_every", d.Federation.PushEvery, 10*time.Second, time.Second, time.Hour)
}

// grants turns the day a grant ends on, in the household's zone, into the instant it ends at.
func (f *findings) grants(raw []rawGrant, location *time.Location) []consent.Grant {
	var grants []consent.Grant
	for i, r := range raw {
		g := consent.Grant{
			To: r.To, Series: r.Series, Sources: r.Sources, Resolution: consent.Resolution(or(r.Resolution, string(consent.Live))),
			Purpose: r.Purpose, Identity: r.Identity,
			Details: consent.Details{
				PurposeEN: r.PurposeEN, Code: r.PurposeCode, Retention: r.Retention, Notice: r.Notice,
				Name: r.Name, Contact: r.Contact, Role: consent.Role(r.Role),
			},
		}
		if r.From != nil {
			g.From = r.From.AsTime(location)
		}
		if r.Until != nil {
			g.Until = r.Until.AsTime(location).AddDate(0, 0, 1)
		}
		if err := g.Check(); err != nil {
			f.addf("grant %d: %w", i+1, err)
		}
		grants = append(grants, g)
	}
	return grants
}

// isHostPort tells an address with a port number; its host may be empty.
func isHostPort(value string) bool {
	_, number, err := net.SplitHostPort(value)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(number, 10, 16)
	return err == nil
}

var pinName = regexp.MustCompile(`^(GPIO[0-9]{1,3})?$`)

func (f *findings) led(d document) LED {
	if !pinName.MatchString(d.LED.Pin) {
		f.addf("led.pin: %q is not a pin such as GPIO17", d.LED.Pin)
	}
	return LED{Pin: d.LED.Pin}
}

func (f *findings) button(d document) Button {
	switch pin := d.Button.Pin; {
	case !pinName.MatchString(pin):
		f.addf("button.pin: %q is not a pin such as GPIO27", pin)
	case pin != "" && pin == d.LED.Pin:
		f.addf("button.pin: %s is the pin of the light already", pin)
	}
	return Button{Pin: d.Button.Pin}
}
