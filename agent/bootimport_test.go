package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree is every file below a folder, by its name there.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[name] = string(text)
		return err
	}))
	return all
}

// utf16 is a text as Notepad saves it as Unicode.
const utf16 = "\xff\xfep\x00w\x00\r\x00\n\x00"

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// What the boot partition brings is taken whole or not at all; a person finds out there why not.
func TestImportFromBoot(t *testing.T) {
	t.Parallel()
	const good, other = "[[meter]]\nname = \"linky\"\nport = \"auto\"\n", "[[meter]]\nname = \"old\"\n"
	const named = good + "# token_file = \"/etc/releve/secrets/token.txt\"\n"
	for _, tt := range []struct {
		name      string
		boot, etc map[string]string
		done, err string
		boots     map[string]string // afterwards; what bootError says is only compared to be there
		has       map[string]string
	}{
		{"nothing", map[string]string{"config.txt": "x"}, map[string]string{"releve.toml": other},
			"there is no configuration on the boot partition", "", map[string]string{"config.txt": "x"}, map[string]string{"releve.toml": other}},
		{"the first one", map[string]string{"config.txt": "x", "releve.toml": good}, nil,
			"the configuration was taken from the boot partition", "", map[string]string{"config.txt": "x"}, map[string]string{"releve.toml": good}},
		{"another one, with secrets, after one that was wrong",
			map[string]string{"releve.toml": good, "releve-secrets/xmpp": "pw", "releve-error.txt": "x"}, map[string]string{"releve.toml": other, "secrets/xmpp": "old"},
			"the configuration was taken from the boot partition", "", map[string]string{},
			map[string]string{"releve.toml": good, "releve.toml.before-import": other, "secrets/xmpp": "pw"}},
		{"as editors of Windows leave them", map[string]string{"releve.toml": "\ufeff" + crlf(good), "releve-secrets/xmpp": "\ufeffpw \t\r\n\r\n", "releve-secrets/token": "tok en  "}, nil,
			"the configuration was taken from the boot partition", "", map[string]string{},
			map[string]string{"releve.toml": "\ufeff" + crlf(good), "secrets/xmpp": "pw", "secrets/token": "tok en"}},
		{"a key as gpg exports it", map[string]string{"releve.toml": good, "releve-secrets/releases.gpg": "\x98\x33\x00\r\n"}, nil,
			"the configuration was taken from the boot partition", "", map[string]string{},
			map[string]string{"releve.toml": good, "secrets/releases.gpg": "\x98\x33\x00\r\n"}},
		{"a configuration in UTF-16", map[string]string{"releve.toml": utf16}, nil,
			"", "is not saved as UTF-8", map[string]string{"releve.toml": utf16, "releve-error.txt": ""}, map[string]string{}},
		{"a secret in UTF-16", map[string]string{"releve.toml": good, "releve-secrets/xmpp": utf16}, nil,
			"", "releve-secrets/xmpp: it is not saved as UTF-8", map[string]string{"releve.toml": good, "releve-secrets/xmpp": utf16, "releve-error.txt": ""}, map[string]string{}},
		{"what a power cut before the end left", map[string]string{"releve.toml": good}, map[string]string{"releve.toml": good, "releve.toml.before-import": other, "secrets/xmpp": "pw"},
			"the configuration was taken from the boot partition", "", map[string]string{},
			map[string]string{"releve.toml": good, "releve.toml.before-import": other, "secrets/xmpp": "pw"}},
		{"a key that there is not", map[string]string{"releve.toml": "[[metre]]\n", "releve-secrets/xmpp": "pw"}, map[string]string{"releve.toml": other},
			"", "metre", map[string]string{"releve.toml": "[[metre]]\n", "releve-secrets/xmpp": "pw", "releve-error.txt": ""}, map[string]string{"releve.toml": other}},
		{"one that does not go with conf.d", map[string]string{"releve.toml": good}, map[string]string{"releve.toml": other, "conf.d/more.toml": "[buffer]\nperiod = \"1y\"\n"},
			"", "buffer.period", map[string]string{"releve.toml": good, "releve-error.txt": ""}, map[string]string{"releve.toml": other, "conf.d/more.toml": "[buffer]\nperiod = \"1y\"\n"}},
		{"too long", map[string]string{"releve.toml": strings.Repeat("#", maxBootFile+1)}, nil,
			"", "releve.toml is longer than 262144 bytes", map[string]string{"releve.toml": strings.Repeat("#", maxBootFile+1), "releve-error.txt": ""}, map[string]string{}},
		{"with what macOS writes by itself", map[string]string{"releve.toml": good, "._releve.toml": "x", "._config.txt": "x", "releve-secrets/xmpp": "pw", "releve-secrets/._xmpp": "x", "releve-secrets/.DS_Store": "x"}, nil,
			"the configuration was taken from the boot partition", "", map[string]string{"._config.txt": "x"}, map[string]string{"releve.toml": good, "secrets/xmpp": "pw"}},
		{"in capitals, with the ending that Windows hides", map[string]string{"Releve.toml.TXT": named, "Releve-Secrets/xmpp.txt": "pw", "Releve-Secrets/token.txt": "x"}, nil,
			"the configuration was taken from the boot partition", "", map[string]string{}, map[string]string{"releve.toml": named, "secrets/xmpp": "pw", "secrets/token.txt": "x"}},
		{"two configurations", map[string]string{"releve.toml": good, "releve.toml.txt": other}, nil,
			"", "releve.toml and releve.toml.txt stand for the same: leave one of them",
			map[string]string{"releve.toml": good, "releve.toml.txt": other, "releve-error.txt": ""}, map[string]string{}},
		{"a name of nothing", map[string]string{"releve.toml.rtf": "x", "releve.toml": good}, nil,
			"the configuration was taken from the boot partition", "releve.toml.rtf: nothing has this name; call it releve.toml or releve-wifi.toml, or take it away",
			map[string]string{"releve.toml.rtf": "x", "releve-error.txt": ""}, map[string]string{"releve.toml": good}},
		{"what was wrong is taken away", map[string]string{"releve-error.txt": "x"}, nil,
			"there is no configuration on the boot partition", "", map[string]string{}, map[string]string{}},
		{"two secrets for one name", map[string]string{"releve.toml": good, "releve-secrets/x": "a", "releve-secrets/x.txt": "b"}, nil,
			"", "releve-secrets: two files stand for x: leave one of them",
			map[string]string{"releve.toml": good, "releve-secrets/x": "a", "releve-secrets/x.txt": "b", "releve-error.txt": ""}, map[string]string{}},
		{"a secret whose name nobody can type", map[string]string{"releve.toml": good, "releve-secrets/é": "pw"}, nil,
			"", `releve-secrets: a name has letters without accents, digits, dots and hyphens: "é"`,
			map[string]string{"releve.toml": good, "releve-secrets/é": "pw", "releve-error.txt": ""}, map[string]string{}},
		{"a secret that is a folder", map[string]string{"releve.toml": good, "releve-secrets/x/y": "pw"}, nil,
			"", "releve-secrets/x is not a plain file",
			map[string]string{"releve.toml": good, "releve-secrets/x/y": "pw", "releve-error.txt": ""}, map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			group, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
			must(t, err)
			boot, etc := t.TempDir(), t.TempDir()
			for folder, files := range map[string]map[string]string{boot: tt.boot, etc: tt.etc} {
				for name, text := range files {
					must(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
					must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
				}
			}
			done, err := configBootImportVerb{configFile: configFile{Config: filepath.Join(etc, "releve.toml")}, Group: group.Name}.take(boot)
			if done != tt.done || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("done %q, error %v; want %q, %q", done, err, tt.done, tt.err)
			}
			boots := tree(t, boot)
			if said, there := boots[bootError]; there && tt.err != "" {
				if !strings.Contains(said, tt.err) {
					t.Errorf("%s says %q, want %q", bootError, said, tt.err)
				}
				boots[bootError] = ""
			}
			if tt.has == nil {
				tt.has = map[string]string{}
			}
			if diff := cmp.Diff([]map[string]string{tt.boots, tt.has}, []map[string]string{boots, tree(t, etc)}); diff != "" {
				t.Errorf("the boot partition, and what counts (-want +got):\n%s", diff)
			}
		})
	}
}

// What was taken can be read by the agent's group although the unit takes that from all files (UMask=0077).
func TestImportUnderUmask(t *testing.T) {
	t.Parallel()
	group, err := user.LookupGroupId(strconv.Itoa(os.Getgid()))
	must(t, err)
	partition, etc := t.TempDir(), t.TempDir()
	run(t, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", partition)
	t.Cleanup(func() { must(t, syscall.Unmount(partition, syscall.MNT_DETACH)) })
	must(t, os.Mkdir(filepath.Join(partition, bootSecrets), 0o700))
	writeAll(t, partition, map[string]string{bootConfig: "[[meter]]\nname = \"linky\"\n", bootSecrets + "/xmpp": "pw"})
	config := filepath.Join(etc, "releve.toml")
	verb := exec.Command("sh", "-c", `umask 077 && exec "$0" "$@"`, os.Args[0], "config", "import-boot", "--config", config, "--group", group.Name, "--boot", partition)
	verb.Env = append(os.Environ(), asReleve+"=1")
	if said, err := verb.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, name := range []string{config, filepath.Join(etc, "secrets", "xmpp")} {
		if about, err := os.Stat(name); err != nil || about.Mode() != 0o640 {
			t.Errorf("%s: %v, %v; want -rw-r-----", name, about.Mode(), err)
		}
	}
}
