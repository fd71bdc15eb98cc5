package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
	"releve/federation/lab"
	"releve/senml"
)

// hostOfHouse is what the Zabbix of a relay calls the household.
const hostOfHouse = "linky-maison"

// zabbixed is a relay that puts what a household hands it into a real Zabbix.
type zabbixed struct {
	*household
	zabbix *lab.Zabbix
	taps   []*tap              // before its trapper and its API, of the relay
	paths  map[string]string   // by item
	types  map[string][]string // items by the type of their values
}

// newZabbixed makes a Zabbix with the whole template and one host, as a person does it, and a relay that fills it.
func newZabbixed(h *household) *zabbixed {
	h.t.Helper()
	z := &zabbixed{household: h.newRelay(), zabbix: lab.NewZabbix(h.t), paths: map[string]string{}, types: map[string][]string{}}
	token, err := z.zabbix.Token(h.t.Context())
	must(h.t, err)
	for _, target := range []string{"http://" + z.zabbix.TrapperAddr(), z.zabbix.APIURL()} {
		z.taps = append(z.taps, newTap(h.t, func() string { return target }))
	}
	z.write("token", token+"\n")
	h.stopAgent()
	z.stopAgent()
	text, err := os.ReadFile(z.path("agent.toml"))
	must(h.t, err)
	z.write("agent.toml", string(text)+fmt.Sprintf(`
[[recipient]]
name = "zabbix"
kind = "lognact"
server = %[1]q
url = %[2]q
token_file = %[3]q
[[grant]]
to = "zabbix"
series = ["*"]
sources = ["quartier"]
purpose = "test"
[[route]]
to = ["zabbix"]
series = ["*"]
to_device = %[4]q
`, hostOf(z.taps[0].url()), z.taps[1].url(), z.path("token"), hostOfHouse))
	var out strings.Builder
	args := []string{"lognact", "provision", "--config", z.path("agent.toml"), "--token-file", z.path("token"), "zabbix", hostOfHouse}
	if code := execute(h.t.Context(), args, terminal{out: &out, err: io.Discard}); code != exitDone || out.String() != hostOfHouse+"\n" {
		h.t.Fatalf("provision: %d, %s", code, &out)
	}
	var items []struct {
		ID   string `json:"itemid"`
		Key  string `json:"key_"`
		Type string `json:"value_type"`
	}
	must(h.t, z.zabbix.Call(h.t.Context(), "item.get", map[string]any{"host": hostOfHouse, "output": []string{"itemid", "key_", "value_type"}}, &items))
	for _, i := range items {
		z.paths[i.ID] = strings.TrimSuffix(strings.TrimPrefix(i.Key, "releve["), "]")
		z.types[i.Type] = append(z.types[i.Type], i.ID)
	}
	for _, one := range []*household{z.household, h} { // what was measured before the recipient was there is not for it
		must(h.t, os.RemoveAll(one.path("state")))
		one.startAgent()
	}
	return z
}

// rows is every value that the Zabbix has stored, as a text; none may be there twice.
func (z *zabbixed) rows() map[instant]string {
	z.t.Helper()
	all := map[instant]string{}
	for of, items := range z.types {
		var rows []struct{ ItemID, Clock, NS, Value string }
		must(z.t, z.zabbix.Call(z.t.Context(), "history.get", map[string]any{"history": of, "itemids": items, "output": "extend"}, &rows))
		for _, r := range rows {
			clock, err := strconv.ParseInt(r.Clock, 10, 64)
			must(z.t, err)
			ns, err := strconv.ParseInt(r.NS, 10, 64)
			must(z.t, err)
			at := instant{z.paths[r.ItemID], clock*1000 + ns/1_000_000}
			if had, twice := all[at]; twice {
				z.t.Errorf("stored twice: %v, %s and %s", at, had, r.Value)
			}
			all[at] = r.Value
		}
	}
	return all
}

// fills waits for so many more values in the Zabbix.
func (z *zabbixed) fills(n int) {
	z.t.Helper()
	first := len(z.rows())
	z.until(fmt.Sprintf("%d more values in the Zabbix", n), patience, func() bool { return len(z.rows()) >= first+n })
}

// asZabbix writes a value as Zabbix does values, for a comparison with what it has.
func asZabbix(v senml.Value) string {
	if on, ok := v.Bool(); ok {
		return map[bool]string{false: "0", true: "1"}[on]
	}
	if n, ok := v.Number(); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return v.String()
}

// isPseudonymous searches all that went to the Zabbix for what is personal of the meter.
func (z *zabbixed) isPseudonymous(secrets []string) {
	z.t.Helper()
	for i, carried := range []string{"releve[consumption/energy/active/index]", "history.get"} {
		seeks := []sought{{what: "", bytes: []byte(carried)}}
		for n, secret := range secrets {
			seeks = append(seeks, forms(fmt.Sprintf("identity %d", n), secret)...)
		}
		if diff := cmp.Diff([]string{""}, look(z.taps[i].bytes(), seeks)); diff != "" {
			z.t.Errorf("of what the Zabbix was told, with %q (-want +found):\n%s", carried, diff)
		}
	}
}

// newReader is an agent without a federation whose source is the Zabbix.
func (z *zabbixed) newReader() *household {
	z.t.Helper()
	r := &household{t: z.t, dir: z.t.TempDir(), page: lab.FreeAddress(z.t)}
	r.write("agent.toml", fmt.Sprintf(`
[agent]
state = %q
clock = "system"
[status]
listen = %q
[[source]]
name = "zabbix"
kind = "lognact"
url = %q
token_file = %q
hosts = ["linky-*"]
every = "10s"
`, r.path("state"), r.page, z.zabbix.APIURL(), z.path("token")))
	r.startAgent()
	return r
}

// readsUntil stops the reader once it has kept so many values; it asks for what is new when it starts.
func (h *household) readsUntil(n int) {
	h.t.Helper()
	h.until("all is read again", patience, func() bool {
		h.until("a round is over", patience, func() bool {
			s, err := h.snapshot()
			i := slices.IndexFunc(s.Health.Children, func(n status.Node) bool { return n.Name == "sources" })
			return err == nil && i >= 0 && strings.Contains(s.Health.Children[i].Children[0].Text.EN, " series; ")
		})
		h.stopAgent()
		if len(h.stored()) >= n {
			return true
		}
		h.startAgent()
		return false
	})
}

// said is what the meter said since the beginning, as Zabbix writes it. What it says of other days is older than items keep.
func (h *household) said() map[instant]string {
	h.t.Helper()
	all := map[instant]string{}
	for at, f := range h.kept(false) {
		if time.UnixMilli(at.millis).After(h.began) {
			all[at] = asZabbix(f.value)
		}
	}
	return all
}

func (h *household) same(where string, said, there map[instant]string) {
	h.t.Helper()
	if diff := cmp.Diff(said, there, cmp.AllowUnexported(instant{})); diff != "" {
		h.t.Errorf("%s (-said +there):\n%.4000s", where, diff)
	}
}

// What a meter says is in a Zabbix with the whole template, over two servers and a relay that was killed at any moment: all of
// it, once, as it was said, and nothing that is personal of the meter. And an agent whose source is that Zabbix has the same.
func TestIntegrationMeterToZabbix(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	z := newZabbixed(h)
	z.fills(1)
	reader := z.newReader()
	for range 3 {
		z.fills(1 + rand.IntN(40)) // within a second's readings, or between two
		z.agent.end(syscall.SIGKILL)
		z.startAgent()
	}
	reader.agent.end(syscall.SIGKILL)
	reader.startAgent()
	z.fills(1)
	h.drain()
	want := h.said()
	z.until("all is in the Zabbix", patience, func() bool { return len(z.rows()) >= len(want) })
	h.same("in the Zabbix", want, z.rows())
	z.isPseudonymous(h.secrets())
	reader.readsUntil(len(want))
	read := map[instant]string{}
	for at, f := range reader.kept(true) {
		read[at] = asZabbix(f.value)
	}
	h.same("read again", want, read)
	t.Logf("%d values of the %d items of the template", len(want), len(z.paths))
}
