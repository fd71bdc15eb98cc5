package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"releve/agent/api"
	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/lab"
	"releve/tic"
	"releve/tic/linky"
	"releve/tic/port"
)

// terminalWithMeter is a pseudo-terminal on which a meter plays until the test ends.
func terminalWithMeter(t *testing.T, s linky.Scenario) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "meter")
	pty, err := linky.OpenPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	meter, err := linky.New(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- meter.Run(ctx, pty, linky.Pace{Parity: true}) }()
	t.Cleanup(func() {
		stop()
		<-ended // its error is that its context ended
		pty.Close()
	})
	return link
}

// examined runs the verb and returns the tree it prints. Its exit code must be that of the tree: other checks than the
// one under test may well find something on this machine.
func examined(t *testing.T, args ...string) status.Node {
	t.Helper()
	got := typed(t, "", append([]string{"doctor", "--json", "--lang", "en"}, args...)...)
	var tree status.Node
	if err := json.Unmarshal([]byte(got.out), &tree); err != nil {
		t.Fatalf("%v in %s", err, got.out)
	}
	want := outcome{exitDone, got.out, "Examining: the meters are listened to for some seconds…\n"}
	if tree.Worst() > status.Waiting {
		want.code, want.talk = exitFailed, want.talk+"releve: something is wrong: see above\n"
	}
	if got != want {
		t.Errorf("code %d and talk %q, want %d and %q", got.code, got.talk, want.code, want.talk)
	}
	return tree
}

func node(n status.Node, name string) status.Node {
	if n.Name == name {
		return n
	}
	for _, child := range n.Children {
		if found := node(child, name); found.Name == name {
			return found
		}
	}
	return status.Node{}
}

func TestDoctorHearsAMeter(t *testing.T) {
	t.Parallel()
	for _, mode := range []tic.Mode{tic.Standard, tic.Historic} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			tree := examined(t, "--port", terminalWithMeter(t, linky.Scenario{Seed: 3, Mode: mode}), "--for", "1m")
			signal := node(tree, "signal")
			well := signal.State == status.OK && strings.HasPrefix(signal.Text.EN, "The meter is heard well: "+mode.String()+" mode, ")
			// A machine under load reads too late, and the terminal throws away what is old, as a serial line would.
			late := signal.State == status.Warning && strings.Contains(signal.Text.EN, "lines are damaged")
			if !well && !late {
				t.Errorf("signal is %+v, want that a meter in %s mode is heard", signal, mode)
			}
		})
	}
}

func TestDoctorJudgesARecording(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"standard", "historic"} {
		signal := node(examined(t, "--port", written(t, "capture", simulated(t, "--frames", "5", "--mode", mode))), "signal")
		if want := "The meter is heard well: " + mode + " mode, "; signal.State != status.OK || !strings.HasPrefix(signal.Text.EN, want) || !strings.Contains(signal.Text.EN, ", 0 of ") {
			t.Errorf("signal is %+v, want %s…", signal, want)
		}
	}
}

func TestDoctorSpeaksFrench(t *testing.T) {
	t.Parallel()
	got := typed(t, "", "doctor", "--lang", "fr", "--port", "/dev/releve-test-none")
	want := "bon        Configuration : aucune, un port est donné\npanne        meter\npanne        Port : Le port /dev/releve-test-none n’existe pas.\n"
	if got.code != exitFailed || !strings.HasPrefix(got.out, want) {
		t.Errorf("code %d, report\n%swant\n%s…", got.code, got.out, want)
	}
}

func TestDoctorWithoutConfiguration(t *testing.T) {
	t.Parallel()
	file := written(t, "releve.toml", "[[meter]]\nprot = \"x\"\n")
	found := node(examined(t, "--config", file), "configuration")
	if want := file + ":2: unknown key meter.prot; did you mean meter.port?"; found.State != status.Fault || found.Detail != want {
		t.Errorf("configuration is %+v, want %s", found, want)
	}
}

func TestDoctorReadsTheConfiguration(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken.Close() // nobody listens there any more
	nobody := taken.Addr().String()
	file := written(t, "releve.toml", fmt.Sprintf(
		"[agent]\nstate = %q\n[[meter]]\nport = \"tcp://%s\"\n[status]\nlisten = \"127.0.0.1:0\"\n"+
			"[federation]\njid = \"maison@sen1.example\"\npassword_file = %q\naddress = %q\n",
		t.TempDir(), nobody, filepath.Join(t.TempDir(), "none"), nobody))
	tree := examined(t, "--config", file)
	for name, want := range map[string]status.State{
		"configuration": status.OK, "signal": status.Fault, "page": status.OK, "secrets": status.Fault, "federation": status.Warning,
	} {
		if got := node(tree, name); got.Name != name || got.State != want {
			t.Errorf("%s is %+v, want %s", name, got, want)
		}
	}
	if got, want := node(tree, "signal").Detail, "connection refused"; !strings.Contains(got, want) {
		t.Errorf("signal says %s, want %s", got, want)
	}
}

// A meter that is heard badly is told apart from a port that does not open: what was heard is judged.
func TestHearUntilTheEnd(t *testing.T) {
	t.Parallel()
	raw := simulated(t, "--frames", "2")
	h, err := hear(t.Context(), config.Meter{Port: written(t, "capture", raw)}, port.Among{}, func() {})
	if err != nil || h.Counters().Frames != 2 {
		t.Errorf("heard %+v, %v; want two frames", h.Counters(), err)
	}
	if _, err := hear(t.Context(), config.Meter{Port: "gopher://x"}, port.Among{}, func() {}); err == nil || !strings.Contains(err.Error(), "gopher") {
		t.Errorf("error is %v", err)
	}
}

func TestPageOfARunningReleve(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.play(t, linky.Scenario{Seed: 3}, 2)
	server := httptest.NewServer(status.Handler(h.snapshot, status.Options{API: api.Handler(h.house())}))
	defer server.Close()
	page := pageOf(server.Listener.Addr().String())
	snapshot, err := page.Ask(t.Context())
	if err != nil || len(snapshot.Meters) != 1 || snapshot.Meters[0].Frames == 0 || time.Since(snapshot.Now) > time.Minute {
		t.Errorf("the page says %+v, %v", snapshot.Meters, err)
	}
	if err := page.Free(t.Context()); err == nil {
		t.Error("the address of a running page is free")
	}
}

func TestSpoken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "en"},
		{map[string]string{"LANG": "fr_FR.UTF-8"}, "fr"},
		{map[string]string{"LANG": "C"}, "en"},
		{map[string]string{"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr"}, "fr"},
		{map[string]string{"LANG": "f"}, "en"},
	} {
		if got := spoken(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v speaks %s, want %s", test.env, got, test.want)
		}
	}
}

// Against real servers: reaching one needs no password, and logging in is tried only when it is asked for.
func TestIntegrationDoctor(t *testing.T) {
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	t.Parallel()
	for _, kind := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			t.Parallel()
			federation := lab.New(t, lab.Options{Domains: []lab.Domain{
				{Name: houseDomain, Kind: kind, Accounts: []lab.Account{{User: "maison", Password: "pw"}}},
			}})
			examine := func(password, ca string, more ...string) status.Node {
				file := written(t, "releve.toml", fmt.Sprintf(
					"[agent]\nstate = %q\n[status]\nlisten = \"\"\n[federation]\njid = %q\npassword_file = %q\naddress = %q\nca_file = %q\n",
					t.TempDir(), houseJID, written(t, "password", password), federation.Server(houseDomain).Addr(), ca))
				return node(examined(t, append(more, "--config", file)...), "federation")
			}
			for _, test := range []struct {
				name string
				got  status.Node
				want status.State
				said string
			}{
				{"reach", examine("wrong\n", federation.CAFile()), status.OK, "The server answers and its certificate is good; nobody logged in."},
				{"log in", examine("pw\n", federation.CAFile(), "--login"), status.OK, "Logging in to the server succeeded."},
				{"wrong password", examine("wrong\n", federation.CAFile(), "--login"), status.Warning, "The federation's server refuses the account's name or password; readings wait here."},
				{"another authority", examine("pw\n", ""), status.Warning, "its key is sha256/"},
			} {
				if test.got.State != test.want || !strings.Contains(test.got.Text.EN+test.got.Detail, test.said) {
					t.Errorf("%s: federation is %+v, want %s with %s", test.name, test.got, test.want, test.said)
				}
			}
		})
	}
}

// A configuration may name files from where the program is started.
func TestDoctorUsesWholePaths(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"doctor.go": filepath.Join(here, "doctor.go"), "auto": "auto", "tcp://h:1": "tcp://h:1", "/dev/null": "/dev/null", "none": "none",
	} {
		if got := device(name); got != want {
			t.Errorf("%s is looked at as %s, want %s", name, got, want)
		}
	}
	if got, want := absolute("state"), filepath.Join(here, "state"); got != want {
		t.Errorf("state is %s, want %s", got, want)
	}
}
