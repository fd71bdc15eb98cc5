package lab

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// testNames knows one domain with one component.
func testNames(t testing.TB) *names {
	t.Helper()
	var held ports
	reserved, err := held.reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	n, err := serveNames(reserved[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.close(); err != nil {
			t.Error(err)
		}
		_ = held.release()
	})
	n.addService("_xmpp-server", "breizh-sen1.example", 20417)
	n.addService("_xmpp-client", "breizh-sen1.example", 20416)
	n.addService("_xmpp-server", "pubsub.breizh-sen1.example", 20417)
	return n
}

func query(t testing.TB, name string, kind dnsmessage.Type) []byte {
	t.Helper()
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 4711, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}},
	}
	packed, err := message.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// spoken is a reply in words: the code, then each record.
func spoken(t testing.TB, reply []byte) []string {
	t.Helper()
	var message dnsmessage.Message
	if err := message.Unpack(reply); err != nil {
		t.Fatal(err)
	}
	if h := message.Header; h.ID != 4711 || !h.Response || !h.Authoritative || !h.RecursionDesired {
		t.Errorf("header %+v", h)
	}
	words := []string{message.RCode.String()}
	for _, record := range message.Answers {
		words = append(words, record.Header.Name.String()+" "+inWords(t, record))
	}
	return words
}

func inWords(t testing.TB, record dnsmessage.Resource) string {
	t.Helper()
	switch body := record.Body.(type) {
	case *dnsmessage.AResource:
		return fmt.Sprintf("%d A %s", record.Header.TTL, net.IP(body.A[:]))
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("%d SRV %d %d %d %s", record.Header.TTL, body.Priority, body.Weight, body.Port, body.Target)
	default:
		t.Errorf("unexpected record %s", record.Body.GoString())
		return ""
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := testNames(t)
	n.addService("_xmpp-client", "breizh-sen1.example", 20999) // moved
	const found, none, unknown = "RCodeSuccess", "RCodeSuccess", "RCodeNameError"
	for _, row := range []struct {
		name string
		kind dnsmessage.Type
		want []string
	}{
		{"_xmpp-server._tcp.breizh-sen1.example.", dnsmessage.TypeSRV, []string{found, "_xmpp-server._tcp.breizh-sen1.example. 0 SRV 0 0 20417 127.0.0.1."}},
		{"_XMPP-Server._tcp.Breizh-SEN1.example.", dnsmessage.TypeSRV, []string{found, "_XMPP-Server._tcp.Breizh-SEN1.example. 0 SRV 0 0 20417 127.0.0.1."}},
		{"_xmpp-server._tcp.pubsub.breizh-sen1.example.", dnsmessage.TypeSRV, []string{found, "_xmpp-server._tcp.pubsub.breizh-sen1.example. 0 SRV 0 0 20417 127.0.0.1."}},
		{"_xmpp-client._tcp.breizh-sen1.example.", dnsmessage.TypeSRV, []string{found, "_xmpp-client._tcp.breizh-sen1.example. 0 SRV 0 0 20999 localhost."}},
		{"breizh-sen1.example.", dnsmessage.TypeA, []string{found, "breizh-sen1.example. 0 A 127.0.0.1"}},
		{"localhost.", dnsmessage.TypeA, []string{found, "localhost. 0 A 127.0.0.1"}},
		{"localhost.", dnsmessage.TypeAAAA, []string{none}},
		{"breizh-sen1.example.", dnsmessage.TypeSRV, []string{none}},
		{"_xmpp-server._tcp.breizh-sen1.example.", dnsmessage.TypeA, []string{none}},
		{"_tcp.breizh-sen1.example.", dnsmessage.TypeA, []string{none}},
		{"example.", dnsmessage.TypeNS, []string{none}},
		{"_xmpps-server._tcp.breizh-sen1.example.", dnsmessage.TypeSRV, []string{unknown}},
		{"_xmpp-client._tcp.pubsub.breizh-sen1.example.", dnsmessage.TypeSRV, []string{unknown}},
		{"elsewhere.example.", dnsmessage.TypeA, []string{unknown}},
	} {
		reply, err := n.answer(query(t, row.name, row.kind))
		if err != nil {
			t.Errorf("%s %s: %v", row.name, row.kind, err)
			continue
		}
		if diff := cmp.Diff(row.want, spoken(t, reply)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", row.name, row.kind, diff)
		}
	}
}

func TestNamesAnswerNothingElse(t *testing.T) {
	t.Parallel()
	n := testNames(t)
	valid := query(t, "localhost.", dnsmessage.TypeA)
	reply := append([]byte(nil), valid...)
	reply[2] |= 0x80
	two := append([]byte(nil), valid...)
	two[5] = 2
	two = append(two, valid[12:]...)
	for _, row := range []struct {
		name string
		raw  []byte
		err  string
	}{
		{"nothing", nil, "read query: unpacking header: id: insufficient data for base length type"},
		{"half a header", valid[:7], "read query: unpacking header: answers: insufficient data for base length type"},
		{"half a question", valid[:15], "read question: unpacking Question.Name: insufficient data for calculated length type"},
		{"an answer", reply, "read query: want one question"},
		{"two questions", two, "read query: want one question"},
	} {
		if _, err := n.answer(row.raw); errText(err) != row.err {
			t.Errorf("%s: got %q, want %q", row.name, errText(err), row.err)
		}
	}
}

func TestNamesOverTheWire(t *testing.T) {
	t.Parallel()
	n := testNames(t)
	want := []string{"RCodeSuccess"}
	asked := query(t, "localhost.", dnsmessage.TypeAAAA)
	for _, network := range []string{"udp", "tcp"} {
		conn, err := net.Dial(network, address(n.port))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(tcpPatience)); err != nil {
			t.Fatal(err)
		}
		reply := exchange(t, conn, network == "tcp", asked)
		if diff := cmp.Diff(want, spoken(t, reply)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", network, diff)
		}
		_ = conn.Close()
	}
}

func exchange(t *testing.T, conn net.Conn, framed bool, asked []byte) []byte {
	t.Helper()
	reply := make([]byte, 512)
	if framed {
		asked = append(binary.BigEndian.AppendUint16(nil, uint16(len(asked))), asked...)
	}
	if _, err := conn.Write(asked); err != nil {
		t.Fatal(err)
	}
	if !framed {
		size, err := conn.Read(reply)
		if err != nil {
			t.Fatal(err)
		}
		return reply[:size]
	}
	all, err := io.ReadAll(conn)
	if err != nil || len(all) < 2 || int(binary.BigEndian.Uint16(all)) != len(all)-2 {
		t.Fatalf("read %d bytes (%v), want a length and as many bytes", len(all), err)
	}
	return all[2:]
}

// FuzzAnswer: whatever comes in, a reply is well-formed, is a reply, carries the
// id and the question of what it answers, and never more than one record.
func FuzzAnswer(f *testing.F) {
	n := testNames(f)
	f.Add(query(f, "_xmpp-server._tcp.breizh-sen1.example.", dnsmessage.TypeSRV))
	f.Add(query(f, "breizh-sen1.example.", dnsmessage.TypeA))
	f.Add(query(f, "elsewhere.example.", dnsmessage.TypeAAAA))
	f.Add([]byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 0x0C, 0, 1, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		reply, err := n.answer(raw)
		if err != nil {
			return
		}
		var message dnsmessage.Message
		if err := message.Unpack(reply); err != nil {
			t.Fatalf("reply cannot be read: %v", err)
		}
		id := binary.BigEndian.Uint16(raw)
		if !message.Response || message.ID != id || len(message.Questions) != 1 || len(message.Answers) > 1 {
			t.Fatalf("reply to %x is %+v", raw, message)
		}
	})
}
