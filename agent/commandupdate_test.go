package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/update"
	"releve/buffer/statefile"
	"releve/federation/command"
	"releve/federation/ledger"
	"releve/tic/linky"
)

// published is a web server with a release of one package, signed, and the configuration that trusts it.
func published(t *testing.T, name, text string, there bool) config.Update {
	t.Helper()
	signer, err := openpgp.NewEntity("releases", "", "", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	must(t, err)
	var key, signature bytes.Buffer
	must(t, signer.Serialize(&key))
	sums := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name)
	must(t, openpgp.ArmoredDetachSign(&signature, signer, strings.NewReader(sums), nil))
	files := map[string]string{"/SHA256SUMS": sums, "/SHA256SUMS.asc": signature.String()}
	if there {
		files["/"+name] = text
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, there := files[r.URL.Path]
		if !there {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return config.Update{From: server.URL, KeyFile: written(t, "key.gpg", key.String())}
}

// An owner asks for a newer version, and what comes of it is said, written down and placed; what fails leaves nothing behind.
func TestUpdateFromAfar(t *testing.T) {
	t.Parallel()
	const name = "releve_1.2.0_arm64.deb"
	by := callerOf(t, "alice@sen1.example/phone")
	began := ledger.Entry{Kind: ledger.Change, By: by.Bare(), Text: "update of the software", Before: "1.1.0", After: "1.2.0"}
	missing := "place the update: ask for FROM/" + name + ": the server says 404 Not Found"
	for _, tt := range []struct {
		name, has string
		there     bool
		says      []string
		placed    []string
		asked     update.Asked
		written   []ledger.Entry
	}{
		{"it is placed", "1.1.0", true,
			[]string{"Version 1.1.0 is installed, version 1.2.0 is signed and available. The download can take some minutes.", "info: Version 1.2.0 is here and verified."},
			[]string{"SHA256SUMS", "SHA256SUMS.asc", "package.deb"},
			update.Asked{By: by.Bare(), From: "1.1.0", To: "1.2.0", Need: []string{"meter linky"}}, []ledger.Entry{began}},
		{"the package is not there", "1.1.0", false,
			[]string{"Version 1.1.0 is installed, version 1.2.0 is signed and available. The download can take some minutes.", "error: The update is refused, nothing has changed: " + missing + "."},
			nil, update.Asked{},
			[]ledger.Entry{began, {Kind: ledger.Change, By: by.Bare(), Text: "update of the software, not installed: " + missing, Before: "1.2.0", After: "1.1.0"}}},
		{"it is not newer", "1.2.0", true, []string{"info: Nothing to install: version 1.2.0 is not newer than 1.2.0, which is installed."}, nil, update.Asked{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from := published(t, name, "the package", tt.there)
			h := newHouse(t, func(c *config.Config) { c.Update = from })
			h.edition = newEdition(t.TempDir(), dpkgHas(t, tt.has))
			h.play(t, linky.Scenario{}, 1)

			neutral := strings.NewReplacer(from.From, "FROM")
			says := h.ask(t, by, neutral)
			for i := range min(len(says), len(tt.says)) { // what comes after the first sentence is not all compared
				says[i] = says[i][:min(len(says[i]), len(tt.says[i]))]
			}
			asked, err := statefile.Look[update.Asked](h.state(update.AskedFile), nil)
			must(t, err)
			asked.At = tt.asked.At
			var written []ledger.Entry
			for _, e := range ledgered(t, h.state("ledger")) {
				if e.Kind == ledger.Change {
					written = append(written, ledger.Entry{Kind: e.Kind, By: e.By, Text: neutral.Replace(e.Text), Before: e.Before, After: e.After})
				}
			}
			want := []any{tt.says, tt.placed, tt.asked, tt.written}
			if diff := cmp.Diff(want, []any{says, placedFiles(t, h.state(update.Folder)), asked, written}); diff != "" {
				t.Errorf("said, placed, asked and written down (-want +got):\n%s", diff)
			}
		})
	}
}

// ask walks through the command, and returns what it says.
func (h house) ask(t *testing.T, by command.Caller, neutral *strings.Replacer) (says []string) {
	t.Helper()
	turn, err := h.commandUpdate(t.Context(), by)
	must(t, err)
	if page, more := turn.(*command.Page); more {
		says = append(says, by.Say(page.Instructions))
		turn, err = page.Then(t.Context(), by, nil)
		must(t, err)
	}
	for _, n := range turn.(*command.Result).Notes {
		says = append(says, n.Severity+": "+neutral.Replace(by.Say(n.Text)))
	}
	return says
}

func placedFiles(t *testing.T, folder string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	must(t, err)
	for _, file := range files {
		if about, err := os.Stat(file); err != nil || about.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
		names = append(names, filepath.Base(file))
	}
	return names
}
