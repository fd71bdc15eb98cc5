package main

import (
	"io"
	"strings"
	"testing"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
)

// Whatever a meter says has an item in the template, of a type that takes it.
func TestTemplateHasEverySeries(t *testing.T) {
	t.Parallel()
	got := typed(t, "", "lognact", "template")
	if got.code != exitDone || got.talk != "" {
		t.Fatalf("code %d: %s", got.code, got.talk)
	}
	said := map[string]senml.Kind{}
	for _, flags := range [][]string{
		{"--producer", "--phases", "3", "--contract", "tempo"}, {"--mode", "historic", "--contract", "tempo"},
		{"--mode", "historic", "--contract", "ejp", "--phases", "3"}, {"--contract", "hc"},
	} {
		recorder := series.NewRecorder("linky", 0)
		recorder.Derived = true
		decoder := tic.NewDecoder(tic.Auto, func(f *tic.Frame) {
			for _, r := range recorder.Record(f, heardAt(f)) {
				said[strings.TrimPrefix(r.Name, "linky/")] = r.Value.Kind()
			}
		})
		if _, err := io.WriteString(decoder, simulated(t, append([]string{"--frames", "40"}, flags...)...)); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) < 80 {
		t.Errorf("the meters said %d series only", len(said))
	}
	dictionary := series.NewDictionary()
	for path, kind := range said {
		if !strings.Contains(got.out, "key: releve["+path+"]\n") {
			t.Errorf("%s has no item", path)
		}
		if want := valueKind(dictionary.Path(path)); want != kind {
			t.Errorf("%s is a %s, and its item is for %s", path, kind, want)
		}
	}
}

func TestProvisionNeedsRecipient(t *testing.T) {
	t.Parallel()
	file := written(t, "releve.toml", "[[meter]]\n[[recipient]]\nname = \"z\"\nkind = \"lognact\"\nserver = \"127.0.0.1:1\"\n")
	for name, want := range map[string]string{
		"a": `releve: there is no recipient "a"` + "\n",
		"z": "releve: recipient z has no url: provisioning goes by the API\n",
	} {
		got := typed(t, "", "lognact", "provision", "--config", file, "--token-file", "t", name)
		if got.code != exitFailed || got.talk != want {
			t.Errorf("%s: code %d, %s", name, got.code, got.talk)
		}
	}
}
