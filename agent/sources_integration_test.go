package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"releve/agent/status"
	"releve/buffer"
	"releve/federation/lab"
)

// downstream is a second agent, on the other domain, whose source is the household.
type downstream struct {
	*household
	page  string
	agent *process
}

func newDownstream(h *household) *downstream {
	h.t.Helper()
	h.consumer.end(syscall.SIGTERM)
	n := &downstream{household: h, page: lab.FreeAddress(h.t)}
	h.write("neighbour.toml", fmt.Sprintf(`
[agent]
state = %q
clock = "system"
[status]
listen = %q
[[source]]
name = "voisins"
kind = "federation"
provider = %q
since = "1h"
repair = "10m"
`, h.path("neighbour"), n.page, addressOf(h.house, houseDomain)+"/releve")+
		session(addressOf(h.consumes, consumerDomain)+"/desk", h.path("consumer.password"), h.servers.Server(consumerDomain).Addr(), h.servers.CAFile()))
	n.begin()
	return n
}

func (n *downstream) begin() { n.agent = n.start(nil, "run", "--config", n.path("neighbour.toml")) }

// says returns what its page says of the source.
func (n *downstream) says() string {
	response, err := http.Get("http://" + n.page + "/api/v1/status")
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	var s status.Snapshot
	if json.NewDecoder(response.Body).Decode(&s) != nil {
		return ""
	}
	for _, one := range s.Health.Children {
		if one.Name == "sources" {
			return one.Children[0].Text.EN
		}
	}
	return ""
}

// isWhole waits until nothing is missing, as far as it knows, of a time after now.
func (n *downstream) isWhole() {
	n.t.Helper()
	last := regexp.MustCompile(`^\d+ series, nothing is missing; last reading of (.*)\.$`)
	now := time.Now()
	n.until("a whole source", patience, func() bool {
		found := last.FindStringSubmatch(n.says())
		if found == nil {
			return false
		}
		at, err := time.ParseInLocation(time.DateTime, found[1], paris(n.t))
		return err == nil && at.After(now)
	})
}

// Through cuts between the servers, a server that stops, and ends of either agent, an agent that follows another one has
// in the end all that this one keeps, each record once, and nothing of it says whose it is.
func TestIntegrationSource(t *testing.T) {
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t, own)
			h.arrives(5)
			n := newDownstream(h)
			n.isWhole()
			for _, link := range h.servers.peers {
				must(t, link.Refuse())
			}
			time.Sleep(5 * time.Second) // readings of it are missed
			for _, link := range h.servers.peers {
				must(t, link.Resume())
			}
			n.agent.end(syscall.SIGKILL)
			time.Sleep(2 * time.Second)
			n.begin()
			n.isWhole()
			h.agent.end(syscall.SIGKILL)
			h.startAgent()
			server := h.servers.Server(consumerDomain)
			must(t, server.Stop(t.Context()))
			time.Sleep(2 * time.Second)
			must(t, server.Start(t.Context()))
			n.isWhole()
			h.drain()
			n.agent.end(syscall.SIGTERM)
			n.equals()
		})
	}
}

// equals compares the two buffers.
func (n *downstream) equals() {
	n.t.Helper()
	kept, has := map[fact]int{}, map[fact]int{}
	for _, r := range n.stored() {
		kept[factOf(r, "/")]++
	}
	for _, r := range n.storedIn("neighbour/buffer") {
		if !regexp.MustCompile(`^voisins\.[0-9a-f]{10}/`).MatchString(r.Name) {
			n.t.Fatalf("a record is called %s", r.Name)
		}
		has[factOf(r, "/")]++
	}
	for f := range kept {
		if has[f] != 1 {
			n.t.Errorf("the provider keeps %v, the consumer has it %d times", f, has[f])
		}
	}
	for f := range has {
		if kept[f] == 0 {
			n.t.Errorf("the consumer has %v, which the provider does not keep", f)
		}
	}
	for _, secret := range n.secrets() {
		if strings.Contains(n.agent.talk.String(), secret) {
			n.t.Errorf("the log holds %s", secret)
		}
	}
	n.t.Logf("%d records kept, %d received in %d packs", len(kept), len(has), n.packs())
}

// packs is how many writes the consumer has made of what came.
func (n *downstream) packs() uint64 {
	n.t.Helper()
	b, err := buffer.Open(buffer.Options{Dir: n.path("neighbour/buffer")})
	must(n.t, err)
	defer b.Close()
	return b.Stats().Packs
}
