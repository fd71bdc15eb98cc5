package browser

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"releve/federation/lab"
)

// house is an agent on two emulated meters, each a process, as a household has them, with a past.
type house struct {
	dir, releve, address string
	past                 time.Time // noon of a day that the store knows whole
}

// newHouse builds the agent and starts it; it is ready once it has read its meter.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), address: lab.FreeAddress(t)}
	h.releve = filepath.Join(h.dir, "releve")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", h.releve, "releve/agent").CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v: %s", err, out)
	}
	all := buildings()
	var meters strings.Builder
	for i := range all {
		all[i].goesOn(t, h.releve)
		if all[i].play != nil {
			h.plays(t, all[i])
			fmt.Fprintf(&meters, "[[meter]]\nname = %q\ntitle = %q\nport = %q\n", all[i].meter, titles[all[i].meter], h.path(all[i].meter))
		}
	}
	h.write(t, "prices.toml", h.do(t, "config", "example", "prices"))
	h.write(t, "releve.toml", fmt.Sprintf("[agent]\nstate = %q\nclock = \"system\"\n%s[buffer]\nperiod = \"1s\"\n[status]\nlisten = %q\n[prices]\nfile = %q\n%s",
		h.path("state"), meters.String(), h.address, h.path("prices.toml"), household))
	h.remember(t, all)
	h.start(t, "run", "--config", h.path("releve.toml"))
	await(t, "the agent", func() bool {
		answer, err := http.Get(h.page("/readyz"))
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
	await(t, "all that the meters say", func() bool { // a page has itself loaded again when more is said than it has room for
		answer, err := http.Get(h.page("/"))
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		page, err := io.ReadAll(answer.Body)
		return err == nil && bytes.Contains(page, []byte(`data-live="0.indexes"`)) && bytes.Contains(page, []byte(`data-live="1.indexes"`))
	})
	return h
}

// titles are what people call the meters.
var titles = map[string]string{"linky": "Maison", "ecole": "École"}

// household is the rest of the configuration: with it every screen has something to show.
const household = `
[production]
series = ["panneaux/production/energy/active/index"]
[objective]
percent = 10
kwh = 4200
[[profile]]
name = "maison"
title = "Maison"
meter = "linky"
caption = "Une maison de 1985, chauffée au bois"
caption_en = "A house of 1985, heated by wood"
people = 4
area = 110
[[profile]]
name = "ecole"
title = "École"
meter = "ecole"
caption = "École primaire, chauffage au gaz"
caption_en = "Primary school, heated by gas"
people = 120
area = 900
[investment]
title = "Toit de l'école"
series = ["lucioles.0123456789abcdef/production/energy/active/index"]
shares = 4
of = 100
area = 300
budget = 60000
link = "https://lucioles.example/toit"
`

// plays starts the meter of a building.
func (h *house) plays(t *testing.T, b building) {
	t.Helper()
	h.start(t, append([]string{"simulate", "--start", "now", "--pty", h.path(b.meter)}, b.play...)...)
	await(t, "the meter of "+b.meter, func() bool {
		_, err := os.Lstat(h.path(b.meter))
		return err == nil
	})
}

func (h *house) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// do runs a verb and returns what it printed.
func (h *house) do(t *testing.T, args ...string) string {
	t.Helper()
	var talk bytes.Buffer
	cmd := exec.CommandContext(t.Context(), h.releve, args...)
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("releve %s: %v: %s", strings.Join(args, " "), err, talk.String())
	}
	return string(out)
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) page(path string) string { return "http://" + h.address + path }

// start runs releve until the test ends; what it said is shown when the test failed.
func (h *house) start(t *testing.T, args ...string) {
	t.Helper()
	var talk bytes.Buffer
	cmd := exec.Command(h.releve, args...)
	cmd.Stdout, cmd.Stderr = &talk, &talk
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended, which its talk then explains
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("releve %s said:\n%s", args[0], talk.String())
		}
	})
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("wait for %s: it did not come", what)
		}
	}
}
