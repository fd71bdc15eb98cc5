package bmhs

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/buffer/journal"
)

// long is a device with a message so long that the journal has room for few of them.
func long(n int) *device {
	d := newDevice()
	d.Values[pathPower] = said{Number: float64(n), At: float64(n)}
	p := progress{Sent: float64(n), Indexes: map[string]uint64{"base": uint64(n)}}
	d.Pending = &pending{progress: p, Message: strconv.Quote(strings.Repeat("<&é", 20_000))}
	return d
}

func recalled(t *testing.T, file string) *memory {
	t.Helper()
	m, err := recall(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.close() })
	return m
}

func keep(t *testing.T, m *memory, mac string, d *device) {
	t.Helper()
	m.devices[mac] = d
	if err := m.keep(mac, d); err != nil {
		t.Fatal(err)
	}
}

var sameDevice = cmp.AllowUnexported(device{}, progress{}, pending{}, said{})

// TestMemory kills the process after each change of two devices, some of which fill the journal: all is as it was last.
func TestMemory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bmhs.json")
	m, want := recalled(t, file), map[string]*device{}
	for n := range 40 {
		mac := []string{"a", "b", "a"}[n%3]
		d := long(n)
		keep(t, m, mac, d)
		want[mac] = d
		again := recalled(t, file)
		if diff := cmp.Diff(want, again.devices, sameDevice); diff != "" {
			t.Fatalf("after change %d (-want +got):\n%s", n, diff)
		}
		if n%7 == 6 {
			m = again
		}
	}
}

// TestMemoryKilledWhenFull leaves the journal as it was before the file took its place: what it has is older.
func TestMemoryKilledWhenFull(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bmhs.json")
	path := filepath.Join(journal.Folder(file), journal.File)
	m := recalled(t, file)
	keep(t, m, "a", long(0))
	written, err := os.ReadFile(file)
	for n := 1; err == nil; n++ {
		var full, now []byte
		if full, err = os.ReadFile(path); err != nil {
			break
		}
		keep(t, m, "a", long(n))
		if now, err = os.ReadFile(file); err != nil || string(now) == string(written) {
			continue
		}
		if err = os.WriteFile(path, full, 0o600); err != nil {
			break
		}
		if got := recalled(t, file).devices["a"].Pending.Sent; got != float64(n) {
			t.Errorf("the message of %v is pending, want that of %d", got, n)
		}
		return
	}
	t.Fatal(err)
}

// TestMemoryNotUnderstood holds that what is not understood is told of, and the rest goes on.
func TestMemoryNotUnderstood(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bmhs.json")
	m := recalled(t, file)
	keep(t, m, "a", long(1))
	if err := errors.Join(m.journal.Add([]byte(`{"b":{}}`)), m.journal.Add([]byte("no"))); err != nil {
		t.Fatal(err)
	}
	m, err := recall(file)
	if err == nil || err.Error() != "a change in the journal of what the BMHS server has is not understood" {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(map[string]*device{"a": long(1)}, m.devices, sameDevice, cmp.Transformer("turn", func(d device) device {
		d.Turn = 0
		return d
	})); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

// TestNothingGoesUnkept holds that a message does not go while it cannot be written down, and goes once it can.
func TestNothingGoesUnkept(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	folder := journal.Folder(s.o.File)
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := full(s.now, 1000, 700)
	err := s.r.Send(t.Context(), p)
	if err == nil || !strings.HasPrefix(err.Error(), "write down what the BMHS server has: ") || len(s.server.Messages()) > 0 {
		t.Errorf("%v, and the server has\n%s", err, s.lines())
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	s.send(p)
	s.want("23T12:00:00 " + meter + " iinst=003 base=1000 +0 adps=0")
}
