package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// network is a network namespace of its own. It has no name: the kernel removes it, and what is in it, with the last
// process or file that holds it, whatever becomes of the test.
type network struct{ file *os.File }

// thisNetwork is that of the calling thread.
const thisNetwork = "/proc/thread-self/ns/net"

// newNetwork makes one with a loopback. Only root may.
func newNetwork(t *testing.T) network {
	t.Helper()
	made := make(chan error)
	var n network
	go func() {
		runtime.LockOSThread() // and never let go: the thread ends with its goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.file, err = os.Open(thisNetwork)
		}
		made <- err
	}()
	requireNetworks(t, <-made)
	t.Cleanup(func() { _ = n.file.Close() })
	n.ip(t, "link set lo up")
	return n
}

// requireNetworks leaves a test out, where it may be, that could not have a network of its own.
func requireNetworks(t *testing.T, err error) {
	t.Helper()
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatalf("no network of its own: %v", err)
	case err != nil:
		t.Skipf("no network of its own, which takes root and the Debian package iproute2: %v", err)
	}
}

// within does something on a thread that is in the network: sockets and processes that it makes stay there.
func (n network) within(do func() error) (err error) {
	runtime.LockOSThread()
	own, err := os.Open(thisNetwork)
	if err != nil {
		return err
	}
	defer own.Close()
	if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	defer func() {
		back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET)
		if back == nil {
			runtime.UnlockOSThread()
		}
		err = errors.Join(err, back)
	}()
	return do()
}

// ip runs an ip command there.
func (n network) ip(t *testing.T, words string) {
	t.Helper()
	must(t, n.within(func() error {
		if out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", words, err, out)
		}
		return nil
	}))
}

// dial is that of a client that lives there.
func (n network) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = n.within(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// cable joins a network in which the agent is alone with one that has nothing but a way to its server.
type cable struct {
	t            *testing.T
	house, world network
	server       string // address of the server in the world
	addresses    int    // how many the house has had
}

// Addresses for documentation (RFC 5737 §3), in networks that nobody else is in.
const (
	worldAddress = "192.0.2.1"
	houseAddress = "192.0.2.%d/24"
)

// newCable lays one, with a listener in the world that hands on to target.
func newCable(t *testing.T, target string) *cable {
	t.Helper()
	_, err := exec.LookPath("ip")
	requireNetworks(t, err)
	c := &cable{t: t, house: newNetwork(t), world: newNetwork(t), addresses: 1}
	c.house.ip(t, "link add house type veth peer name world")
	c.house.ip(t, fmt.Sprintf("link set world netns /proc/%d/fd/%d", os.Getpid(), c.world.file.Fd()))
	c.world.ip(t, "address add "+worldAddress+"/24 dev world")
	c.house.ip(t, "link set house up")
	c.address()
	c.plug()
	must(t, c.world.within(func() error {
		listener, err := net.Listen("tcp", worldAddress+":0")
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = listener.Close() })
		c.server = listener.Addr().String()
		go relay(listener, target)
		return nil
	}))
	return c
}

// pull takes the link down at its far end: what either side says from here is dropped, and neither is told.
func (c *cable) pull() { c.world.ip(c.t, "link set world down") }

func (c *cable) plug() { c.world.ip(c.t, "link set world up") }

// move gives the house another address: of connections from the one before nothing is ever heard again.
func (c *cable) move() {
	c.house.ip(c.t, "address flush dev house")
	c.addresses++
	c.address()
}

func (c *cable) address() {
	c.house.ip(c.t, "address add "+fmt.Sprintf(houseAddress, 1+c.addresses)+" dev house")
}

// client asks pages of the house.
func (c *cable) client() http.Client {
	transport := &http.Transport{DialContext: c.house.dial}
	c.t.Cleanup(transport.CloseIdleConnections)
	return http.Client{Transport: transport}
}

// relay hands connections on until the listener ends. The end of one side is that of the other.
func relay(listener net.Listener, target string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			server, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer server.Close()
			go func() {
				defer server.Close()
				_, _ = io.Copy(server, conn)
			}()
			_, _ = io.Copy(conn, server)
		}()
	}
}
