package port_test

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
	"releve/tic/port"
)

// speaks lets a meter be heard at one speed only; at another there is noise, with the byte that telnet escapes.
func speaks(at int, raw string) func(int) string {
	return func(speed int) string {
		if speed != at {
			return strings.Repeat("\xff\x7e\x00\r", 200)
		}
		return strings.Repeat(raw, 2)
	}
}

func TestListenRemote(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		server *terminalServer
		speeds []int // asked for, in order
		state  port.State
		labels []string
	}{
		{"standard", &terminalServer{line: speaks(9600, standard)}, []int{9600}, port.State{Speed: 9600, Mode: tic.Standard}, standardLabels},
		{"historic", &terminalServer{line: speaks(1200, historic)}, []int{9600, 1200}, port.State{Speed: 1200, Mode: tic.Historic}, historicLabels},
		{"not binary", &terminalServer{text: true, line: speaks(1200, historic)}, []int{9600, 1200}, port.State{Speed: 1200, Mode: tic.Historic}, historicLabels},
		{"speed that the server keeps", &terminalServer{stuck: 1200, line: speaks(1200, historic)}, []int{1200}, port.State{Speed: 1200, Mode: tic.Historic}, historicLabels},
		{"refused option", &terminalServer{refuses: true, line: speaks(0, historic)}, nil, port.State{Mode: tic.Historic}, historicLabels},
		{"raw server", &terminalServer{mute: true, line: speaks(0, standard)}, nil, port.State{Mode: tic.Standard}, standardLabels},
		{
			"wishes of the server",
			&terminalServer{chatty: []byte("\xff\xfd\x18\xff\xfb\x01\xff\xfd\x18\xff\xfb\x03\xff\xfb\x2c\xff\xfe\x18\xff\xfa\x2c\x6a\x10\xff\xf0"), line: speaks(9600, standard)},
			[]int{9600}, port.State{Speed: 9600, Mode: tic.Standard}, standardLabels,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := "rfc2217://" + test.server.serve(t)
			l := listen(t, port.Config{Name: name}, nil)
			test.state.Open, test.state.Device = true, name
			if diff := cmp.Diff(test.state, l.heard()); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.labels, next(t, "frame", l.frames)); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			for _, want := range test.speeds {
				if got := next(t, "speed", test.server.speeds); got != want {
					t.Errorf("speed asked for is %d, want %d", got, want)
				}
			}
			l.end()
		})
	}
}

func TestListenRemoteReconnects(t *testing.T) {
	t.Parallel()
	server := &terminalServer{line: speaks(9600, standard)}
	name := "rfc2217://" + server.serve(t)
	l := listen(t, port.Config{Name: name}, nil)
	l.heard()
	if err := next(t, "connection", server.connected).Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := l.closed().Error(), "read port "+name+": the other end closed the connection"; got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
	l.heard()
	l.end()
}

func TestListenRemoteRefused(t *testing.T) {
	t.Parallel()
	l := listen(t, port.Config{Name: "rfc2217://127.0.0.1:1"}, nil)
	want := "open port rfc2217://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused"
	if got := l.closed().Error(); got != want {
		t.Errorf("error is %q, want %q", got, want)
	}
	l.end()
}

// kept is a line that keeps the bytes it gets.
type kept struct {
	tic.Decoder
	bytes chan []byte
}

func (k *kept) Write(p []byte) (int, error) {
	k.bytes <- bytes.Clone(p)
	return len(p), nil
}

func (*kept) Flush() {}

// Every byte of the line comes through, in binary transmission and without.
func TestListenRemoteBytes(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for c := range 256 {
		all.WriteString("\r\xff" + string([]byte{byte(c)}) + "\n")
	}
	for name, text := range map[string]bool{"binary": false, "text": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &terminalServer{text: text, line: func(int) string { return all.String() }}
			line := &kept{bytes: make(chan []byte, 1000)}
			go func() { // ends with the test's context
				_ = port.Listen(t.Context(), port.Config{Name: "rfc2217://" + server.serve(t), Probe: time.Hour}, line)
			}()
			var got []byte
			for len(got) < all.Len() {
				got = append(got, next(t, "bytes", line.bytes)...)
			}
			if diff := cmp.Diff([]byte(all.String()), got); diff != "" {
				t.Errorf("bytes (-want +got):\n%s", diff)
			}
		})
	}
}

// A server that only sends wishes, and never reads, does not hold the listener up for ever.
func TestListenRemoteHostile(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	l := listen(t, port.Config{Name: "rfc2217://" + server.Addr().String()}, nil)
	c, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	wishes := bytes.Repeat([]byte("\xff\xfd\x18\xff\xfe\x18\xff\xfb\x01\xff\xfc\x01"), 10_000)
	if _, err := c.Write(wishes); err != nil {
		t.Fatal(err)
	}
	l.opened() // without an answer to its own wishes, after a while
	l.stop()
	if err := next(t, "end", l.done); err != nil {
		t.Errorf("Listen: %v", err)
	}
	c.Close()
}
