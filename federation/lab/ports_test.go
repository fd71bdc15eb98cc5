package lab

import (
	"net"
	"testing"
)

func TestPortsAreReservedOnceUntilReleased(t *testing.T) {
	t.Parallel()
	var one, two ports
	seen := map[int]bool{}
	for _, p := range []*ports{&one, &two, &one} {
		reserved, err := p.reserve(40)
		if err != nil {
			t.Fatal(err)
		}
		for _, port := range reserved {
			if seen[port] || port < firstPort || port > lastPort {
				t.Fatalf("port %d given twice or out of range", port)
			}
			seen[port] = true
		}
	}
	if err := one.release(); err != nil {
		t.Fatal(err)
	}
	if err := two.release(); err != nil {
		t.Fatal(err)
	}
}

func TestPortInUseIsNotFree(t *testing.T) {
	t.Parallel()
	var held ports
	reserved, err := held.reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.release() })
	if !free(reserved[0]) {
		t.Fatalf("port %d is reserved and in use", reserved[0])
	}
	l, err := net.Listen("tcp", address(reserved[0]))
	if err != nil {
		t.Fatal(err)
	}
	if free(reserved[0]) {
		t.Errorf("port %d is free while something listens there", reserved[0])
	}
	_ = l.Close()
	if err := serverPortsOf(reserved[0]).free(); err != nil {
		t.Error(err)
	}
}

func serverPortsOf(port int) serverPorts { return serverPorts{client: port, direct: port, peer: port} }
