package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// loopback is the only address anything here listens on.
const loopback = "127.0.0.1"

// Ports are drawn below the range the kernel hands out by itself (32768 and up),
// so that no outgoing connection takes the port of a server that is restarting.
const (
	firstPort = 20000
	lastPort  = 31999
)

// ports keeps the ports of one federation reserved until released, against other
// federations on the machine and also while no server listens on them. What
// reserves a port is a listener on an abstract unix address named after it: the
// kernel allows it once, and forgets it when the process dies.
type ports struct {
	held []net.Listener
}

// reserve returns n ports on which nothing listens.
func (p *ports) reserve(n int) ([]int, error) {
	var found []int
	for range 50 * n {
		if len(found) == n {
			return found, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		hold, err := net.Listen("unix", "@releve-lab-port-"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		if !free(port) {
			_ = hold.Close()
			continue
		}
		p.held = append(p.held, hold)
		found = append(found, port)
	}
	return nil, fmt.Errorf("reserve %d ports between %d and %d: all that were tried are in use", n, firstPort, lastPort)
}

func (p *ports) release() error {
	var errs []error
	for _, hold := range p.held {
		errs = append(errs, hold.Close())
	}
	p.held = nil
	return errors.Join(errs...)
}

// FreeAddress returns a loopback address on which nothing listens, for a server that is not the lab's. It stays reserved until
// the test ends.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var p ports
	reserved, err := p.reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.release() })
	return address(reserved[0])
}

// listen listens on a reserved port. A child that was forked while another socket of ours was open there holds that until it
// runs its own program, which takes a busy machine a while.
func listen(port int) (net.Listener, error) {
	for began := time.Now(); ; time.Sleep(probePause) {
		l, err := net.Listen("tcp", address(port))
		if !errors.Is(err, syscall.EADDRINUSE) || time.Since(began) > forkPatience {
			return l, err
		}
	}
}

// forkPatience is how long a child may take from its fork to its program.
const forkPatience = 30 * time.Second

// free reports whether a TCP server could listen on the port now.
func free(port int) bool {
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}
