package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
	"releve/senml"
)

// newRelay is another Relève with an account on the other domain, which keeps what the agent of h hands it. Both begin
// with empty stores.
func (h *household) newRelay() *household {
	h.t.Helper()
	relay := &household{t: h.t, dir: h.t.TempDir(), page: lab.FreeAddress(h.t), house: lab.Account{User: "quartier", Password: "pw"}}
	h.register(consumerDomain, relay.house)
	relay.write("password", relay.house.Password+"\n")
	relay.write("agent.toml", fmt.Sprintf(`
[agent]
state = %q
clock = "system"
[status]
listen = %q
[[source]]
name = "quartier"
kind = "releve"
from = %q
`, relay.path("state"), relay.page, addressOf(h.house, houseDomain))+
		session(addressOf(relay.house, consumerDomain)+"/releve", relay.path("password"), h.servers.Server(consumerDomain).Addr(), h.servers.CAFile()))
	relay.startAgent()

	h.consumer.end(syscall.SIGTERM)
	h.stopAgent()
	must(h.t, os.RemoveAll(h.path("state")))
	text, err := os.ReadFile(h.path("agent.toml"))
	must(h.t, err)
	h.write("agent.toml", string(text)+fmt.Sprintf(`
[[grant]]
to = "quartier"
series = ["*"]
purpose = "test"
[[recipient]]
name = "quartier"
kind = "releve"
to = %q
`, addressOf(relay.house, consumerDomain)+"/releve"))
	h.startAgent()
	return relay
}

// keeps waits until the store has grown by so many packs.
func (h *household) keeps(packs uint64) {
	h.t.Helper()
	var first uint64
	h.until(fmt.Sprintf("%d more packs kept", packs), patience, func() bool {
		s, err := h.snapshot()
		switch {
		case err != nil:
			return false
		case first == 0:
			first = max(1, s.Buffer.Packs)
		}
		return s.Buffer.Packs >= first+packs
	})
}

// instant is what a record is recognised by when it comes again.
type instant struct {
	path   string
	millis int64
}

// kept is every record of a store by what it is recognised by, without the names of meters. Of the store of a relay none
// may be there twice.
func (h *household) kept(once bool) map[instant]fact {
	h.t.Helper()
	all, meters := map[instant]fact{}, map[string]bool{}
	for _, r := range h.stored() {
		meter, _, _ := strings.Cut(r.Name, "/")
		meters[meter] = true
		f := factOf(r, "/")
		at := instant{f.path, f.millis}
		if _, twice := all[at]; !twice {
			all[at] = f
		} else if once {
			h.t.Errorf("kept twice: %v", f)
		}
	}
	if len(meters) != 1 {
		h.t.Errorf("the readings are of %d meters, want 1", len(meters))
	}
	return all
}

// What one Relève hands another is in both stores, the same, none of it twice, though each of the two was killed.
func TestIntegrationRelay(t *testing.T) {
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	relay := h.newRelay()
	relay.keeps(3)
	for _, victim := range []*household{h, relay} {
		victim.agent.end(syscall.SIGKILL)
		victim.startAgent()
		relay.keeps(5)
	}
	h.drain()
	relay.stopAgent()
	had, has := h.kept(false), relay.kept(true)
	if len(had) < 100 {
		t.Errorf("only %d records were measured", len(had))
	}
	if diff := cmp.Diff(had, has, cmp.AllowUnexported(fact{}, instant{}), cmp.Comparer(func(a, b senml.Value) bool { return a == b })); diff != "" {
		t.Errorf("kept (-by the sender +by the relay):\n%s", diff)
	}
}
