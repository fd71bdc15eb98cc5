package image_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// shell is root's on a console of the machine, which systemd starts there because the test asked the kernel for it.
type shell struct {
	t    *testing.T
	file string
	conn net.Conn
	out  *bufio.Reader
	asks int
}

// connect waits until there is somebody at the other end.
func (s *shell) connect() {
	s.t.Helper()
	if s.conn != nil {
		return
	}
	var err error
	s.conn, err = net.Dial("unix", s.file)
	must(s.t, err)
	s.t.Cleanup(func() { _ = s.conn.Close() }) // the machine may have closed it
	s.out = bufio.NewReader(s.conn)
	s.write("exec sh") // bash edits lines, and writes of that between what commands say
	for deadline := time.Now().Add(patience); ; {
		s.write("PS1=; PS2=; stty -echo; echo re''ady")
		if s.hears("ready", 5*time.Second) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("no shell answers")
		}
	}
}

func (s *shell) write(line string) {
	s.t.Helper()
	_, err := s.conn.Write([]byte(line + "\n"))
	must(s.t, err)
}

// send is for what ends the shell.
func (s *shell) send(line string) {
	s.t.Helper()
	s.connect()
	s.write(line)
}

// hears passes over lines until one is as wanted.
func (s *shell) hears(wanted string, within time.Duration) bool {
	must(s.t, s.conn.SetReadDeadline(time.Now().Add(within)))
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return false
		}
		if strings.TrimSpace(line) == wanted {
			return true
		}
	}
}

// ask is what a command says, on both outputs.
func (s *shell) ask(command string) string {
	s.t.Helper()
	s.connect()
	s.asks++
	begin, end := fmt.Sprintf("<<%d", s.asks), fmt.Sprintf("%d>>", s.asks)
	s.write(fmt.Sprintf("echo '<''<%d'; { %s; } 2>&1 | cat; echo '%d>''>'", s.asks, command, s.asks))
	if !s.hears(begin, patience) {
		s.t.Fatalf("the shell does not answer %q", command)
	}
	var said strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		must(s.t, err)
		line = strings.TrimRight(line, "\r\n")
		if before, found := strings.CutSuffix(line, end); found { // the answer may end without a line
			said.WriteString(before)
			return strings.TrimSpace(said.String())
		}
		said.WriteString(line + "\n")
	}
}
