package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mellium.im/xmpp/jid"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/lab"
	"releve/federation/lab/warp10"
	"releve/federation/sen1"
	"releve/federation/xmpp"
)

// twoServers are real servers of two domains, with an account for a relay on each.
func twoServers(t *testing.T) *lab.Federation {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	account := []lab.Account{{User: "relais", Password: "pw"}}
	return lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: houseDomain, Kind: lab.Ejabberd, Accounts: account}, {Name: consumerDomain, Kind: lab.Ejabberd, Accounts: account},
	}})
}

// member is the session of the relay of a domain.
func member(f *lab.Federation, domain, passwordFile string) *config.Federation {
	return &config.Federation{
		JID: jid.MustParse("relais@" + domain + "/releve"), PasswordFile: passwordFile,
		Address: f.Server(domain).Addr(), CAFile: f.CAFile(), PushEvery: 100 * time.Millisecond, PushSlow: time.Second,
	}
}

// way is how two relays of the federation hand on what they have: the end that sends, and the one that takes.
type way struct {
	name string
	to   config.Recipient
	from config.Source
}

func ways() []way {
	near, far := jid.MustParse("relais@"+houseDomain), jid.MustParse("relais@"+consumerDomain)
	resource, _ := far.WithResource("releve")
	return []way{
		{
			"packs", config.Recipient{Name: "far", Kind: config.KindReleve, Way: config.ToReleve{To: resource, Naming: config.NamingQuoalise}},
			config.Source{Name: "near", Kind: config.KindReleve, Origin: config.FromReleve{Sender: near}},
		},
		{
			"Sen1Messages", config.Recipient{Name: "far", Kind: config.KindSEN1, Way: config.ToSEN1{To: far, Username: "foyer", Source: "pride", Target: "pride2"}},
			config.Source{Name: "near", Kind: config.KindSEN1, Origin: config.FromSEN1{Sender: near, Source: "pride", Usernames: []string{"foyer"}}},
		},
	}
}

// What a system has on one side of the federation comes to one on the other side, over two real servers: all of it, each
// datum once, under the names of the other system. The relays hand on packs, or the messages of the proof of concept.
func TestIntegrationFlows(t *testing.T) {
	t.Parallel()
	f := twoServers(t)
	password := written(t, "password", "pw\n")
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			from, to := newPlatform(t), newPlatform(t)
			const count = 200
			begin := time.Now().Add(-20 * time.Hour).Truncate(time.Minute)
			for _, site := range []string{"a", "b"} {
				for i := range count {
					from.Put(warp10.GTS{Class: "pride.cdc", Labels: map[string]string{"PRM": site}}, begin.Add(time.Duration(i)*time.Minute).UnixMicro(), float64(i))
				}
			}
			grant := func(to, source string) consent.Grant {
				return consent.Grant{To: to, Series: []string{"*"}, Sources: []string{source}, Resolution: "live", Purpose: "test"}
			}
			near := newHouse(t, func(c *config.Config) {
				between(t, from, to, t.TempDir())(c)
				c.Federation = member(f, houseDomain, password)
				r := w.to
				r.Every = 50 * time.Millisecond
				c.Recipients = []config.Recipient{r}
				c.Grants = []consent.Grant{grant("relais@"+consumerDomain, "enedis")}
				c.Sources[0].Renames = []config.Rename{{Item: "pride.cdc", Path: "consumption/power/active/mean", Unit: "W"}}
			})
			far := newHouse(t, func(c *config.Config) {
				between(t, from, to, t.TempDir())(c)
				c.Federation = member(f, consumerDomain, password)
				c.Sources = []config.Source{w.from}
				c.Recipients[0].Routes = []config.Route{{Series: []string{"consumption/*"}, ToItem: "sen1.cdc", Unit: "kW"}}
				c.Grants = []consent.Grant{grant(c.Recipients[0].Grantee(), "near")}
			})
			stopFar := far.runs()
			defer func() { stopFar(); far.stop(t) }()
			until(t, "the far relay is connected", func() bool { return far.session.State().Up })
			stopNear := near.runs()
			defer func() { stopNear(); near.stop(t) }()
			until(t, "all came", func() bool { return to.Count() >= 2*count })
			t.Logf("%s: %d datapoints of %d series at one end, %d of %d at the other", w.name, from.Count(), len(from.All()), to.Count(), len(to.All()))
			checkFlow(t, to, begin, count)
		})
	}
}

// checkFlow looks at every datapoint.
func checkFlow(t *testing.T, to *platformAt, begin time.Time, count int) {
	t.Helper()
	all := to.All()
	if len(all) != 2 || to.Count() != 2*count {
		t.Errorf("%d datapoints of %d series came", to.Count(), len(all))
	}
	for _, g := range all {
		if g.Class != "sen1.cdc" || g.Labels["unit"] != "kW" || !strings.HasPrefix(g.Labels["device"], "urn:dev:org:60060-") {
			t.Errorf("series is %+v", g)
		}
		for i, p := range to.Points(g.Class, g.Labels) {
			if want := (warp10.Point{Tick: begin.Add(time.Duration(i) * time.Minute).UnixMicro(), Value: float64(i) / 1000}); p != want {
				t.Fatalf("point %d is %+v, want %+v", i, p, want)
			}
		}
	}
}

// A message that says to be of another application than its sender's, or cannot be read, is set aside with its reason, a
// hundred at most, and counted on the page.
func TestProxyPoison(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Sources = []config.Source{ways()[1].from} })
	defer h.stop(t)
	if got := h.sources[0].finding().Text.EN; got != "Nothing has come from this source yet." {
		t.Errorf("at first: %s", got)
	}
	dir := h.state("sources") + "/near.poison"
	for i := range mostPoison + 5 {
		must(t, setAside(dir, xmpp.NewElement(sen1.NS, "Sen1Message"), fmt.Errorf("reason %d", i)))
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != mostPoison {
		t.Errorf("%d set aside, %v", len(list), err)
	}
	text, err := os.ReadFile(dir + "/" + list[0].Name())
	if want := "{\n \"reason\": \"reason 0\",\n \"message\": \"\\u003cSen1Message xmlns=\\\"http://xmpp.rocks\\\"/\\u003e\"\n}\n"; string(text) != want || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}
