package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Root installs nothing where nobody has said whose signature counts.
func TestUpdateNeedsKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "releve: configuration refused:\nupdate.key_file is missing: the public key that signs releases\n",
		"[update]\nfrom = \"https://breizh-sen1.example\"\n":                  "update: from and key_file go together\n",
		"[update]\nfrom = \"http://breizh-sen1.example\"\nkey_file = \"k\"\n": "has no encryption; that is for this machine alone (127.0.0.1)\n",
	} {
		var out bytes.Buffer
		code := execute(context.Background(), []string{"update", "--config", written(t, "releve.toml", text)}, terminal{out: &out, err: &out})
		if code != exitRefused || !strings.HasSuffix(out.String(), want) {
			t.Errorf("%q: exit %d, %s", text, code, &out)
		}
	}
}
