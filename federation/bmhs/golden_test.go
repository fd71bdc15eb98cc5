package bmhs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	dictionary "releve/agent/series"
	"releve/senml"
	"releve/tic"
)

// captures is the folder of what BMHS's own agent put on the wire. It is kept outside the repository, as the recordings of
// meters are.
func captures(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := here; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "bmhs", "captures", "pairs")
		if _, err := os.Stat(found); err == nil {
			return found
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	t.Skip("no captures of BMHS's own agent beside the repository")
	return ""
}

// TestCaptures holds that the same frame gives the same message, as JSON, as BMHS's own agent makes of it.
func TestCaptures(t *testing.T) {
	t.Parallel()
	dir := captures(t)
	for _, name := range []string{"base", "hchp", "ejp", "noiinst", "adps"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := dictionary.NewRecorder("linky", 10*time.Minute)
			d := newDevice()
			for _, n := range []string{"-1", "-2"} {
				text, err := os.ReadFile(filepath.Join(dir, name+n+".data.json"))
				if err != nil {
					t.Fatal(err)
				}
				var want struct {
					MAC       string    `json:"mac"`
					DateValue time.Time `json:"dateValue"`
				}
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatal(err)
				}
				frame, err := os.ReadFile(filepath.Join(dir, name+n+".tic"))
				if err != nil {
					t.Fatal(err)
				}
				hear(t, d, recorder, frame, want.DateValue)
				got := messageOf(t, d, want.MAC, want.DateValue)
				if diff := cmp.Diff(object(t, text), object(t, got)); diff != "" {
					t.Errorf("%s%s (-theirs +ours):\n%s", name, n, diff)
				}
				if !bytes.Equal(text, got) {
					t.Logf("%s%s: the order of fields differs:\n%s\n%s", name, n, text, got)
				}
			}
		})
	}
}

// hear takes a frame of lines as a meter's recorder says it.
func hear(t *testing.T, d *device, recorder *dictionary.Recorder, lines []byte, at time.Time) {
	t.Helper()
	text := "\x02" + strings.ReplaceAll("\n"+strings.TrimRight(string(lines), "\n"), "\n", "\r\n")[1:] + "\r\x03"
	var pack senml.Pack
	decoder := tic.NewDecoder(tic.Historic, func(f *tic.Frame) { pack = append(pack, recorder.Record(f, at)...) })
	if _, err := decoder.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	take(d, pack)
}

func take(d *device, pack senml.Pack) {
	for _, r := range pack {
		_, path, _ := strings.Cut(r.Name, "/")
		d.take(path, r)
	}
}

// messageOf is the message that is due now, and acknowledged.
func messageOf(t *testing.T, d *device, mac string, at time.Time) []byte {
	t.Helper()
	paris := zone(t, "Europe/Paris")
	r := &Recipient{Options: Options{Zone: paris, Every: 5 * time.Minute, Now: func() time.Time { return at }}}
	values := d.metavalues()
	if values == nil {
		t.Fatal("no message: something the server needs is not known")
	}
	p, err := d.pend(seconds(at), r.message(mac, values, seconds(at)))
	if err != nil {
		t.Fatal(err)
	}
	d.progress = p.progress
	return []byte(p.Message)
}

func object(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
