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

// house is an agent on an emulated meter, each a process, as a household has them.
type house struct {
	dir, releve, address string
	past                 time.Time // noon of a day that the store knows whole
}

// newHouse builds the agent and starts it; it is ready once it has read its meter.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{dir: t.TempDir(), address: freeAddress(t)}
	h.releve = filepath.Join(h.dir, "releve")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", h.releve, "releve/agent").CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v: %s", err, out)
	}
	h.start(t, "simulate", "--seed", "7", "--contract", "hc", "--start", "now", "--pty", h.path("meter"))
	await(t, "the meter", func() bool {
		_, err := os.Lstat(h.path("meter"))
		return err == nil
	})
	configuration := fmt.Sprintf("[agent]\nstate = %q\nclock = \"system\"\n[[meter]]\nname = \"linky\"\ntitle = \"Maison\"\nport = %q\n[buffer]\nperiod = \"1s\"\n[status]\nlisten = %q\n",
		h.path("state"), h.path("meter"), h.address)
	if err := os.WriteFile(h.path("releve.toml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	h.remember(t)
	h.start(t, "run", "--config", h.path("releve.toml"))
	await(t, "the agent", func() bool {
		answer, err := http.Get(h.page("/readyz"))
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
	await(t, "the first reading", func() bool { // ready is said a moment before
		answer, err := http.Get(h.page("/"))
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		page, err := io.ReadAll(answer.Body)
		return err == nil && bytes.Contains(page, []byte(`class="amount"`))
	})
	return h
}

// remember gives the store the day before yesterday: a power each minute, which each ten minutes goes up by 10 VA from 500.
func (h *house) remember(t *testing.T) {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := time.Now().In(paris).Date()
	midnight := time.Date(year, month, day-2, 0, 0, 0, 0, paris)
	h.past = midnight.Add(12 * time.Hour)
	var records []string
	for minute := range 24 * 60 {
		records = append(records, fmt.Sprintf(`{"n":"linky/consumption/power/apparent/raw","u":"VA","v":%d,"t":%d}`,
			500+minute/10*10, midnight.Add(time.Duration(minute)*time.Minute).Unix()))
	}
	if err := os.WriteFile(h.path("day.senml"), []byte("["+strings.Join(records, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.do(t, "buffer", "import", "--config", h.path("releve.toml"), h.path("day.senml"))
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

func freeAddress(t *testing.T) string {
	t.Helper()
	address, release, err := lab.Address()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release() })
	return address
}
