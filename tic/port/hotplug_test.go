package port_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"releve/tic"
	"releve/tic/port"
)

// A dongle that comes, goes and comes back under another name.
func TestListenAutoFollowsDongle(t *testing.T) {
	t.Parallel()
	usb := port.USB{Vendor: "1a86", Product: "55d4", Manufacturer: "CH2i", Name: "uTinfo-V3.0", Serial: "TINFO-2001", Place: "1-1"}
	tree := port.NewTree(t)
	var log journal
	l := listen(t, port.Config{Name: "auto", Machine: tree.Machine, Log: log.logger()}, nil)
	want := "open port auto: no known TIC dongle is plugged in: plug one in, or name the port (releve probe lists them)"
	for range 2 {
		if got := l.closed().Error(); got != want {
			t.Errorf("error is %q, want %q", got, want)
		}
	}
	for _, name := range []string{"ttyACM0", "ttyACM1"} {
		meter, stand := terminal(t)
		tree.USB(name, stand, "cdc_acm", usb)
		if diff := cmp.Diff(port.State{Open: true, Device: tree.Root + "/dev/" + name, Speed: 9600}, l.opened()); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		send(t, meter, standard)
		if diff := cmp.Diff(standardLabels, next(t, "frame", l.frames)); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
		tree.Unplug(name, usb)
		if err := meter.Close(); err != nil {
			t.Fatal(err)
		}
		l.closed()
	}
	l.end()
	warning := `level=WARN msg="port not open" port=auto error="` + want + `"` + "\n"
	if got := log.String(); !strings.HasPrefix(got, warning) || strings.Count(got, warning) != 1 {
		t.Errorf("the log is not to begin with %q, once:\n%s", warning, got)
	}
}

// A program that opened the port before us, and knows nothing of locks, takes bytes away.
func TestListenTellsOfRivals(t *testing.T) {
	t.Parallel()
	_, name := terminal(t)
	file, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	rival := exec.Command("sleep", "1000")
	rival.Stdin = file
	if err := rival.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(rival) })
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	who := fmt.Sprintf("sleep (process %d)", rival.Process.Pid)
	var log journal
	l := listen(t, port.Config{Name: name, Log: log.logger()}, nil)
	if diff := cmp.Diff(port.State{Open: true, Device: name, Speed: 9600, Rivals: who}, l.opened()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	l.end()
	want := `level=WARN msg="another program reads the port and takes bytes away" port=` + name + ` program="` + who + `"` + "\n"
	if !strings.Contains(log.String(), want) {
		t.Errorf("the log lacks %q:\n%s", want, log.String())
	}
}

// A program that is started while a port is open must not hold it after us.
func TestListenKeepsPortFromChildren(t *testing.T) {
	t.Parallel()
	_, name := terminal(t)
	l := listen(t, port.Config{Name: name}, nil)
	l.opened()
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(child) })
	if got := (port.Machine{}).Holders(name); got != nil {
		t.Errorf("holders are %v, want none but this process", got)
	}
	l.end()
}

func TestListenInput(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	l := listen(t, port.Config{Name: "-", Input: reader}, nil)
	for range 2 {
		send(t, stringWriter{writer}, standard)
		if diff := cmp.Diff(standardLabels, next(t, "frame", l.frames)); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
	}
	if got, want := l.heard().Mode, tic.Standard; got != want {
		t.Errorf("mode is %s, want %s", got, want)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := next(t, "end", l.done); err != nil {
		t.Errorf("Listen: %v, want nil at the end of the input", err)
	}
}

// Standard input that says nothing does not keep Listen from ending.
func TestListenInputEndsWithContext(t *testing.T) {
	t.Parallel()
	reader, _ := io.Pipe()
	l := listen(t, port.Config{Name: "-", Input: reader}, nil)
	l.opened()
	l.end()
}

// What was read cannot be read again, so there is no use in retrying.
func TestListenInputBreaks(t *testing.T) {
	t.Parallel()
	reader, writer := io.Pipe()
	writer.CloseWithError(errors.New("the disk is gone"))
	l := listen(t, port.Config{Name: "-", Input: reader}, nil)
	if err, want := next(t, "end", l.done), "read port: the disk is gone"; err == nil || err.Error() != want {
		t.Errorf("Listen: %v, want %s", err, want)
	}
}

type stringWriter struct{ io.Writer }

func (w stringWriter) WriteString(s string) (int, error) { return io.WriteString(w.Writer, s) }
