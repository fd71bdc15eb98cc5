package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/cenkalti/backoff/v5"
)

// Check says whether a name can be that of a port, whatever is plugged in. Its error tells how names are written.
func Check(name string) error {
	_, err := parse(Config{Name: name})
	return err
}

// parse tells what a name stands for.
//
//	Format:  auto | device path | tcp://host:port | rfc2217://host:port | path of a regular file | -
//	Example: "/dev/serial/by-id/usb-FTDI_TIC-if00-port0"
func parse(cfg Config) (source, error) {
	switch cfg.Name {
	case "":
		return nil, errors.New("open port: no name: give auto, a device such as /dev/ttyUSB0, tcp://host:port, rfc2217://host:port or a file")
	case "auto":
		return &auto{machine: cfg.Machine, among: cfg.Among}, nil
	case "-":
		return pipe{cfg.Input}, nil
	}
	scheme, address, found := strings.Cut(cfg.Name, "://")
	if !found {
		return path{cfg.Machine, cfg.Name}, nil
	}
	if scheme != "tcp" && scheme != "rfc2217" {
		return nil, fmt.Errorf("open port %s: scheme %q is not supported: use tcp://host:port or rfc2217://host:port", cfg.Name, scheme)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("open port %s: %w: write it as %s://host:port", cfg.Name, err, scheme)
	}
	if scheme == "rfc2217" {
		return remote{address}, nil
	}
	return tcp{address}, nil
}

// path is a device or a file. Which of them is looked up at each opening: a USB adapter comes and goes.
type path struct {
	machine Machine
	name    string
}

func (p path) open(_ context.Context, speed int) (conn, error) {
	info, err := os.Stat(p.name)
	switch {
	case os.IsNotExist(err):
		return nil, absent{fmt.Errorf("open port %s: there is no such device: plug the adapter in or correct the name", p.name)}
	case err != nil:
		return nil, fmt.Errorf("open port: %w", err)
	case info.Mode().IsRegular():
		return openFile(p.name)
	case info.Mode()&os.ModeCharDevice != 0:
		return openDevice(p.machine, p.name, speed)
	}
	return nil, backoff.Permanent(fmt.Errorf("open port %s: it is neither a serial device nor a regular file", p.name))
}
