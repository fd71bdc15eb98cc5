package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
	"releve/federation/lab/bmhs"
	"releve/federation/xmpp"
	"releve/tic"
)

// leaky is a household with two meters and recipients of every kind but a Zabbix, of which everything is written down that
// leaves it.
type leaky struct {
	*household
	pride   *platformAt
	bmhs    *bmhs.Server
	taps    map[string]*tap
	guests  map[string]*guest
	text    string // of the configuration
	seeks   []sought
	address string // of the first meter, by which the configuration calls it at BMHS
	begin   map[string]int
}

// The second meter of the household, which talks as those of before.
var historicMeter = strings.Fields("simulate --mode historic --seed 11 --contract hc --start " + meterStart)

func newLeaky(t *testing.T) *leaky {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	s := servers{Federation: lab.New(t, lab.Options{Streams: true, Domains: []lab.Domain{
		{Name: houseDomain, Kind: lab.Ejabberd}, {Name: consumerDomain, Kind: lab.Ejabberd},
	}})}
	l := &leaky{household: settle(t, s, ""), pride: newPlatform(t), taps: map[string]*tap{}, begin: map[string]int{}}
	l.newGuest("poc").run() // its server keeps a hundred messages for who is away
	l.guests = map[string]*guest{"serveur": l.acknowledging("serveur"), "tableau": l.reading("tableau")}
	l.taps["pride"] = newTap(t, func() string { return l.pride.url })
	l.taps["bmhs"] = newTap(t, func() string { return l.bmhs.URL() })
	var err error
	l.bmhs, err = bmhs.Start(bmhs.Options{Zone: paris(t), SocketURL: "ws://" + l.taps["bmhs"].listener.Addr().String() + "/smarthome/websocket"})
	must(t, err)
	t.Cleanup(l.bmhs.Close)
	l.bmhs.AddUser(bmhsUser, bmhsKey)
	l.bmhs.Activate(bmhsUser, bmhsMAC)
	l.learn()
	l.start(nil, append(historicMeter, "--pty", l.path("old"))...)
	l.configure()
	return l
}

// learn finds what of the meters is personal.
func (l *leaky) learn() {
	l.t.Helper()
	known := map[string]string{}
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		decoder := tic.NewDecoder(mode, func(f *tic.Frame) {
			for _, g := range f.Groups {
				switch label := string(g.Label); label {
				case "ADCO", "ADSC", "PRM":
					known[label] = string(g.Value)
				}
			}
		})
		bytes := l.simulated(1)
		if mode == tic.Historic {
			var out strings.Builder
			if code := execute(l.t.Context(), append(historicMeter, "--speed", "max", "--frames", "1"), terminal{out: &out, err: &out}); code != exitDone {
				l.t.Fatalf("simulate: exit code %d", code)
			}
			bytes = []byte(out.String())
		}
		_, _ = decoder.Write(bytes) // never fails
	}
	if len(known) != 3 {
		l.t.Fatalf("the meters have %d identities, want 3", len(known))
	}
	l.address = known["ADSC"]
	for _, label := range []string{"ADCO", "ADSC", "PRM"} {
		l.seeks = append(l.seeks, forms(label, known[label])...)
	}
}

// configure adds the second meter and the recipients to what a household has.
func (l *leaky) configure() {
	l.t.Helper()
	before, err := os.ReadFile(l.path("agent.toml"))
	must(l.t, err)
	l.write("pride", "W\n")
	l.write("bmhs", bmhsKey+"\n")
	l.text = string(before) + fmt.Sprintf(`
[[meter]]
name = "old"
port = %q
[[recipient]]
name = "serveur"
kind = "releve"
to = "serveur@%[2]s"
[[recipient]]
name = "tableau"
kind = "pubsub"
readers = ["tableau@%[2]s"]
[[recipient]]
name = "poc"
kind = "sen1"
to = "poc@%[2]s"
username = "foyer"
every = "1s"
[[recipient]]
name = "pride"
kind = "pride"
url = %[3]q
token_file = %[4]q
every = "1s"
[[recipient]]
name = "bmhs"
kind = "bmhs"
url = %[5]q
username = %[6]q
application_key_file = %[7]q
mac = %[8]q
every = "1s"
presence = true
devices = ["linky=%[9]s"]
`, l.path("old"), consumerDomain, l.taps["pride"].url(), l.path("pride"), l.taps["bmhs"].url(), bmhsUser, l.path("bmhs"), bmhsMAC, l.address)
	for _, name := range []string{"serveur", "tableau", "poc", "pride", "bmhs"} {
		l.text += fmt.Sprintf("[[grant]]\nto = %q\nseries = [\"*\"]\npurpose = \"test %s\"\n", name, name)
	}
}

// begins starts the agent with the recipients, and forgets what left until now.
func (l *leaky) begins() {
	l.t.Helper()
	l.consumer.end(syscall.SIGTERM)
	l.stopAgent()
	l.write("agent.toml", l.text)
	for place, bytes := range l.left() {
		l.begin[place] = len(bytes)
	}
	l.agent = l.start(nil, "run", "--log-level", "debug", "--config", l.path("agent.toml"))
	l.startConsumer()
}

// everybody waits until each recipient has been sent readings since the agent began.
func (l *leaky) everybody() {
	l.t.Helper()
	messages, points := len(l.bmhs.Messages()), l.pride.Count()
	l.arrives(40)
	l.guests["tableau"].subscribe()
	l.guests["serveur"].arrives(40)
	l.guests["tableau"].arrives(40)
	l.until("readings at the systems outside", patience, func() bool {
		return len(l.bmhs.Messages()) > messages+1 && l.pride.Count() > points+10 && l.bmhs.Online(bmhsUser, bmhsMAC)
	})
	l.until("messages of the proof of concept", patience, func() bool {
		s, err := l.snapshot()
		if err != nil {
			return false
		}
		for _, r := range s.Recipients {
			if r.LastSent.IsZero() {
				return false
			}
		}
		return len(s.Recipients) == 6
	})
}

// asks has guests ask all that is answered to them.
func (l *leaky) asks() {
	l.t.Helper()
	agent, err := xmpp.ParseJID(addressOf(l.house, houseDomain) + "/releve")
	must(l.t, err)
	session := l.guests["serveur"].session
	for _, node := range []string{"", commandList} {
		if items, err := session.ListItems(l.t.Context(), agent, node); err != nil || node != "" && len(items) == 0 {
			l.t.Errorf("items of %q: %v, %v", node, items, err)
		}
	}
	for _, node := range []string{"", "get_catalogue", "get_history"} {
		if _, err := session.Query(l.t.Context(), "get", agent, xmpp.NewElement("http://jabber.org/protocol/disco#info", "query", "node", node)); err != nil {
			l.t.Errorf("about %q: %v", node, err)
		}
	}
	if _, err := session.Execute(l.t.Context(), agent, "get_catalogue", &xmpp.Form{Type: "submit"}); err != nil {
		l.t.Error(err)
	}
}

// said is all that the page and the API say to who comes and follows every link.
func (l *leaky) said() (all []byte) {
	l.t.Helper()
	todo, seen := []string{"/", "/metrics", "/readyz", "/etat/rapport.txt", "/kiosk", "/kiosk.png"}, map[string]bool{}
	var document struct {
		Paths map[string]any `json:"paths"`
	}
	must(l.t, json.Unmarshal([]byte(fetched(l.t, "http://"+l.page+"/api/v1/openapi.json")), &document))
	for path := range document.Paths {
		todo = append(todo, path)
	}
	links := regexp.MustCompile(`(?:href|src)="(/[^"?#]*)`)
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		text := fetched(l.t, "http://"+l.page+path)
		all = append(all, path+"\n"+text+"\n"...)
		for _, link := range links.FindAllStringSubmatch(text, -1) {
			todo = append(todo, link[1])
		}
	}
	if len(seen) < 25 {
		l.t.Errorf("only %d pages were found", len(seen))
	}
	return all
}

// left is all that has left the household in the clear, by where it was seen.
func (l *leaky) left() map[string][]byte {
	l.t.Helper()
	all := map[string][]byte{"consumer": []byte(textOf(l.received)), "consumer's log": l.consumer.talk.Bytes()}
	for _, server := range l.servers.Servers() {
		streams, err := server.Streams()
		must(l.t, err)
		all["streams of "+server.Domain()] = streams
	}
	for name, g := range l.guests {
		all[name] = []byte(textOf(g.received))
	}
	for name, p := range l.taps {
		all[name] = p.bytes()
	}
	return all
}

// textOf is what a client was sent, a record a line.
func textOf(r *received) string {
	var all strings.Builder
	for _, one := range r.all() {
		fmt.Fprintln(&all, one.Name, one.Unit, one.Time, one.Value)
	}
	return all.String()
}

// carried is what there has to be in each place, wherever readings went: a search of nothing finds nothing.
func (l *leaky) carried() map[string]string {
	return map[string]string{
		"consumer": "consumption/energy/active/index", "serveur": "consumption/energy/active/index", "tableau": "consumption/energy/active/index",
		"streams of " + houseDomain: "consumption/energy/active/index", "streams of " + consumerDomain: "http://xmpp.rocks",
		"pride": "consumption", "bmhs": "metavalues", "page": "consumption/power", "log": "level=", "ledger": "\"kind\":\"grant\"",
		"consumer's log": "", // it may have nothing to say
	}
}

// found is what of the identities is in what has left since the agent began, by where. The agent has ended.
func (l *leaky) found(page []byte) map[string][]string {
	l.t.Helper()
	places := l.left()
	for place, bytes := range places {
		places[place] = bytes[min(l.begin[place], len(bytes)):]
	}
	places["page"], places["log"] = page, l.agent.talk.Bytes()
	entries, err := filepath.Glob(l.path("state/ledger/*"))
	must(l.t, err)
	for _, file := range entries {
		text, err := os.ReadFile(file)
		must(l.t, err)
		places["ledger"] = append(places["ledger"], text...)
	}
	carried, all := l.carried(), map[string][]string{}
	for place, bytes := range places {
		l.t.Logf("%s: %d bytes", place, len(bytes))
		what := look(bytes, append([]sought{{what: "", bytes: []byte(carried[place])}}, l.seeks...))
		if len(what) == 0 || what[0] != "" {
			l.t.Errorf("no %q was written down of %s", carried[place], place)
		} else if what = what[1:]; len(what) > 0 {
			all[place] = what
		}
		delete(carried, place)
	}
	if len(carried) > 0 {
		l.t.Errorf("nothing was written down of %v", carried)
	}
	return all
}

// ends stops the agent and says what was found of the identities, and what was there to be found.
func (l *leaky) ends(page []byte, want map[string][]string) {
	l.t.Helper()
	l.consumer.end(syscall.SIGTERM)
	l.stopAgent()
	if diff := cmp.Diff(want, l.found(page)); diff != "" {
		l.t.Errorf("found (-want +found):\n%s", diff)
	}
}

// identifies grants the consumer and the BMHS server to see whose readings they are.
func (l *leaky) identifies() {
	l.t.Helper()
	for _, to := range []string{addressOf(l.consumes, consumerDomain), "bmhs"} {
		l.text += fmt.Sprintf("[[grant]]\nto = %q\nseries = [\"*\"]\npurpose = \"test identity\"\nidentity = true\n", to)
	}
}

// Every byte that leaves a household is searched for the addresses of its meters and its delivery point, in whatever form
// and however packed: what the XMPP servers read and say within TLS, what goes to systems outside, the page, the API, the
// log, the ledger. Without identity = true none is anywhere. With it, the same search finds the delivery point where it was
// granted and on the streams to there, the meter's address at a BMHS that calls it so, and neither elsewhere. What goes to a
// Zabbix is searched in TestIntegrationMeterToZabbix.
func TestIntegrationNothingLeaks(t *testing.T) {
	t.Parallel()
	l := newLeaky(t)
	l.begins()
	l.everybody()
	l.asks()
	l.ends(l.said(), map[string][]string{})

	l.identifies()
	l.begins()
	l.everybody()
	prm := []string{"PRM as digits"}
	l.ends([]byte(fetched(t, "http://"+l.page+"/api/v1/series")), map[string][]string{
		"consumer": prm, "streams of " + houseDomain: prm, "streams of " + consumerDomain: prm, "bmhs": {"ADSC as digits"},
	})
}
