package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/bmhs"
	"releve/federation/consent"
	"releve/senml"
)

// gatherForBMHS is how long packs gather at most until it is seen whether a message is due: an overrun goes at once.
const gatherForBMHS = 10 * time.Second

// reachBMHS hands packs to a BMHS server, and keeps the presence of an agent there if that is wanted.
func (a *agent) reachBMHS(r config.Recipient, way config.ToBMHS, one *outgoing) error {
	file := a.sentFile(r.Name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("make the folder of the recipients: %w", err)
	}
	gate := &placing{Gate: one.delivery.Gate, book: a.book, grantee: r.Grantee(), devices: way.Devices}
	o := bmhs.Options{
		Name: r.Name, Data: dataOf(way.BMHS), Scope: gate.Scope, Zone: way.Zone, Every: r.Every, File: file,
		Client: webClient(way.CAFile), Now: a.now, Log: a.log,
	}
	if way.Username != "" {
		o.Account = bmhs.Account{URL: way.URL, Username: way.Username, MAC: way.MAC, Key: secretIn("application_key_file", way.KeyFile)}
		one.delivery.Rhythm = min(r.Every, gatherForBMHS)
	}
	recipient, err := bmhs.Open(o)
	if recipient == nil {
		return err
	}
	if err != nil {
		a.log.Warn("periods of a recipient begin anew", "recipient", r.Name, "error", err)
	}
	one.delivery.Recipient, one.delivery.Gate, one.close = recipient, gate, recipient.Close
	if !way.Presence {
		one.doubt = func() status.Words { return bmhsDoubt(recipient.Stats(), bmhs.PresenceStanding{Up: true}) }
		return nil
	}
	presence := bmhs.NewPresence(recipient, func() senml.Pack { return gate.live(a.live(), a.log) })
	one.tasks = append(one.tasks, presence)
	one.doubt = func() status.Words { return bmhsDoubt(recipient.Stats(), presence.Standing()) }
	return nil
}

// sentFile is where what a BMHS server has is kept, see bmhs.Options.
func (a *agent) sentFile(name string) string {
	return filepath.Join(a.state("recipients"), name+".json")
}

// dismissBMHS forgets what a server has that is no longer in the configuration: who comes back later begins a period anew.
func (a *agent) dismissBMHS(name string) error {
	return bmhs.Forget(a.sentFile(name))
}

// tapBMHS asks a BMHS server for rows.
func (a *agent) tapBMHS(s *source, origin config.FromBMHS) error {
	supplier := &bmhs.Supplier{Data: dataOf(origin.BMHS), Name: s.name, Wanted: origin.Series, Zone: origin.Zone, Client: webClient(origin.CAFile)}
	return a.collect(s, supplier, origin.Asking)
}

func dataOf(c config.BMHS) bmhs.Data {
	if c.Application == "" {
		return bmhs.Data{}
	}
	return bmhs.Data{URL: c.URL, Application: c.Application, Token: secretIn("token_file", c.TokenFile)}
}

func secretIn(key, file string) bmhs.Secret {
	return func() (string, error) { return password(key, file) }
}

// placing is a gate that gives meters the names that the configuration has for them: those they have always had on the server,
// which are their addresses. Such a name goes where the identity was granted, and so does one that a route gives and that may be
// an address or a delivery point; a meter is otherwise called as the gate calls it.
type placing struct {
	federation.Gate
	book    *consent.Book
	grantee string
	devices map[string]string // by meter

	was map[string]string // what the gate calls what passed last, by name
}

// owner is whose series come under a URN: the meter, and whether all of them may say so.
type owner struct {
	meter      string
	identified bool
}

// Pass renames what passes.
func (g *placing) Pass(p senml.Pack) (passed senml.Pack) {
	owners := g.owners(p)
	passed, g.was = g.placed(g.Gate.Pass(p), owners)
	return passed
}

// Leaving tells the gate, which does not know these names.
func (g *placing) Leaving(goes senml.Pack, was func(string) string) error {
	return g.Gate.Leaving(goes, func(name string) string { return g.was[was(name)] })
}

// live lets through what is granted as it comes; a gate remembers how far its delivery is, and this is none of it.
func (g *placing) live(p senml.Pack, log *slog.Logger) senml.Pack {
	owners := g.owners(p)
	passed, err := g.book.Shown(g.grantee, p)
	if err != nil {
		log.Warn("nothing is shown live", "recipient", g.grantee, "error", err)
		return nil
	}
	passed, _ = g.placed(passed, owners)
	return passed
}

// placed renames records. It returns what each was called, too.
func (g *placing) placed(passed senml.Pack, owners map[string]owner) (placed senml.Pack, was map[string]string) {
	was = map[string]string{}
	for i, r := range passed {
		place := federation.PlaceOf(r.Name)
		of := owners[place.URN]
		place.Device = cmp.Or(place.Device, g.devices[of.meter])
		isPersonal := federation.Discreet(place.Device) != place.Device || place.Device == g.devices[of.meter]
		if isPersonal && !of.identified {
			place.Device = ""
		}
		passed[i].Name = place.Name()
		was[passed[i].Name] = r.Name
	}
	return passed, was
}

func (g *placing) owners(p senml.Pack) map[string]owner {
	owners, seen := map[string]owner{}, map[string]bool{}
	for _, r := range p {
		name := ""
		if !seen[r.Name] {
			name = g.book.Name(g.grantee, r.Name)
		}
		seen[r.Name] = true
		if name == "" {
			continue
		}
		urn := federation.PlaceOf(name).URN
		of, known := owners[urn]
		of.meter, _, _ = strings.Cut(r.Name, "/")
		of.identified = g.book.Identified(g.grantee, r.Name) && (!known || of.identified)
		owners[urn] = of
	}
	return owners
}

// live is what the meters say now, each series at the present time.
func (a *agent) live() senml.Pack {
	var p senml.Pack
	now := a.now()
	for _, m := range a.meters {
		for _, l := range m.recorder.All() {
			if !l.Stale(clock.Stamp(m.clock.Instant())) {
				p = append(p, senml.Record{Name: m.cfg.Name + "/" + l.Series.Path, Unit: l.Series.Unit, Value: l.Value, Time: float64(now.UnixMilli()) / 1000})
			}
		}
	}
	return p
}

// bmhsDoubt is what else there is to say of a BMHS server that takes what it is sent.
func bmhsDoubt(stats bmhs.Stats, presence bmhs.PresenceStanding) status.Words {
	switch {
	case stats.Refused > 0:
		return status.Sayf("%[1]d messages ont été refusés, le dernier ainsi : %[2]s", "%[1]d messages were refused, the last one so: %[2]s", stats.Refused, stats.Why)
	case !presence.Up && presence.Err != nil:
		return status.Sayf("Présence interrompue : %s", "Presence interrupted: %s", presence.Err)
	case presence.Ignored > 0:
		return status.Sayf("Le serveur a demandé %d fois ce que Relève ne fait pas (commandes, réglages).", "The server has asked %d times for what Relève does not do (commands, settings).", presence.Ignored)
	}
	return status.Words{}
}
