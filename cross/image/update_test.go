package image_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"
)

// Versions that follow that of the image: one that is as good, and one whose agent ends at once.
const (
	goodVersion = "99.0"
	badVersion  = "99.1"
)

var versionLine = regexp.MustCompile(`(?m)^Version: .*$`)

// publish makes both, signs them, and puts them on the boot partition beside the key that signed.
func (h *house) publish() {
	h.t.Helper()
	signer, err := openpgp.NewEntity("releases", "", "", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	must(h.t, err)
	var public bytes.Buffer
	armored, err := armor.Encode(&public, openpgp.PublicKeyType, nil)
	must(h.t, err)
	must(h.t, signer.Serialize(armored))
	must(h.t, armored.Close())
	h.put("releve-secrets/releases.gpg", public.Bytes())
	h.release(signer, goodVersion, "")
	h.release(signer, badVersion, "#!/bin/sh\n[ \"$1\" != run ] || exit 1\nexec /usr/lib/releve/real \"$@\"\n")
}

// release is a package like the image's of another version, whose program is a script before ours; "" for ours alone.
func (h *house) release(signer *openpgp.Entity, version, script string) {
	h.t.Helper()
	packages, err := filepath.Glob("../out/dist/releve_*_" + h.arch + ".deb")
	must(h.t, err)
	tree := h.path("tree-" + version)
	h.run("dpkg-deb", "--raw-extract", packages[0], tree)
	control, err := os.ReadFile(tree + "/DEBIAN/control")
	must(h.t, err)
	must(h.t, os.WriteFile(tree+"/DEBIAN/control", versionLine.ReplaceAll(control, []byte("Version: "+version)), 0o600))
	if script != "" {
		must(h.t, os.MkdirAll(tree+"/usr/lib/releve", 0o700))
		must(h.t, os.Rename(tree+"/usr/bin/releve", tree+"/usr/lib/releve/real"))
		must(h.t, os.WriteFile(tree+"/usr/bin/releve", []byte(script), 0o600))
	}
	h.run("chmod", "-R", "u=rwX,go=rX", tree)
	h.run("chmod", "755", tree+"/usr/bin/releve")
	h.run("dpkg-deb", "-Zgzip", "-z1", "--build", tree, h.path("deb"))
	built, err := os.ReadFile(h.path("deb"))
	must(h.t, err)
	sums := fmt.Sprintf("%x  releve_%s_%s.deb\n", sha256.Sum256(built), version, h.arch)
	var signature bytes.Buffer
	must(h.t, openpgp.ArmoredDetachSign(&signature, signer, strings.NewReader(sums), nil))
	for name, text := range map[string][]byte{"package.deb": built, "SHA256SUMS": []byte(sums), "SHA256SUMS.asc": signature.Bytes()} {
		h.put("update/"+version+"/"+name, text)
	}
}

// update places a version as the agent does that was asked for it, lets root's part install it, and judges what became of it.
func (h *house) update(version, why, runs string) {
	h.t.Helper()
	began := time.Now()
	asked, err := json.Marshal(map[string]any{"by": "test@" + houseDomain, "at": began.UTC(), "from": h.shell.ask(installed), "to": version, "need": []string{"federation", "meter linky"}})
	must(h.t, err)
	said := h.shell.ask(fmt.Sprintf(`own='install -o releve -g releve'; to=/var/lib/releve/update; cd /boot/firmware/update/%s && $own -d -m 0700 $to &&
		$own -m 0600 package.deb SHA256SUMS $to && echo '%s' >$to/../update.json && chown releve:releve $to/../update.json && $own -m 0600 SHA256SUMS.asc $to &&
		cd / && { systemctl start releve-update.service >/dev/null 2>&1; cat /var/lib/releve-update/outcome.json; }`, version, asked))
	var outcome struct{ To, Why string }
	if err := json.Unmarshal([]byte(said), &outcome); err != nil {
		h.t.Fatalf("update to %s: %v: %s", version, err, said)
	}
	h.until("the federation, after the update", func(s snapshot) bool { return s.Federation.State == "ok" })
	got := map[string]string{"to": outcome.To, "why": outcome.Why, "runs": h.shell.ask(installed), "is": h.shell.ask("systemctl is-active releve.service"), "system": h.shell.ask(system)}
	if diff := cmp.Diff(map[string]string{"to": version, "why": why, "runs": runs, "is": "active", "system": "ro"}, got); diff != "" {
		h.t.Errorf("update to %s (-want +got):\n%s\n%s", version, diff, h.shell.ask("journalctl -b -u releve-update -u releve -o short-monotonic --no-hostname | tail -60 | cut -c1-200"))
	}
	h.t.Logf("the update to %s, %q: %s", version, why, time.Since(began).Round(time.Second))
}

// What the machine is asked: which version dpkg has installed, and whether the system may be written.
const (
	installed = "dpkg-query -W -f '${Version}' releve"
	system    = `awk '$2 == "/" && $3 == "ext4" { print substr($4, 1, 2) }' /proc/mounts`
)
