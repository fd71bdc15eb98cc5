package lab

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files in testdata from what is rendered")

// TestConfigurationFiles compares what the servers are given with testdata, so
// that a change is seen as a whole in a review.
func TestConfigurationFiles(t *testing.T) {
	t.Parallel()
	stock := Options{Shaper: ShaperStock, PeerRetryDelay: 300 * time.Second}
	small := Options{ClientStanzaMax: 65536, PeerStanzaMax: 131072}
	for _, row := range []struct {
		golden  string
		file    string
		product product
		options Options
	}{
		{"ejabberd-stock.yml", "ejabberd.yml", &ejabberd{}, stock},
		{"ejabberd-small.yml", "ejabberd.yml", &ejabberd{}, small},
		{"ejabberd-agents.yml", "ejabberd.yml", &ejabberd{}, Options{Shaper: ShaperAgents}},
		{"inetrc", "inetrc", &ejabberd{}, stock},
		{"prosody-stock.cfg.lua", "prosody.cfg.lua", &prosody{}, stock},
		{"prosody-small.cfg.lua", "prosody.cfg.lua", &prosody{}, small},
	} {
		t.Run(row.golden, func(t *testing.T) {
			t.Parallel()
			files, err := row.product.files(&Server{
				domain: Domain{Name: "breizh-sen1.example"}, dir: `/tmp/a "dir"`, names: 20000,
				authFile: "/tmp/ca.pem", certFile: "/tmp/cert.pem", keyFile: "/tmp/key.pem",
				ports:  serverPorts{client: 20001, direct: 20002, peer: 20003, web: 20005, api: 20004},
				limits: row.options.withDefaults(),
			})
			if err != nil {
				t.Fatal(err)
			}
			got, found := files[`/tmp/a "dir"/`+row.file]
			if !found {
				t.Fatalf("there is no %s", row.file)
			}
			compareGolden(t, filepath.Join("testdata", row.golden), string(got))
		})
	}
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run: go test -run ConfigurationFiles -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestRetryDelayIsAtLeastASecond(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		given time.Duration
		want  int
	}{{0, 1}, {time.Millisecond, 1}, {1900 * time.Millisecond, 1}, {5 * time.Minute, 300}} {
		options := Options{PeerRetryDelay: row.given}.withDefaults()
		if got := settingsOf(&Server{limits: options}).RetryDelay; got != row.want {
			t.Errorf("%s: got %d s, want %d s", row.given, got, row.want)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{Ejabberd: "ejabberd", Prosody: "prosody", 0: "Kind(0)", 9: "Kind(9)"} {
		if got := kind.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if _, err := productOf(9); err == nil || err.Error() != "unknown kind of server Kind(9)" {
		t.Errorf("got %v", err)
	}
}

func TestRegisterSaysWhatEjabberdAnswers(t *testing.T) {
	t.Parallel()
	var held ports
	reserved, err := held.reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.release() })
	s := &Server{domain: Domain{Name: "breizh-sen1.example"}, ports: serverPorts{api: reserved[0]}}
	for _, row := range []struct {
		status int
		body   string
		err    string
	}{
		{200, `"registered"`, ""},
		{409, `{"code":10090}`, "the user exists already"},
		{400, "{\"message\":\"account_exists\"}\n", `ejabberd answers 400 Bad Request: {"message":"account_exists"}`},
	} {
		stop := answerWith(t, reserved[0], row.status, row.body)
		err := (&ejabberd{}).register(t.Context(), s, "maison", "secret")
		stop()
		if got := errText(err); got != row.err {
			t.Errorf("%d: got %q, want %q", row.status, got, row.err)
		}
	}
}
