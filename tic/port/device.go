package port

import (
	"errors"
	"fmt"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// device is a serial line, always read as eight bits without parity: a Raspberry Pi's mini-UART has nothing else, and
// the decoder checks the parity that bit 7 then carries.
type device struct {
	serial.Port
	name string
	lock lock
	at   int // speed
}

// glance bounds a read, and so the time to notice that ctx ended.
const glance = 200 * time.Millisecond

// gather is how long bytes may collect before they are read. A UART hands them over by the handful; fetching each
// handful cost more than everything else the agent does. The kernel keeps 4 kB, four seconds of the fastest meter.
const gather = 50 * time.Millisecond

// openDevice takes the lock before it touches the line, so that a program that reads it is not disturbed.
func openDevice(name string, speed int) (conn, error) {
	lock, err := take(name)
	if err != nil {
		return nil, err
	}
	d := &device{name: name, lock: lock}
	if err := d.begin(speed); err != nil {
		lock.release()
		return nil, err
	}
	return d, nil
}

func (d *device) begin(speed int) (err error) {
	if d.Port, err = serial.Open(d.name, eightBits(speed)); err != nil {
		return d.explain(err)
	}
	d.at = speed
	if err := errors.Join(d.SetReadTimeout(glance), d.ResetInputBuffer(), d.lock.share()); err != nil {
		d.Port.Close() // the first error is the one to tell
		return fmt.Errorf("set up port %s: %w", d.name, err)
	}
	return nil
}

func eightBits(speed int) *serial.Mode {
	return &serial.Mode{BaudRate: speed, DataBits: 8, Parity: serial.NoParity, StopBits: serial.OneStopBit}
}

func (d *device) explain(err error) error {
	var known *serial.PortError
	if !errors.As(err, &known) {
		return fmt.Errorf("open port %s: %w", d.name, err)
	}
	switch known.Code() {
	case serial.PortBusy:
		return errInUse(d.name)
	case serial.InvalidSerialPort:
		return fmt.Errorf("open port %s: it is not a serial line", d.name)
	}
	return fmt.Errorf("open port %s: %w", d.name, err)
}

// Read returns 0 and nil after a glance without bytes.
func (d *device) Read(p []byte) (int, error) {
	time.Sleep(gather)
	n, err := d.Port.Read(p)
	var known *serial.PortError
	switch {
	case err == nil:
		return n, nil
	case errors.As(err, &known) && known.Code() == serial.PortClosed, errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO):
		return n, fmt.Errorf("read port %s: it was unplugged", d.name)
	}
	return n, fmt.Errorf("read port %s: %w", d.name, err)
}

// Close lets other programs have the port.
func (d *device) Close() error {
	err := d.Port.Close()
	d.lock.release()
	return err
}

func (d *device) speed() int { return d.at }

// tune changes the speed and drops what was received at the old one.
func (d *device) tune(speed int) error {
	if err := errors.Join(d.SetMode(eightBits(speed)), d.ResetInputBuffer()); err != nil {
		return fmt.Errorf("set speed %d of port %s: %w", speed, d.name, err)
	}
	d.at = speed
	return nil
}
