package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/buffer"
	"releve/federation/lab"
	"releve/federation/lab/bmhs"
	"releve/federation/lab/warp10"
)

// chainPoint is the delivery point of the town hall: no region is 99.
const chainPoint = "99123456789012"

// chain is the three systems and the relays between them: PRIDE → BMHS → logNact → another BMHS, over the federation each time.
type chain struct {
	t             *testing.T
	servers       *lab.Federation
	pride         *platformAt
	first, second *bmhs.Server
	zabbix        *lab.Zabbix
	places        *strings.Replacer // of the systems in the files
	relays        []house
	stops         []func()

	begin time.Time
	heard int // data of each series
}

func newChain(t *testing.T) *chain {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	c := &chain{t: t, zabbix: lab.NewZabbix(t), servers: lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: houseDomain, Kind: lab.Ejabberd}, {Name: consumerDomain, Kind: lab.Ejabberd},
	}})}
	c.pride, c.first, c.second = newPlatform(t), c.newBMHS(), c.newBMHS()
	c.begin = time.Now().Add(-20 * time.Hour).Truncate(time.Minute).Add(250 * time.Millisecond)
	token, err := c.zabbix.Token(t.Context())
	must(t, err)
	c.places = strings.NewReplacer(
		"https://warp.example/api", c.pride.url, "/etc/releve/secrets/pride-read", written(t, "read", "R\n"),
		"https://bmhs.example/smarthome", c.first.URL(), "https://bmhs2.example/smarthome", c.second.URL(),
		"/etc/releve/secrets/bmhs-token", written(t, "token", "dG9rZW4=\n"), "zabbix.example:10051", c.zabbix.TrapperAddr(),
		"https://zabbix.example/api_jsonrpc.php", c.zabbix.APIURL(), "/etc/releve/secrets/zabbix-token", written(t, "zabbix", token+"\n"),
	)
	c.items()
	return c
}

func (c *chain) newBMHS() *bmhs.Server {
	c.t.Helper()
	server, err := bmhs.Start(bmhs.Options{Zone: paris(c.t)})
	must(c.t, err)
	c.t.Cleanup(server.Close)
	server.AddUser(bmhsUser, bmhsKey)
	server.Grant(bmhsUser, "releve", "dG9rZW4=")
	return server
}

// items makes the items, and lets the server begin anew: it knows them then, and not some time later.
func (c *chain) items() {
	c.t.Helper()
	call := func(method string, params any, into any) {
		c.t.Helper()
		must(c.t, c.zabbix.Call(c.t.Context(), method, params, into))
	}
	var group struct {
		IDs []string `json:"groupids"`
	}
	call("hostgroup.create", map[string]any{"name": "Commune"}, &group)
	hosts := map[string]string{}
	for _, i := range chainItems {
		if hosts[i.host] == "" {
			var host struct {
				IDs []string `json:"hostids"`
			}
			call("host.create", map[string]any{"host": i.host, "groups": []any{map[string]string{"groupid": group.IDs[0]}}}, &host)
			hosts[i.host] = host.IDs[0]
		}
		call("item.create", map[string]any{"hostid": hosts[i.host], "name": i.key, "key_": i.key, "type": 2, "value_type": i.of, "history": "400d"}, nil)
	}
	must(c.t, c.zabbix.Stop(c.t.Context()))
	must(c.t, c.zabbix.Start(c.t.Context()))
}

// relay starts one of the relays that testdata/flows shows, and waits until it is connected.
func (c *chain) relay(name string) house {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "flows", name+".toml"))
	must(c.t, err)
	loaded, err := config.Load(written(c.t, "releve.toml", c.places.Replace(string(text))))
	must(c.t, err)
	own := loaded.Federation
	server := c.servers.Server(own.JID.Domainpart())
	must(c.t, server.Register(c.t.Context(), own.JID.Localpart(), "pw"))
	own.PasswordFile, own.Address, own.CAFile = written(c.t, "password", "pw\n"), server.Addr(), c.servers.CAFile()
	loaded.Agent.State, loaded.Agent.TrustClock, loaded.Status.Listen = c.t.TempDir(), true, lab.FreeAddress(c.t)
	hasten(&loaded)
	h := newHouse(c.t, func(cfg *config.Config) { *cfg = loaded })
	c.stops = append(c.stops, h.runs())
	c.relays = append(c.relays, h)
	until(c.t, name+" is connected", func() bool { return h.session.State().Up })
	return h
}

// hasten has all done more often than a file can say.
func hasten(c *config.Config) {
	const often = 200 * time.Millisecond
	c.Federation.PushEvery, c.Federation.PushSlow = often, often
	for i := range c.Recipients {
		c.Recipients[i].Every = often
	}
	for i := range c.Sources {
		switch origin := c.Sources[i].Origin.(type) {
		case config.FromPride:
			origin.Every = often
			c.Sources[i].Origin = origin
		case config.FromBMHS:
			origin.Every = often
			c.Sources[i].Origin = origin
		case config.FromLognact:
			origin.Every = often
			c.Sources[i].Origin = origin
		}
	}
}

// stop ends all relays. None has said whose meter it was.
func (c *chain) stop() {
	for _, stop := range c.stops {
		stop()
	}
	for _, h := range c.relays {
		h.stop(c.t)
		if strings.Contains(h.said.String(), chainPoint) {
			c.t.Error("the delivery point is in a log")
		}
		if c.t.Failed() {
			c.t.Logf("%s:\n%s", h.cfg.Federation.JID, h.said)
		}
	}
}

// hear has PRIDE hear so many more data of each series.
func (c *chain) hear(n int) {
	for range n {
		at, i := c.begin.Add(time.Duration(c.heard)*time.Minute).UnixMicro(), float64(c.heard)
		c.pride.Put(warp10.GTS{Class: "pride.index", Labels: map[string]string{"site": chainPoint}}, at, 13_427_301+i)
		c.pride.Put(warp10.GTS{Class: "pride.cdc", Labels: map[string]string{"site": chainPoint}}, at, 1.5*i)
		c.pride.Put(warp10.GTS{Class: "pride.temp", Labels: map[string]string{"site": "serre"}}, at, 21.25-i/8)
		c.heard++
	}
}

// has waits until a relay has stored all that was heard, as so many series.
func (c *chain) has(what string, h house, series int) {
	c.t.Helper()
	last := c.begin.Add(time.Duration(c.heard-1) * time.Minute)
	until(c.t, what, func() bool {
		n := 0
		for _, one := range h.buffer.Series() {
			if int64(one.Last.Time*1000+0.5) == last.UnixMilli() {
				n++
			}
		}
		return n == series
	})
}

// arrived waits until a system has all that was heard.
func (c *chain) arrived(what string, of func() holding) {
	c.t.Helper()
	until(c.t, what, func() bool { return of().count() >= 3*c.heard })
}

// idle waits until a relay has nothing under way: what is cut off then is not sent twice.
func (c *chain) idle(what string, h house) {
	c.t.Helper()
	until(c.t, what, func() bool {
		return !slices.ContainsFunc(h.buffer.Cursors(), func(one buffer.CursorStats) bool { return one.Pending > 0 })
	})
}

// flow holds that one end has what the other has: every value at its time, in order, once.
func (c *chain) flow(name string, from, to holding) {
	c.t.Helper()
	c.t.Logf("%s: %d values of %d series at one end, %d of %d at the other", name, from.count(), len(from), to.count(), len(to))
	if diff := cmp.Diff(from, to); diff != "" || from.count() != 3*c.heard {
		c.t.Errorf("%s: %d values were heard (-source +destination):\n%.2000s", name, 3*c.heard, diff)
	}
}

// The files that the README shows are right as they stand.
func TestFlowFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/flows/*/*.toml")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		if err := config.CheckText(string(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// The three flows of the federation, each between two relays on two real servers: PRIDE → BMHS, BMHS → logNact, logNact → BMHS,
// the last also by the messages of the proof of concept. Each destination is the next flow's source, and each is away once in
// the middle; the Zabbix is killed while values come.
func TestIntegrationChain(t *testing.T) {
	t.Parallel()
	const part = 200 // of what is heard in all
	c := newChain(t)
	defer c.stop()
	c.hear(part)
	toBMHS := c.relay("pride-bmhs/destination")
	c.relay("pride-bmhs/source")
	fromBMHS := c.relay("bmhs-lognact/source")
	c.has("BMHS's are here", fromBMHS, 3) // a provider that has nothing yet is asked again later
	toZabbix := c.relay("bmhs-lognact/destination")
	toSecond := c.relay("lognact-bmhs/destination")
	c.relay("lognact-bmhs/source")
	first := func() holding { return ofBMHS(c.first, "") }
	second := func() holding { return ofBMHS(c.second, "") }
	poc := func() holding { return ofBMHS(c.second, " (poc)") }

	c.arrived("all is at the end of the chain", second)

	c.idle("BMHS has answered", toBMHS)
	c.first.Stop()
	c.hear(part)
	c.has("PRIDE's wait for BMHS", toBMHS, 3)
	must(t, c.first.Resume())
	c.arrived("PRIDE's are at BMHS", first)

	c.arrived("BMHS's are at Zabbix", c.ofZabbix)
	c.hear(part)
	until(t, "values come to Zabbix", func() bool { return c.ofZabbix().count() > 3*(c.heard-part) })
	must(t, c.zabbix.Kill())
	c.has("BMHS's wait for Zabbix", toZabbix, 3)
	t.Logf("Zabbix was killed and has %d of %d values", c.ofZabbix().count(), 3*c.heard)
	must(t, c.zabbix.Start(t.Context()))
	c.arrived("BMHS's are at Zabbix", c.ofZabbix)

	c.arrived("Zabbix's are at BMHS", second)
	c.arrived("Zabbix's are at BMHS, by Sen1Messages", poc)
	c.idle("BMHS has answered", toSecond)
	c.second.Stop()
	c.hear(part)
	c.has("Zabbix's wait for BMHS", toSecond, 6)
	must(t, c.second.Resume())
	c.arrived("Zabbix's are at BMHS", second)
	c.arrived("Zabbix's are at BMHS, by Sen1Messages", poc)

	c.flow("PRIDE → BMHS", c.ofPride(), first())
	c.flow("BMHS → logNact", first(), c.ofZabbix())
	c.flow("logNact → BMHS", c.ofZabbix(), second())
	c.flow("logNact → BMHS, by Sen1Messages", c.ofZabbix(), poc())
	if got := c.second.Devices(); !slices.Equal(got, []string{"mairie", "mairie (poc)", "serre", "serre (poc)"}) {
		t.Errorf("devices are %q", got)
	}
}
