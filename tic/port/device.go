package port

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// device is a serial line, always read as eight bits without parity: a Raspberry Pi's mini-UART has nothing else, and
// the decoder checks the parity that bit 7 then carries.
type device struct {
	serial.Port
	machine Machine
	path    string
	lock    lock
	at      int // speed
}

// glance bounds a read, and so the time to notice that ctx ended.
const glance = 200 * time.Millisecond

// gather is how long bytes may collect before they are read. A UART hands them over by the handful; fetching each
// handful cost more than everything else the agent does, and still most of what a meter costs
// (BenchmarkMeterAtFullBaud). The kernel keeps 4 kB, four seconds of the fastest meter.
const gather = 100 * time.Millisecond

// openDevice takes the lock before it touches the line, so that a program that reads it is not disturbed.
func openDevice(m Machine, path string, speed int) (conn, error) {
	lock, err := take(m, path)
	if err != nil {
		return nil, err
	}
	d := &device{machine: m, path: path, lock: lock}
	if err := d.begin(speed); err != nil {
		lock.release()
		return nil, err
	}
	return d, nil
}

func (d *device) begin(speed int) (err error) {
	if d.Port, err = openOwn(d.path, eightBits(speed)); err != nil {
		return d.explain(err)
	}
	d.at = speed
	if err := errors.Join(d.SetReadTimeout(glance), d.ResetInputBuffer(), d.lock.share()); err != nil {
		d.Port.Close() // the first error is the one to tell
		return fmt.Errorf("set up port %s: %w", d.path, err)
	}
	return nil
}

// openOwn opens a line for this process alone. The serial package would let every program that is started inherit it,
// and go on holding it.
func openOwn(path string, mode *serial.Mode) (serial.Port, error) {
	syscall.ForkLock.RLock() // none is started meanwhile
	defer syscall.ForkLock.RUnlock()
	line, err := serial.Open(path, mode)
	if err != nil {
		return nil, err
	}
	target, _ := filepath.EvalSymlinks(path) // it was just opened
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if open, _ := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && open == target {
			unix.CloseOnExec(fd)
		}
	}
	return line, nil
}

func eightBits(speed int) *serial.Mode {
	return &serial.Mode{BaudRate: speed, DataBits: 8, Parity: serial.NoParity, StopBits: serial.OneStopBit}
}

func (d *device) explain(err error) error {
	var known *serial.PortError
	if !errors.As(err, &known) {
		return fmt.Errorf("open port %s: %w", d.path, err)
	}
	switch known.Code() {
	case serial.PortBusy:
		return d.machine.errInUse(d.path)
	case serial.InvalidSerialPort:
		return fmt.Errorf("open port %s: it is not a serial line", d.path)
	}
	return fmt.Errorf("open port %s: %w", d.path, err)
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
		return n, fmt.Errorf("read port %s: it was unplugged", d.path)
	}
	return n, fmt.Errorf("read port %s: %w", d.path, err)
}

// Close lets other programs have the port.
func (d *device) Close() error {
	err := d.Port.Close()
	d.lock.release()
	return err
}

func (d *device) name() string { return d.path }
func (d *device) speed() int   { return d.at }

// rivals names the other programs that have the port open although it is ours: they were there before, and take bytes
// away.
func (d *device) rivals() string { return join(d.machine.Holders(d.path)) }

// tune changes the speed and drops what was received at the old one.
func (d *device) tune(speed int) error {
	if err := errors.Join(d.SetMode(eightBits(speed)), d.ResetInputBuffer()); err != nil {
		return fmt.Errorf("set speed %d of port %s: %w", speed, d.path, err)
	}
	d.at = speed
	return nil
}
