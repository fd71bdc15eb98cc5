package linky

import (
	"io"
)

// Receiver is a writer that knows more of a serial port than its bytes: PTY is one.
type Receiver interface {
	io.Writer
	// Baud is the speed that the reader set, in bits per second, or 0 when nobody did.
	Baud() int64
	// Unplug takes the port away from its readers, if it is there.
	Unplug() error
	// Plug brings it back, if it is not.
	Plug() error
}

// ear is where a frame is heard: what the cable and the receiver leave of it.
type ear struct {
	cable    *Cable
	receiver Receiver // nil when there are just bytes
	parity   bool     // bit 7 is kept
	line     []byte
}

func newEar(cable *Cable, w io.Writer, parity bool) *ear {
	receiver, _ := w.(Receiver)
	return &ear{cable: cable, receiver: receiver, parity: parity}
}

// hear replaces the frame by what is read of it.
func (e *ear) hear(t *talk) error {
	baud := baudOf(t.mode)
	if e.cable != nil {
		e.line = e.cable.Carry(e.line[:0], t.line, t.at, t.mode)
		t.line = e.line
		if err := e.plug(e.cable.Unplugged()); err != nil {
			return err
		}
	} else {
		EvenParity(t.line)
	}
	if other := 9600 * 1200 / baud; e.receiver != nil && e.receiver.Baud() == other {
		t.line = resample(nil, t.line, baud, other)
	}
	if !e.parity {
		stripParity(t.line)
	}
	return nil
}

// plug pulls the plug or puts it in, where there is one.
func (e *ear) plug(out bool) error {
	switch {
	case e.receiver == nil:
		return nil
	case out:
		return e.receiver.Unplug()
	}
	return e.receiver.Plug()
}

func stripParity(line []byte) {
	for i := range line {
		line[i] &= 0x7F
	}
}
