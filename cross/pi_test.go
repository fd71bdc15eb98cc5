// Package cross_test reads what is made for the Raspberry Pi as those who are given it do. The folder has no code of its own.
package cross_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// needs skips a test without a program; where CI is set, a machine without it fails.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "" {
				t.Skipf("%s is missing", name)
			}
			t.Fatal(err)
		}
	}
}

// entry is an operating system in the list of the Raspberry Pi Imager: all that its schema requires, and what we add.
type entry struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Icon        string   `json:"icon"`
	URL         string   `json:"url"`
	Website     string   `json:"website"`
	Date        string   `json:"release_date"`
	Size        int      `json:"extract_size"`
	Sum         string   `json:"extract_sha256"`
	Download    int      `json:"image_download_size"`
	Downloaded  string   `json:"image_download_sha256"`
	Init        string   `json:"init_format"`
	Devices     []string `json:"devices"`
}

// The repository for the Imager names each image with its models, sizes and checksums, before and after it is extracted.
func TestImager(t *testing.T) {
	t.Parallel()
	needs(t, "xz", "jq")
	var images []string
	var want []entry
	folder := t.TempDir()
	for _, of := range []struct {
		arch, models string
		devices      []string
	}{
		{"arm64", "Raspberry Pi 3, 4, Zero 2", []string{"pi4-64bit", "pi3-64bit"}},
		{"armel", "Raspberry Pi 1, Zero, Zero W", []string{"pi1-32bit"}},
	} {
		image := bytes.Repeat([]byte("image "+of.arch), 100_000)
		plain := filepath.Join(folder, "releve_1.0_"+of.arch+".img")
		packed := pack(t, plain, image)
		images = append(images, plain+".xz")
		want = append(want, entry{
			Name: "Relève", Description: "Meter reading agent for Linky and older French electricity meters; for " + of.models,
			URL: "https://breizh-sen1.example/releve/releve_1.0_" + of.arch + ".img.xz", Website: "https://breizh-sen1.example/releve",
			Date: "2026-01-01", Size: len(image), Sum: fmt.Sprintf("%x", sha256.Sum256(image)),
			Download: len(packed), Downloaded: fmt.Sprintf("%x", sha256.Sum256(packed)), Init: "none", Devices: of.devices,
		})
	}
	run := exec.Command("./imager.sh", append([]string{"https://breizh-sen1.example/releve/"}, images...)...)
	run.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1767225600")
	said, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		List []entry `json:"os_list"`
	}
	lines := json.NewDecoder(bytes.NewReader(said))
	lines.DisallowUnknownFields()
	if err := lines.Decode(&got); err != nil {
		t.Fatal(err)
	}
	for i, e := range got.List {
		if i < len(want) && strings.HasPrefix(e.Icon, "data:image/svg+xml,") {
			want[i].Icon = e.Icon
		}
	}
	if diff := cmp.Diff(want, got.List); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// pack writes a file packed with xz, and returns what is in it then.
func pack(t *testing.T, file string, data []byte) []byte {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("xz", file).CombinedOutput(); err != nil {
		t.Fatalf("xz: %v\n%s", err, said)
	}
	packed, err := os.ReadFile(file + ".xz")
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// What cannot be a repository is refused in a sentence.
func TestImagerRefuses(t *testing.T) {
	t.Parallel()
	for said, args := range map[string][]string{
		"imager: http://x is not an https address\n":            {"http://x", "a_arm64.img.xz"},
		"imager: no image is named\n":                           {"https://x"},
		"imager: neither arm64 nor armel is in the name a.xz\n": {"https://x", "a.xz"},
	} {
		var out bytes.Buffer
		run := exec.Command("./imager.sh", args...)
		run.Stderr = &out
		if err := run.Run(); err == nil || out.String() != said {
			t.Errorf("%v: error %v, said %q, want %q", args, err, &out, said)
		}
	}
}

// cloud-init is given a file that is YAML, begins as it wants, and installs our package from a signed repository.
func TestUserData(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("pi/user-data")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("#cloud-config\n")) {
		t.Error("cloud-init would not take it for its own")
	}
	var got struct {
		APT struct {
			Sources map[string]struct{ Source, Key string }
		}
		Update   bool `yaml:"package_update"`
		Packages []string
		Run      [][]string `yaml:"runcmd"`
	}
	lines := yaml.NewDecoder(bytes.NewReader(text))
	lines.KnownFields(true)
	if err := lines.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := got
	want.APT.Sources = map[string]struct{ Source, Key string }{"releve": {"deb [signed-by=$KEY_FILE] https://REPOSITORY stable main", "KEY\n"}}
	want.Update, want.Packages = true, []string{"releve"}
	want.Run = [][]string{{"systemctl", "start", "releve-import.service"}, {"systemctl", "restart", "--no-block", "releve.service"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("user-data (-want +got):\n%s", diff)
	}
}
