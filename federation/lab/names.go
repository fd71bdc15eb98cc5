package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// names is the name server of one federation, over UDP and TCP on one port.
//
// It answers, with a time to live of zero so that a changed route counts at once:
//
//	_xmpp-server._tcp.breizh-sen1.example.  SRV  0 0 20417 127.0.0.1.
//	_xmpp-client._tcp.breizh-sen1.example.  SRV  0 0 20416 localhost.
//	_xmpps-client._tcp.…                     SRV  only where Services was told
//	breizh-sen1.example.  localhost.          A    127.0.0.1
//
// The servers are given an address where RFC 2782 wants a name: ejabberd asks the
// C library for the name, which knows localhost only where /etc/hosts does. Go's
// resolver, which clients use, refuses an address there.
//
// A name it knows has no records of other types; every other name does not exist.
type names struct {
	udp  net.PacketConn
	tcp  net.Listener
	port int
	work sync.WaitGroup

	mu    sync.RWMutex
	srv   map[string][]dnsmessage.SRVResource // by "_xmpp-server._tcp.breizh-sen1.example."
	hosts map[string]bool                     // names with an address
	dual  map[string]bool                     // of these, those with an IPv6 address too
	known map[string]bool                     // all of these, and the names above them
}

// The services that have SRV records (RFC 6120 §3.2.1).
const (
	serverService = "_xmpp-server"
	clientService = "_xmpp-client"
	directService = "_xmpps-client" // XEP-0368
)

// tcpPatience bounds how long a TCP client may take to ask.
const tcpPatience = 5 * time.Second

// serveNames starts to answer on a loopback port, known to nobody yet.
func serveNames(port int) (*names, error) {
	udp, err := net.ListenPacket("udp", address(port))
	if err != nil {
		return nil, fmt.Errorf("listen for name queries: %w", err)
	}
	tcp, err := net.Listen("tcp", address(port))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for name queries: %w", err), udp.Close())
	}
	n := &names{udp: udp, tcp: tcp, port: port, srv: map[string][]dnsmessage.SRVResource{}, hosts: map[string]bool{}, dual: map[string]bool{}, known: map[string]bool{}}
	n.addHost("localhost")
	n.work.Go(n.serveUDP)
	n.work.Go(n.serveTCP)
	return n, nil
}

// addService makes a service of a domain known, or moves it to another port.
// The service is serverService or clientService.
func (n *names) addService(service, domain string, port int) {
	n.addHost(domain)
	n.mu.Lock()
	defer n.mu.Unlock()
	target := "localhost."
	if service == serverService {
		target = loopback + "."
	}
	name := service + "._tcp." + strings.ToLower(domain) + "."
	n.srv[name] = []dnsmessage.SRVResource{{Port: uint16(port), Target: dnsmessage.MustNewName(target)}}
	n.know(name)
}

// addTarget makes another server of a service known, as good as the first. The
// weights make clients choose at random (RFC 2782); without, many take the first.
func (n *names) addTarget(service, domain string, port int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := service + "._tcp." + strings.ToLower(domain) + "."
	n.srv[name] = append(n.srv[name], dnsmessage.SRVResource{Port: uint16(port), Target: dnsmessage.MustNewName("localhost.")})
	for i := range n.srv[name] {
		n.srv[name][i].Weight = 1
	}
}

// addHost gives a name the address 127.0.0.1.
func (n *names) addHost(host string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToLower(host) + "."
	n.hosts[name] = true
	n.know(name)
}

// know makes a name exist, and every name between it and the root: a resolver
// that asks from the top downwards must not hear that the parent is missing.
func (n *names) know(name string) {
	labels := strings.Split(name, ".")
	for i := range labels {
		n.known[strings.Join(labels[i:], ".")] = true
	}
}

func (n *names) close() error {
	err := errors.Join(n.udp.Close(), n.tcp.Close())
	n.work.Wait()
	return err
}

func (n *names) serveUDP() {
	query := make([]byte, 4096)
	for {
		size, from, err := n.udp.ReadFrom(query)
		if err != nil {
			return
		}
		if answer, err := n.answer(query[:size]); err == nil {
			_, _ = n.udp.WriteTo(answer, from)
		}
	}
}

func (n *names) serveTCP() {
	for {
		conn, err := n.tcp.Accept()
		if err != nil {
			return
		}
		n.work.Go(func() {
			_ = n.answerStream(conn)
			_ = conn.Close()
		})
	}
}

// answerStream answers one query on a TCP connection; RFC 1035 §4.2.2 puts the
// length in two bytes before each message.
func (n *names) answerStream(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(tcpPatience)); err != nil {
		return err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return err
	}
	answer, err := n.answer(query)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
}

// answer builds the reply to one query. It fails on what is not a query with
// exactly one question; such a message gets no reply.
func (n *names) answer(query []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil {
		return nil, fmt.Errorf("read query: %w", err)
	}
	questions, err := parser.AllQuestions()
	if err != nil {
		return nil, fmt.Errorf("read question: %w", err)
	}
	if header.Response || len(questions) != 1 {
		return nil, errors.New("read query: want one question")
	}
	records, code := n.lookUp(questions[0])
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: header.ID, Response: true, Authoritative: true, RCode: code,
			RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
		},
		Questions: questions,
		Answers:   records,
	}
	return reply.Pack()
}

// lookUp returns the records for a question and the response code: success with
// no records when the name exists with other types only.
func (n *names) lookUp(q dnsmessage.Question) ([]dnsmessage.Resource, dnsmessage.RCode) {
	name := strings.ToLower(q.Name.String())
	n.mu.RLock()
	defer n.mu.RUnlock()
	if !n.known[name] {
		return nil, dnsmessage.RCodeNameError
	}
	services, isService := n.srv[name]
	switch {
	case isService && q.Type == dnsmessage.TypeSRV:
		var bodies []dnsmessage.ResourceBody
		for i := range services {
			bodies = append(bodies, &services[i])
		}
		return records(q, bodies...), dnsmessage.RCodeSuccess
	case n.hosts[name] && q.Type == dnsmessage.TypeA:
		return records(q, &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}), dnsmessage.RCodeSuccess
	case n.dual[name] && q.Type == dnsmessage.TypeAAAA:
		return records(q, &dnsmessage.AAAAResource{AAAA: [16]byte{15: 1}}), dnsmessage.RCodeSuccess
	default:
		return nil, dnsmessage.RCodeSuccess
	}
}

func records(q dnsmessage.Question, bodies ...dnsmessage.ResourceBody) []dnsmessage.Resource {
	var all []dnsmessage.Resource
	for _, body := range bodies {
		all = append(all, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET},
			Body:   body,
		})
	}
	return all
}
