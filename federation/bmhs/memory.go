package bmhs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"

	"releve/buffer/journal"
	"releve/buffer/statefile"
)

// memory is what is known of devices, which outlives the process: a file with all of them, and beside it a journal of those
// that have changed since. A file that is replaced twice a message, as ext4 writes it, wears an SD card by 38 MB a day, the
// journal by 1.4 (TestBMHSWear of the agent).
type memory struct {
	file    string
	devices map[string]*device
	turn    uint64           // of the last change that was kept
	journal *journal.Journal // nil until there is one to keep
}

// recall reads what the process before has kept. Without an error, or with one beside the memory, that can go on: what was
// not understood begins anew.
func recall(file string) (*memory, error) {
	m := &memory{file: file, devices: map[string]*device{}}
	devices, err := statefile.Read(file, checkDevices)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read what the BMHS server has: %w", err)
	}
	m.merge(devices)
	changes, unread := journal.Read(journal.Folder(m.file))
	for _, change := range changes {
		devices = nil
		if json.Unmarshal(change, &devices) != nil || checkDevices(devices) != nil {
			unread = errors.New("a change in the journal of what the BMHS server has is not understood")
			continue
		}
		m.merge(devices)
	}
	return m, errors.Join(err, unread)
}

func checkDevices(devices map[string]*device) error {
	for _, d := range devices {
		if d == nil || d.Values == nil || d.Indexes == nil || d.Pending != nil && !d.Pending.isWhole() {
			return errors.New("a device in it has no state")
		}
	}
	return nil
}

// merge takes devices as they were last: a kill may leave changes in the journal that are in the file.
func (m *memory) merge(devices map[string]*device) {
	for mac, d := range devices {
		if m.devices[mac] == nil || d.Turn > m.devices[mac].Turn {
			m.devices[mac] = d
		}
		m.turn = max(m.turn, d.Turn)
	}
}

// device finds or makes a device. What was said of it under another scope must not leave any more.
func (m *memory) device(mac, scope string) *device {
	d := m.devices[mac]
	if d == nil {
		d = newDevice()
		d.Scope = scope
		m.devices[mac] = d
	}
	if d.Scope != scope {
		*d = device{progress: d.settled(), Values: map[string]said{}, Scope: scope}
	}
	return d
}

// Forget deletes what a recipient has kept that is no more.
func Forget(file string) error {
	err := statefile.Remove(file)
	if errors.Is(err, fs.ErrNotExist) { // not even the folder
		return nil
	}
	return errors.Join(err, os.RemoveAll(journal.Folder(file)))
}

// keep makes durable how it stands with a device, which may be another state than the one in the memory.
func (m *memory) keep(mac string, d *device) error {
	m.turn++
	d.Turn = m.turn
	change := map[string]*device{mac: d}
	err := m.begin(change)
	if err == nil {
		err = m.add(change)
	}
	if err != nil {
		return fmt.Errorf("write down what the BMHS server has: %w", err)
	}
	return nil
}

// begin opens the journal, when there is something to keep for the first time, and makes it an empty one.
func (m *memory) begin(change map[string]*device) error {
	if m.journal != nil {
		return nil
	}
	var err error
	m.journal, err = journal.Beside(m.file, func([][]byte) error { return m.write(change) }) // recall has read what is in it
	return err
}

// add enters a change in the journal, or in the file once that is full.
func (m *memory) add(change map[string]*device) error {
	text, err := plain(change)
	if err != nil {
		return err
	}
	if err = m.journal.Add(text); !errors.Is(err, journal.ErrFull) {
		return err
	}
	if err := m.write(change); err != nil {
		return err
	}
	return m.journal.Empty()
}

// write puts all devices in the file, and a change of one.
func (m *memory) write(change map[string]*device) error {
	all := maps.Clone(m.devices)
	maps.Copy(all, change)
	return statefile.Write(m.file, all)
}

// close gives back the journal. What was kept stays.
func (m *memory) close() error {
	if m.journal == nil {
		return nil
	}
	err := m.journal.Close()
	m.journal = nil
	return err
}
