package lognact

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/senml"
)

// The meter of the tests under its pseudonym, and its host.
const (
	meter = "urn:dev:org:60060-0123456789abcdef"
	host  = "linky-0123456789abcdef"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tape is a cursor over packs in memory.
type tape struct {
	mu    sync.Mutex // guards everything below
	items []federation.Item
	acked uint64
}

func (t *tape) put(records ...senml.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.items = append(t.items, federation.Item{Seq: uint64(len(t.items) + 1), Pack: records})
}

func (t *tape) After(ctx context.Context, seq uint64, limit int) ([]federation.Item, error) {
	return t.Peek(ctx, seq, limit) // the tests ask only when there is something
}

func (t *tape) Peek(_ context.Context, seq uint64, limit int) ([]federation.Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := t.items[min(seq, uint64(len(t.items))):]
	return rest[:min(len(rest), limit)], nil
}

func (t *tape) Erasures() uint64 { return 0 }

func (t *tape) Acked() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.acked
}

func (t *tape) Ack(seq uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acked = max(t.acked, seq)
	return nil
}

// open lets everything through as it is.
type open struct{}

func (open) Pass(p senml.Pack) senml.Pack                  { return p }
func (open) Settled(bool)                                  {}
func (open) Leaving(senml.Pack, func(string) string) error { return nil }
func (open) Scope() string                                 { return "" }

// rig is a recipient between a tape and a fake Zabbix.
type rig struct {
	t     *testing.T
	z     *zabbix
	tape  *tape
	r     *Recipient
	token bool
	file  string

	mu  sync.Mutex
	now time.Time
}

func newRig(t *testing.T, token bool) *rig {
	t.Helper()
	g := &rig{t: t, tape: &tape{}, token: token, file: filepath.Join(t.TempDir(), "parked.json"), now: noon}
	g.z = newZabbix(t, g.clock)
	g.restart()
	return g
}

func (g *rig) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *rig) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

func (g *rig) theAPI() *API {
	return &API{URL: g.z.api.URL, Token: func() (string, error) { return "secret", nil }, Client: http.DefaultClient}
}

// restart begins anew with what is on disk, as after a kill.
func (g *rig) restart() {
	g.t.Helper()
	o := Options{
		Name: "lorient", Way: &Trapper{Address: g.z.addr}, Gate: open{}, Cursor: g.tape, Grace: 24 * time.Hour, File: g.file,
		Now: g.clock, Log: slog.New(slog.DiscardHandler),
	}
	if g.token {
		o.API = g.theAPI()
	}
	r, err := New(o)
	if err != nil {
		g.t.Fatal(err)
	}
	g.r = r
}

// deliver is what a delivery does until nothing waits, or something goes wrong.
func (g *rig) deliver() error {
	for {
		items, err := g.r.Front().Next(g.t.Context(), 60)
		if err != nil || len(items) == 0 {
			return err
		}
		if err := g.r.Send(g.t.Context(), joined(items)); err != nil {
			return err
		}
		if err := g.r.Front().Ack(items[len(items)-1].Seq); err != nil {
			return err
		}
	}
}

// tick is what Run does from time to time.
func (g *rig) tick() error {
	if err := g.r.confirm(g.t.Context()); err != nil {
		return err
	}
	return g.r.tryParked(g.t.Context())
}

// settled lets time pass until nothing is left to do.
func (g *rig) settled() {
	g.t.Helper()
	for range 60 {
		if err := g.deliver(); err != nil {
			g.t.Fatal(err)
		}
		g.pass(confirmAfter)
		if err := g.tick(); err != nil {
			g.t.Fatal(err)
		}
	}
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) same(what string, want, got any) {
	g.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		g.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// stored is compared with key=value lines, keys without their frame.
func (g *rig) stored(want ...string) {
	g.t.Helper()
	var full []string
	for _, line := range want {
		path, value, _ := cut(line)
		full = append(full, fmt.Sprintf("releve[%s]=%s", path, value))
	}
	g.same("stored", full, g.z.stored())
}

// parked is compared with the reasons of what is parked, by path.
func (g *rig) parked(want map[string]string) {
	g.t.Helper()
	got := map[string]string{}
	for _, p := range g.r.Standing().Parked {
		path, _ := pathOf(p.Key)
		got[path] = p.Reason
	}
	g.same("parked", want, got)
}

func cut(line string) (path, value string, ok bool) {
	for i := len(line) - 1; i >= 0; i-- {
		if line[i] == '=' {
			return line[:i], line[i+1:], true
		}
	}
	return line, "", false
}

// at is a record of the meter, so many seconds after noon.
func at(path string, second float64, v senml.Value) senml.Record {
	return senml.Record{Name: meter + "_" + path, Value: v, Time: float64(noon.Unix()) + second}
}

func num(path string, second, v float64) senml.Record { return at(path, second, senml.NumberValue(v)) }
