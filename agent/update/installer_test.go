package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// scene is a machine with version 1.1.0, on which a package was placed. Its dpkg writes down what it is given and keeps its
// list; its systemd says what a file holds.
type scene struct {
	Installer
	out *bytes.Buffer
}

// The programs of a scene. Packages are texts: "broken" ones leave dpkg half-way, "impossible" ones change nothing.
const (
	fakeDpkg = `#!/bin/sh
text=$(cat "$4")
echo "dpkg $1 $2 $3 ${4##*/}: $text"
case $text in impossible*) exit 1 ;; esac
version=1.2.0 status="install ok installed"
case $text in old*) version=1.1.0 ;; broken*) status="install ok half-configured" ;; esac
printf 'Package: releve\nStatus: %s\nVersion: %s\nArchitecture: arm64\n' "$status" $version >"$DIR/dpkg/status"
case $text in
  proved*) echo '{"to":"1.2.0","proved":true}' >"$DIR/state/update.json" ;;
  alone*) echo '{"to":"1.2.0","missing":["session"]}' >"$DIR/state/update.json" ;;
  78*) echo failed >"$DIR/condition" ;;
  broken*) exit 1 ;;
esac
`
	fakeDpkgDeb = `#!/bin/sh
if [ "$1" = --show ]; then
  case $(cat "$3") in impostor*) printf "other 1.2.0 arm64" ;; *) printf "releve 1.2.0 arm64" ;; esac
  exit
fi
[ -x "$5/DEBIAN/postinst" ] && [ -x "$5/usr/bin/releve" ] && ! [ -e "$5/etc/releve/releve.toml" ] || exit 1
{ echo old; cat "$5/DEBIAN/control" "$5/usr/bin/releve"; } >"$6"
`
	fakeSystemctl = `#!/bin/sh
case "$*" in
  show*) read -r state <"$DIR/condition"
    case $(cat "$DIR/dpkg/status") in *"Version: 1.2.0"*) [ ! -e "$DIR/crashes" ] || echo >>"$DIR/crashes" ;; esac
    echo "ActiveState=$state"; echo "NRestarts=$(wc -l 2>/dev/null <"$DIR/crashes")" ;;
  *restart*) echo active >"$DIR/condition"; echo "systemctl $*" >>"$DIR/asked" ;;
esac
`
)

func newScene(t *testing.T, k Key) scene {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	s := scene{out: &bytes.Buffer{}}
	s.Installer = Installer{
		State: at("state"), Own: at("own"), Status: at("dpkg/status"), Root: at("root"), Key: k, Self: at("root/usr/bin/releve"),
		Dpkg: at("dpkg.sh"), DpkgDeb: at("dpkg-deb.sh"), Systemctl: at("systemctl.sh"),
		Prove: time.Hour, Look: time.Millisecond, Again: time.Millisecond, Out: s.out,
	}
	for name, content := range map[string]string{
		"state/update/x": "", "own/x": "", "root/usr/bin/releve": "program 1.1.0\n", "root/etc/releve/releve.toml": "mine", "condition": "active\n",
		"dpkg/info/releve.postinst": "#!/bin/sh\n", "dpkg/info/releve.list": "/.\n/usr\n/usr/bin\n/usr/bin/releve\n/usr/share/doc/left-out\n/etc/releve/releve.toml\n",
		"dpkg/status": "Package: other\nVersion: 1\n\nPackage: releve\nStatus: install ok installed\nVersion: 1.1.0\nArchitecture: arm64\nConffiles:\n /etc/releve/releve.toml 0123\nDescription: x\n y\n\nPackage: z\n",
		"dpkg.sh":     fakeDpkg, "dpkg-deb.sh": fakeDpkgDeb, "systemctl.sh": fakeSystemctl,
	} {
		must(t, os.MkdirAll(filepath.Dir(at(name)), 0o700))
		must(t, os.WriteFile(at(name), []byte(strings.ReplaceAll(content, "$DIR", dir)), 0o700))
	}
	return s
}

func (s scene) placed(name string) string { return filepath.Join(s.State, Folder, name) }

// left is what root's folder and the list of what is installed hold in the end.
func (s scene) left(t *testing.T) []string {
	t.Helper()
	has, err := ReadInstalled(s.Status)
	must(t, err)
	left := []string{has.Version}
	for name := range content(t, s.Own) {
		if name != "x" && name != outcomeFile {
			left = append(left, name)
		}
	}
	slices.Sort(left[1:])
	return left
}

// What is not signed, whole and newer is refused, whatever the agent's folder has become; nothing is left of it.
func TestTakenAndRefused(t *testing.T) {
	t.Parallel()
	us, them := signer(t), signer(t)
	key := publicKey(t, us)
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, s scene)
		want  string
	}{
		{"signed by somebody else", func(t *testing.T, s scene) { lay(t, s, release(t, them, map[string]string{file: "the package"})) },
			"take the update: SHA256SUMS is not signed by the key in KEY: openpgp: signature made by unknown entity"},
		{"exchanged after it was verified", func(t *testing.T, s scene) { must(t, os.WriteFile(s.placed(packageFile), []byte("another"), 0o600)) },
			"take the update: " + file + " is not what SHA256SUMS says: its checksum differs"},
		{"an old release again", func(t *testing.T, s scene) {
			lay(t, s, release(t, us, map[string]string{"releve_1.0.0_arm64.deb": "the package"}))
		}, "take the update: version 1.0.0 is not newer than 1.1.0, which is installed"},
		{"another package under our name", func(t *testing.T, s scene) { lay(t, s, release(t, us, map[string]string{file: "impostor"})) },
			"take the update: " + file + " is not what it is called: it holds other 1.2.0 arm64"},
		{"a link that leads out", func(t *testing.T, s scene) {
			must(t, os.Rename(s.placed(""), s.Own+"/x.elsewhere"))
			must(t, os.Symlink(s.Own+"/x.elsewhere", s.placed("")))
		}, "take the update: openat update: path escapes from parent"},
		{"a signature that is a folder", func(t *testing.T, s scene) {
			must(t, os.Remove(s.placed(signatureFile)))
			must(t, os.MkdirAll(s.placed(signatureFile)+"/full", 0o700))
		}, "take the update: SHA256SUMS.asc is not a plain file"},
		{"no room", func(t *testing.T, s scene) { must(t, os.Symlink("/dev/full", s.own(newFile))) },
			"take the update: read " + file + ": write OWN/new.deb: no space left on device"},
		{"a package that is a link to root's files", func(t *testing.T, s scene) {
			must(t, os.Remove(s.placed(packageFile)))
			must(t, os.Symlink(s.Status, s.placed(packageFile)))
		}, "take the update: openat package.deb: path escapes from parent"},
		{"a pipe that never ends", func(t *testing.T, s scene) {
			must(t, os.Remove(s.placed(packageFile)))
			must(t, syscall.Mkfifo(s.placed(packageFile), 0o600))
		}, "take the update: package.deb is not a plain file"},
		{"what cannot be kept", func(t *testing.T, s scene) { must(t, os.Remove(s.Root+"/usr/bin/releve")) },
			"keep version 1.1.0: dpkg-deb: exit status 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, key)
			lay(t, s, release(t, us, map[string]string{file: "the package"}))
			tt.spoil(t, s)
			must(t, os.WriteFile(s.State+"/"+AskedFile, []byte(`{"from":"1.1.0","to":"1.2.0"}`), 0o600))
			_, err := s.Install(context.Background())
			names := strings.NewReplacer(key.file, "KEY", s.Own, "OWN")
			if diff := cmp.Diff([]string{tt.want, ""}, []string{names.Replace(fmt.Sprint(err)), s.out.String()}); diff != "" {
				t.Errorf("error and dpkg (-want +got):\n%s", diff)
			}
			told, err := ReadOutcome(s.Own)
			must(t, err)
			if diff := cmp.Diff(Outcome{From: "1.1.0", To: "1.2.0", At: told.At, Why: tt.want, Refused: true}, told,
				cmp.Transformer("names", names.Replace)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if left, _ := filepath.Glob(s.own("*.deb")); left != nil {
				t.Errorf("%v is left", left)
			}
			if fi, err := os.Lstat(s.placed("")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v, %v: it would be taken again for ever", fi, err)
			}
		})
	}
}

// A key that the agent could exchange counts for nothing.
func TestKeyOfTheAgent(t *testing.T) {
	t.Parallel()
	us := signer(t)
	s := newScene(t, publicKey(t, us))
	lay(t, s, release(t, us, map[string]string{file: "proved"}))
	s.Key.owner = 65534
	if err := os.Chown(s.State, s.Key.owner, -1); err != nil {
		t.Skip("only root can give a folder away")
	}
	_, err := s.Install(context.Background())
	if want := fmt.Sprintf("take the update: the key in %s belongs to the agent's user, who could exchange it: chown root %[1]s", s.Key.file); fmt.Sprint(err) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// While another program installs something, nothing is begun; and what that one has installed of ours stays.
func TestAnotherProgramInstalls(t *testing.T) {
	t.Parallel()
	us := signer(t)
	for _, tt := range []struct {
		version string
		want    Outcome
	}{
		{"1.1.0", Outcome{From: "1.1.0", To: "1.2.0"}},
		{"1.3.0", Outcome{From: "1.1.0", To: "1.2.0", Why: "version 1.3.0 was installed meanwhile", Runs: "1.3.0", Refused: true}},
	} {
		s := newScene(t, publicKey(t, us))
		lay(t, s, release(t, us, map[string]string{file: "proved"}))
		said, err := os.Create(filepath.Dir(s.Own) + "/said")
		must(t, err)
		defer said.Close()
		s.Out = said
		apt, err := os.Create(filepath.Join(filepath.Dir(s.Status), "lock-frontend"))
		must(t, err)
		must(t, unix.FcntlFlock(apt.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}))
		installed := make(chan Outcome)
		go func() {
			defer close(installed)
			o, err := s.Install(context.Background())
			if err != nil {
				t.Error(err)
			}
			installed <- o
		}()
		for text := ""; !strings.Contains(text, "waiting for it to end\n"); time.Sleep(time.Millisecond) {
			is, err := os.ReadFile(said.Name())
			must(t, err)
			text = string(is)
		}
		must(t, os.WriteFile(s.Status, []byte("Package: releve\nStatus: install ok installed\nVersion: "+tt.version+"\nArchitecture: arm64\n"), 0o600))
		must(t, apt.Close())
		got := <-installed
		tt.want.At = got.At
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
	}
}

// Without a package there is nothing to take and nothing to tell: one may be on its way.
func TestNothingPlaced(t *testing.T) {
	t.Parallel()
	us := signer(t)
	for _, missing := range []string{"", signatureFile} {
		s := newScene(t, publicKey(t, us))
		lay(t, s, release(t, us, map[string]string{file: "proved"}))
		must(t, os.WriteFile(s.State+"/"+AskedFile, []byte(`{"from":"1.1.0","to":"1.2.0"}`), 0o600))
		must(t, os.RemoveAll(s.placed(missing)))
		_, err := s.Install(context.Background())
		told, errTold := ReadOutcome(s.Own)
		if diff := cmp.Diff([]any{"take the update: no package was placed", "<nil>", Outcome{}}, []any{fmt.Sprint(err), fmt.Sprint(errTold), told}); diff != "" {
			t.Errorf("without %q: errors and outcome (-want +got):\n%s", missing, diff)
		}
		if _, err := os.Stat(s.placed(packageFile)); missing != "" && err != nil {
			t.Errorf("what is on its way was taken away: %v", err)
		}
	}
}

// What dpkg was given, in short.
const (
	gaveNew  = "dpkg --force-confold --force-downgrade --install new.deb: "
	gaveBack = "dpkg --force-confold --force-downgrade --install old.deb: old\nPackage: releve\nVersion: 1.1.0\nArchitecture: arm64\nDescription: x\n y\nprogram 1.1.0\n"
	told     = "version 1.2.0 is taken back: "
	again    = "systemctl --no-block restart releve.service\n"
)

// A version stays once it has proved itself; every other one is taken back, and what ran before runs again.
func TestInstallAndReturn(t *testing.T) {
	t.Parallel()
	us := signer(t)
	key := publicKey(t, us)
	for _, tt := range []struct {
		name, deb string
		change    func(t *testing.T, s *scene)
		why       string
		said      string
	}{
		{"proves itself", "proved", nil, "", gaveNew + "proved\n"},
		{"where systemd does not run", "silent", func(_ *testing.T, s *scene) { s.Systemctl = "" }, "", gaveNew + "silent\n"},
		{"where it did not run before", "silent", func(t *testing.T, s *scene) { s.is(t, "inactive") }, "", gaveNew + "silent\n"},
		{"hangs before it is ready", "silent", soon, "it did not prove itself within 50ms; missing: all of it", ""},
		{"without the federation", "alone", soon, "it did not prove itself within 50ms; missing: session", ""},
		{"refuses to run", "78", nil, "it stopped for good", ""},
		{"crashes at once", "crashes", func(t *testing.T, s *scene) { must(t, os.WriteFile(filepath.Dir(s.Own)+"/crashes", nil, 0o600)) }, "it ended again and again", ""},
		{"refused by its own postinst", "broken", nil, "install " + file + ": dpkg: exit status 1", ""},
		{"refused by dpkg, which changes nothing", "impossible", nil, "install " + file + ": dpkg: exit status 1", gaveNew + "impossible\n" + told + "install " + file + ": dpkg: exit status 1\n"},
		{"another version's proof", "silent", func(t *testing.T, s *scene) {
			soon(t, s)
			must(t, os.WriteFile(s.State+"/update.json", []byte(`{"to":"1.1.0","proved":true}`), 0o600))
		}, "it did not prove itself within 50ms; missing: all of it", ""},
		{"a proof that is not one", "silent", func(t *testing.T, s *scene) {
			soon(t, s)
			must(t, os.WriteFile(s.State+"/update.json", []byte(`{"to":"1.2.0","missing":["\u001b[31m`+strings.Repeat("x", 300)+`"],"proved":"yes"}`), 0o600))
		}, "it did not prove itself within 50ms; missing: all of it", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, key)
			lay(t, s, release(t, us, map[string]string{file: tt.deb}))
			if tt.change != nil {
				tt.change(t, &s)
			}
			got, err := s.Install(context.Background())
			must(t, err)
			want, left := Outcome{From: "1.1.0", To: "1.2.0", Why: tt.why, At: got.At}, []string{"1.2.0"}
			if tt.why != "" {
				left = []string{"1.1.0"}
			}
			if tt.said == "" {
				tt.said = gaveNew + tt.deb + "\n" + told + tt.why + "\n" + gaveBack
			}
			if diff := cmp.Diff([]any{want, left, tt.said}, []any{got, s.left(t), s.out.String()}); diff != "" {
				t.Errorf("outcome, what is left and what dpkg did (-want +got):\n%s", diff)
			}
			if asked, _ := os.ReadFile(filepath.Dir(s.Own) + "/asked"); strings.HasSuffix(tt.said, gaveBack) && string(asked) != again {
				t.Errorf("what ran before was started by %q", asked)
			}
			if Waits(s.placed("")) {
				t.Error("it would be taken again")
			}
		})
	}
}

func soon(_ *testing.T, s *scene) { s.Prove = 50 * time.Millisecond }

func (s *scene) is(t *testing.T, state string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Dir(s.Own)+"/condition", []byte(state+"\n"), 0o600))
}

// lay places a release as the agent does.
func lay(t *testing.T, s scene, files released) {
	t.Helper()
	files = maps.Clone(files)
	for name, content := range files {
		if strings.HasSuffix(name, ".deb") {
			name = packageFile
		}
		must(t, os.WriteFile(s.placed(name), []byte(content), 0o600))
	}
}
