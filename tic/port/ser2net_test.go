package port_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"releve/tic"
	"releve/tic/port"
)

// program finds ser2net, which Debian puts where the path of an ordinary user does not lead.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed; make packages installs it", name)
	return ""
}

// freeAddress returns a loopback address below the range that the kernel hands out by itself, so that no other
// connection takes it before the server does.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 15_000+rand.IntN(5_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// ser2net starts the real server in front of a terminal, with RFC 2217 or raw.
func ser2net(t *testing.T, accepter, terminal string) string {
	t.Helper()
	path := program(t, "ser2net")
	address, folder := freeAddress(t), t.TempDir()
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "ser2net.yaml")
	text := fmt.Sprintf("connection: &meter\n  accepter: %stcp,%s,%s\n  connector: serialdev,%s,9600n81,local\n", accepter, host, number, terminal)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "-n", "-d", "-c", config, "-P", filepath.Join(folder, "pid"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(c) })
	return address
}

// The real server sets the terminal's speed as it is told, and the meter is heard only at its own.
func TestListenSer2net(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, scheme, accepter string
		mode                   tic.Mode
		speed                  int
	}{
		{"RFC 2217, historic", "rfc2217", "telnet(rfc2217),", tic.Historic, 1200},
		{"RFC 2217, standard", "rfc2217", "telnet(rfc2217),", tic.Standard, 9600},
		{"telnet without RFC 2217", "rfc2217", "telnet,", tic.Standard, 0},
		{"raw", "tcp", "", tic.Standard, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			name := test.scheme + "://" + ser2net(t, test.accepter, w.name)
			l := listen(t, port.Config{Name: name}, nil)
			l.opened()
			w.play(test.mode)
			l.await(port.State{Open: true, Device: name, Speed: test.speed, Mode: test.mode})
			l.whole(test.mode)
			l.end()
		})
	}
}
