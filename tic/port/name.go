package port

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/cenkalti/backoff/v5"
)

// parse tells what a name stands for.
//
//	Format:  device path | tcp://host:port | path of a regular file
//	Example: "/dev/serial/by-id/usb-FTDI_TIC-if00-port0"
func parse(name string) (source, error) {
	switch {
	case name == "":
		return nil, fmt.Errorf("open port: no name: give a device such as /dev/ttyUSB0, tcp://host:port or a file")
	case name == "auto":
		return nil, fmt.Errorf("open port auto: finding the port is not supported yet: give a device such as /dev/ttyUSB0, tcp://host:port or a file")
	}
	scheme, address, found := strings.Cut(name, "://")
	if !found {
		return path(name), nil
	}
	if scheme != "tcp" {
		return nil, fmt.Errorf("open port %s: scheme %q is not supported: use tcp://host:port", name, scheme)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("open port %s: %w: write it as tcp://host:port", name, err)
	}
	return tcp(address), nil
}

// path is a device or a file. Which of them is looked up at each opening: a USB adapter comes and goes.
type path string

func (p path) open(_ context.Context, speed int) (conn, error) {
	info, err := os.Stat(string(p))
	switch {
	case os.IsNotExist(err):
		return nil, fmt.Errorf("open port %s: there is no such device: plug the adapter in or correct the name", p)
	case err != nil:
		return nil, fmt.Errorf("open port: %w", err)
	case info.Mode().IsRegular():
		return openFile(string(p))
	case info.Mode()&os.ModeCharDevice != 0:
		return openDevice(string(p), speed)
	}
	return nil, backoff.Permanent(fmt.Errorf("open port %s: it is neither a serial device nor a regular file", p))
}
