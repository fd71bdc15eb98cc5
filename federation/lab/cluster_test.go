package lab_test

import (
	"testing"

	"releve/federation/lab"
)

// Two nodes serve one domain: an account made on one logs in on the other, they pass messages on to each other, and
// what one leaves behind when it is killed the other goes on with.
func TestCluster(t *testing.T) {
	t.Parallel()
	domains := pair(lab.Ejabberd, lab.Prosody)[:1]
	domains[0].Nodes = 2
	domains[0].Accounts = append(domains[0].Accounts, talker)
	fed := lab.New(t, lab.Options{Domains: domains})
	nodes := fed.Nodes(home)
	if len(nodes) != 2 || nodes[0] != fed.Server(home) {
		t.Fatalf("the domain has %d nodes", len(nodes))
	}
	log := func(node *lab.Server, account lab.Account) *client {
		c, err := logIn(t.Context(), fed, node, account, "")
		must(t, err)
		go c.listen()
		t.Cleanup(func() { _ = c.conn.Close() })
		return c
	}
	one, two := log(nodes[0], agent), log(nodes[1], talker)
	deliver(t, one, two, "d'un nœud à l'autre")
	deliver(t, two, one, "et retour")
	must(t, nodes[1].Kill())
	again := log(nodes[0], talker)
	deliver(t, again, one, "le nœud est mort, vive le nœud")
	must(t, nodes[1].Start(t.Context()))
	back := log(nodes[1], talker)
	deliver(t, back, one, "de nouveau là")
}
