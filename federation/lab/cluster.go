package lab

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strconv"
)

// node is the place of one ejabberd among those that serve a domain together. Erlang's nodes find each other by name,
// which is an address here, and all listen for each other on one port, each on its own address of loopback: so neither
// a port mapper (epmd) nor an address that others could reach is needed.
type node struct {
	number int // from 1
	port   int
	cookie string // whoever knows it is obeyed by every node
}

// maxNodes keeps the addresses within 127.0.0.0/24.
const maxNodes = 16

// newNodes returns the places of a domain's servers, nil for one that is alone.
func (f *Federation) newNodes(d Domain) ([]*node, error) {
	if d.Nodes <= 1 {
		return []*node{nil}, nil
	}
	reserved, err := f.ports.reserve(1)
	if err != nil {
		return nil, err
	}
	var nodes []*node
	for number := 1; number <= d.Nodes; number++ {
		nodes = append(nodes, &node{number: number, port: reserved[0], cookie: rand.Text()})
		nodes[number-1].cookie = nodes[0].cookie
	}
	return nodes, nil
}

// host is the address the other nodes know this one by.
func (n *node) host() string { return "127.0.0." + strconv.Itoa(n.number) }

func nodeName(host string) string { return "ejabberd@" + host }

// flags turn Erlang's distribution on.
func (n *node) flags() []string {
	if n == nil {
		return nil
	}
	return []string{
		"-name", nodeName(n.host()), "-erl_epmd_port", strconv.Itoa(n.port),
		"-kernel", "inet_dist_use_interface", fmt.Sprintf("{127,0,0,%d}", n.number),
	}
}

// join is what a node does once it runs: all but the first join the first, unless they have been there before. ejabberd
// stops and starts again for it, so that it is ready only afterwards: then the file joinedFile is there.
func (n *node) join() string {
	if n == nil || n.number == 1 {
		return ""
	}
	first := nodeName("127.0.0.1")
	return fmt.Sprintf(`case lists:member('%s', ejabberd_cluster:get_nodes()) of true -> ok; false -> ok = ejabberd_cluster:join('%s') end, ok = file:write_file("%s", []), `, first, first, joinedFile)
}

const joinedFile = "joined"

// files are what a node needs besides its configuration: Erlang reads the cookie from its home.
func (n *node) files(dir string) map[string][]byte {
	if n == nil {
		return nil
	}
	return map[string][]byte{filepath.Join(dir, ".erlang.cookie"): []byte(n.cookie)}
}

// Nodes returns the servers of a domain, of which [Federation.Server] is the first.
func (f *Federation) Nodes(domain string) []*Server {
	var nodes []*Server
	for _, s := range f.servers {
		if s.domain.Name == domain {
			nodes = append(nodes, s)
		}
	}
	return nodes
}
