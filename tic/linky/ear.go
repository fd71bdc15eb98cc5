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
	to       io.Writer
	parity   bool  // bit 7 is kept
	baud     int64 // of the frame
	line     []byte
}

func newEar(cable *Cable, w io.Writer, parity bool) *ear {
	receiver, _ := w.(Receiver)
	return &ear{cable: cable, receiver: receiver, to: w, parity: parity}
}

// hear replaces the frame by what the cable leaves of it.
func (e *ear) hear(t *talk) error {
	e.baud = baudOf(t.mode)
	if e.cable != nil {
		e.line = e.cable.Carry(e.line[:0], t.line, t.at, t.mode)
		t.line = e.line
		if err := e.plug(e.cable.Unplugged()); err != nil {
			return err
		}
	} else {
		EvenParity(t.line)
	}
	return nil
}

// Write takes a piece of the frame, with parity, and tells that it took all of it. It is heard at the speed that the
// receiver is set to when it comes: whoever changes it in the middle of a frame hears the rest of it otherwise.
func (e *ear) Write(line []byte) (int, error) {
	heard := line
	if other := 9600 * 1200 / e.baud; e.receiver != nil && e.receiver.Baud() == other {
		heard = resample(nil, line, e.baud, other)
	}
	if !e.parity {
		stripParity(heard)
	}
	if len(heard) == 0 {
		return len(line), nil
	}
	_, err := e.to.Write(heard)
	return len(line), err
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
