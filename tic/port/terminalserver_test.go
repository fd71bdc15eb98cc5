package port_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"testing"
)

// The bytes of telnet that the server speaks, written anew: it must not share a mistake with what it tests.
const (
	tSE, tSB, tWill, tWont, tDo, tDont, tIAC = 240, 250, 251, 252, 253, 254, 255

	tBinary, tComPort = 0, 44
)

// terminalServer is a strict server of RFC 2217 with one meter on its line. It fails the test when a client sends data,
// commands before the option is agreed, or a setting that is not eight bits without parity.
type terminalServer struct {
	t        *testing.T
	listener net.Listener

	refuses   bool                   // the COM port option
	mute      bool                   // says no word of telnet: a raw server
	text      bool                   // refuses binary transmission
	stuck     uint32                 // the speed that it keeps, whatever is asked; 0 to obey
	chatty    []byte                 // sent as soon as a client is there
	line      func(speed int) string // what the meter says to a listener of that speed
	speeds    chan int               // as they are set
	connected chan net.Conn
}

// serve starts the server and returns its address.
func (s *terminalServer) serve(t *testing.T) string {
	t.Helper()
	s.t, s.speeds, s.connected = t, make(chan int, 1000), make(chan net.Conn, 1000)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener = listener
	var group sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		group.Wait()
	})
	group.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			s.connected <- c
			group.Go(func() { (&session{server: s, conn: c}).run() })
		}
	})
	return listener.Addr().String()
}

// session is one client's connection.
type session struct {
	server *terminalServer
	conn   net.Conn
	agreed bool // on the COM port option
	binary bool
}

// run answers until the client leaves.
func (s *session) run() {
	defer s.conn.Close()
	s.send(s.server.chatty)
	if s.server.mute {
		s.send([]byte(s.server.line(0)))
	}
	for in := bufio.NewReader(s.conn); ; {
		verb, option, text, err := command(in)
		if errors.Is(err, errData) {
			s.server.t.Error("the client sent data: a meter has no ears")
		}
		if err != nil {
			return
		}
		if !s.server.mute {
			s.answer(verb, option, text)
		}
	}
}

var errData = errors.New("data")

// command reads the next command. Its errors are errData and those of the connection.
func command(in *bufio.Reader) (verb, option byte, text []byte, err error) {
	var head [3]byte
	for i := range head {
		if head[i], err = in.ReadByte(); err != nil {
			return 0, 0, nil, err
		}
	}
	if head[0] != tIAC {
		return 0, 0, nil, errData
	}
	for head[1] == tSB {
		c, err := in.ReadByte()
		if err != nil {
			return 0, 0, nil, err
		}
		if c == tIAC {
			if c, err = in.ReadByte(); err != nil || c == tSE {
				return tSB, head[2], text, err
			}
		}
		text = append(text, c)
	}
	return head[1], head[2], nil, nil
}

func (s *session) answer(verb, option byte, text []byte) {
	switch {
	case verb == tWill && option == tComPort && !s.server.refuses:
		s.agreed = true
		s.send([]byte{tIAC, tDo, option})
	case verb == tDo && option == tBinary && !s.server.text:
		s.binary = true
		s.send([]byte{tIAC, tWill, option})
	case verb == tWill && option == tComPort:
		s.send([]byte{tIAC, tDont, option})
		s.line(0)
	case verb == tWill:
		s.send([]byte{tIAC, tDont, option})
	case verb == tDo:
		s.send([]byte{tIAC, tWont, option})
	case verb == tSB:
		s.set(text)
	}
}

// set obeys a command of RFC 2217.
func (s *session) set(text []byte) {
	if !s.agreed {
		s.server.t.Errorf("command %x before the option was agreed", text)
	}
	switch text[0] {
	case 1:
		speed := binary.BigEndian.Uint32(text[1:])
		if s.server.stuck != 0 {
			speed = s.server.stuck
		}
		s.server.speeds <- int(speed)
		s.send([]byte("\xff\xfa\x2c\x65"))
		s.data(string(binary.BigEndian.AppendUint32(nil, speed)))
		s.send([]byte{tIAC, tSE})
		s.line(int(speed))
	case 2, 3, 4, 5, 12:
		want := map[byte]byte{2: 8, 3: 1, 4: 1, 5: 1, 12: 1}[text[0]]
		if len(text) != 2 || text[1] != want {
			s.server.t.Errorf("command %x, want its value to be %d", text, want)
		}
	default:
		s.server.t.Errorf("command %x is not expected", text)
	}
}

// line lets the meter speak.
func (s *session) line(speed int) {
	if s.server.line != nil {
		s.data(s.server.line(speed))
	}
}

// data sends bytes of the line as telnet wants them.
func (s *session) data(raw string) {
	escaped := bytes.ReplaceAll([]byte(raw), []byte{tIAC}, []byte{tIAC, tIAC})
	if !s.binary {
		escaped = bytes.ReplaceAll(escaped, []byte("\r"), []byte("\r\x00"))
	}
	s.send(escaped)
}

// send writes to a client, which may have left.
func (s *session) send(raw []byte) { _, _ = s.conn.Write(raw) }
