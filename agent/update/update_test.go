package update

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// signer is somebody with a key of their own.
func signer(t *testing.T) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity("releases", "", "", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	must(t, err)
	return e
}

func publicKey(t *testing.T, e *openpgp.Entity) Key {
	t.Helper()
	var text bytes.Buffer
	must(t, e.Serialize(&text))
	file := filepath.Join(t.TempDir(), "key.gpg")
	must(t, os.WriteFile(file, text.Bytes(), 0o600))
	k, err := ReadKey(file)
	must(t, err)
	return k
}

// released is the files of a folder, signed.
type released map[string]string

// release makes one of packages, by their names.
func release(t *testing.T, by *openpgp.Entity, packages map[string]string) released {
	t.Helper()
	files := released{}
	sums := fmt.Sprintf("%x  releve-1.2.0.cdx.json\n", sha256.Sum256(nil))
	for name, content := range packages {
		files[name] = content
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(content)), name)
	}
	files[sumsFile] = sums
	var signature bytes.Buffer
	must(t, openpgp.ArmoredDetachSign(&signature, by, strings.NewReader(sums), nil))
	files[signatureFile] = signature.String()
	return files
}

// channel serves a folder.
func channel(t *testing.T, k Key, files released) Channel {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, there := files[strings.TrimPrefix(r.URL.Path, "/stable/")]
		if !there {
			http.NotFound(w, r)
			return
		}
		if content == endless {
			for err := error(nil); err == nil; {
				_, err = w.Write(make([]byte, 1<<20))
			}
			return
		}
		fmt.Fprint(w, content)
	}))
	t.Cleanup(server.Close)
	return Channel{From: server.URL + "/stable", Key: k, Client: server.Client()}
}

const endless = "endless"

var here = Installed{Version: "1.1.0", Architecture: "arm64"}

const file = "releve_1.2.0_arm64.deb"

// get looks and places, and returns what was placed.
func get(t *testing.T, c Channel, has Installed) (map[string]string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), Folder)
	o, err := c.Look(context.Background(), has)
	if err == nil {
		err = c.Place(context.Background(), o, dir)
	}
	return content(t, dir), err
}

func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		all[e.Name()] = string(text)
	}
	return all
}

// What is not signed by the key, not for this machine, not newer or not whole is refused in one sentence, and nothing of
// it is left.
func TestRefused(t *testing.T) {
	t.Parallel()
	us, them := signer(t), signer(t)
	key := publicKey(t, us)
	for _, tt := range []struct {
		name  string
		by    *openpgp.Entity
		has   Installed
		spoil func(released)
		want  string
	}{
		{"another key", them, here, nil, "SHA256SUMS is not signed by the key in KEY: openpgp: signature made by unknown entity"},
		{"a flipped byte of the list", us, here, func(f released) { f[sumsFile] = strings.Replace(f[sumsFile], "releve", "relevf", 1) }, "SHA256SUMS is not signed by the key in KEY: openpgp: invalid signature: EdDSA verification failure"},
		{"no signature", us, here, func(f released) { delete(f, signatureFile) }, "ask for FROM/SHA256SUMS.asc: the server says 404 Not Found"},
		{"an empty signature", us, here, func(f released) { f[signatureFile] = "" }, "SHA256SUMS is not signed by the key in KEY: EOF"},
		{"an endless list", us, here, func(f released) { f[sumsFile] = endless }, "read FROM/SHA256SUMS: it is longer than 65536 bytes"},
		{"another architecture", us, Installed{"1.1.0", "armhf"}, nil, "SHA256SUMS lists no package releve for armhf"},
		{"the same version", us, Installed{"1.2.0", "arm64"}, nil, "version 1.2.0 is not newer than 1.2.0, which is installed"},
		{"an older version", us, Installed{"1.10.0", "arm64"}, nil, "version 1.2.0 is not newer than 1.10.0, which is installed"},
		{"no package", us, here, func(f released) { delete(f, file) }, "place the update: ask for FROM/" + file + ": the server says 404 Not Found"},
		{"a flipped byte of the package", us, here, func(f released) { f[file] = "the Package" }, "place the update: " + file + " is not what SHA256SUMS says: its checksum differs"},
		{"a truncated package", us, here, func(f released) { f[file] = "the pack" }, "place the update: " + file + " is not what SHA256SUMS says: its checksum differs"},
		{"an endless package", us, here, func(f released) { f[file] = endless }, "place the update: read " + file + ": it is longer than 67108864 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := release(t, tt.by, map[string]string{file: "the package"})
			if tt.spoil != nil {
				tt.spoil(files)
			}
			c := channel(t, key, files)
			left, err := get(t, c, tt.has)
			said := strings.NewReplacer(c.From, "FROM", key.file, "KEY").Replace(fmt.Sprint(err))
			if said != tt.want || len(left) != 0 {
				t.Errorf("refused with %q, want %q; left %v", said, tt.want, left)
			}
		})
	}
}

// Of several versions the newest is placed, whole.
func TestPlaced(t *testing.T) {
	t.Parallel()
	us := signer(t)
	files := release(t, us, map[string]string{file: "1.2.0", "releve_1.10.0_arm64.deb": "1.10.0", "releve_1.10.0~rc1_arm64.deb": "rc", "releve_9.0_amd64.deb": "9.0"})
	got, err := get(t, channel(t, publicKey(t, us), files), here)
	must(t, err)
	want := map[string]string{packageFile: "1.10.0", sumsFile: files[sumsFile], signatureFile: files[signatureFile]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("placed (-want +got):\n%s", diff)
	}
}

// A key and a signature that gpg made, as in a release, count, in both forms of the key.
func TestKeyOfGPG(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gpg"); err != nil && os.Getenv("CI") == "" {
		t.Skip("gpg is missing")
	}
	home, err := os.MkdirTemp("", "gpg") // the name of a socket must be short
	must(t, err)
	gpg := func(args ...string) {
		t.Helper()
		c := exec.Command("gpg", append([]string{"--homedir", home, "--batch", "--quiet", "--yes"}, args...)...)
		if said, err := c.CombinedOutput(); err != nil {
			t.Fatalf("gpg %v: %v\n%s", args, err, said)
		}
	}
	t.Cleanup(func() {
		exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	name := func(n string) string { return filepath.Join(home, n) }
	must(t, os.WriteFile(name(sumsFile), []byte("list\n"), 0o600))
	gpg("--passphrase", "", "--quick-generate-key", "releve-test", "ed25519", "sign", "never")
	gpg("--local-user", "releve-test", "--armor", "--detach-sign", "--output", name(signatureFile), name(sumsFile))
	gpg("--output", name("key.gpg"), "--export", "releve-test")
	gpg("--armor", "--output", name("key.asc"), "--export", "releve-test")
	signature, err := os.ReadFile(name(signatureFile))
	must(t, err)
	for _, file := range []string{"key.gpg", "key.asc"} {
		k, err := ReadKey(name(file))
		must(t, err)
		must(t, k.check([]byte("list\n"), signature))
		if k.check([]byte("lisp\n"), signature) == nil {
			t.Errorf("%s: another text counts as signed", file)
		}
	}
}

func TestReadKeyRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for content, want := range map[string]string{
		"":                         "holds no public key as gpg --export writes it: it is empty",
		"ssh-ed25519 AAAA":         "holds no public key as gpg --export writes it: openpgp: ",
		strings.Repeat("x", 1<<17): "read the key of releases: it is longer than 65536 bytes",
	} {
		must(t, os.WriteFile(filepath.Join(dir, "key"), []byte(content), 0o600))
		if _, err := ReadKey(filepath.Join(dir, "key")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", content, err, want)
		}
	}
}

func TestReadInstalled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status, want string
	}{
		{"Package: other\nVersion: 9\nArchitecture: all\n\nPackage: releve\nStatus: install ok installed\nArchitecture: armhf\nVersion: 1.1.0\nDescription: x\n Version: 7\n\nPackage: zzz\nVersion: 8\n", "{1.1.0 armhf} <nil>"},
		{"Package: other\nVersion: 9\n", "{ } " + errNoPackage.Error()},
		{"Package: releve\nStatus: deinstall ok config-files\n", "{ } " + errNoPackage.Error()},
	} {
		name := filepath.Join(t.TempDir(), "status")
		must(t, os.WriteFile(name, []byte(tt.status), 0o600))
		has, err := ReadInstalled(name)
		if got := fmt.Sprint(has, err); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.status, got, tt.want)
		}
	}
	if _, err := ReadInstalled(filepath.Join(t.TempDir(), "none")); !errors.Is(err, errNoPackage) {
		t.Errorf("without dpkg: %v", err)
	}
}
