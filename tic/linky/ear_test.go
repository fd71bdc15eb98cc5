package linky_test

import (
	"bytes"
	"testing"

	"releve/tic"
	"releve/tic/linky"
)

// fickle is a receiver that is set to the meter's speed after the first piece of a frame.
type fickle struct {
	baud int64
	got  []byte
}

func (f *fickle) Write(p []byte) (int, error) {
	f.got, f.baud = append(f.got, p...), 1200
	return len(p), nil
}

func (f *fickle) Baud() int64 { return f.baud }
func (*fickle) Unplug() error { return nil }
func (*fickle) Plug() error   { return nil }

func TestRunHearsSpeedThatChangesWithinAFrame(t *testing.T) {
	t.Parallel()
	scenario := linky.Scenario{Mode: tic.Historic}
	said, heard := newMeter(t, scenario), newMeter(t, scenario)
	frame := said.Frame(nil)
	linky.EvenParity(frame)
	receiver := &fickle{baud: 9600}
	if err := heard.Run(t.Context(), receiver, linky.Pace{Frames: 1, Parity: true}); err != nil {
		t.Fatal(err)
	}
	const first = 2 // characters of the first piece
	if rest := frame[first:]; !bytes.HasSuffix(receiver.got, rest) {
		t.Errorf("heard %q, want it to end with %q", receiver.got, rest)
	}
	if bytes.HasPrefix(receiver.got, frame[:first]) {
		t.Error("the first piece was heard as if the speed were right")
	}
}
