package lab

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestScriptAgreesWithMissing keeps the two lists of what is looked for together.
func TestScriptAgreesWithMissing(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("./packages.sh", "--check").CombinedOutput()
	missing := Missing()
	want := ""
	if len(missing) > 0 {
		slices.Sort(missing)
		want = strings.Join(missing, " ")
	}
	_, listed, _ := strings.Cut(strings.TrimSpace(string(output)), "missing: ")
	got := strings.Fields(listed)
	slices.Sort(got)
	if strings.Join(got, " ") != want || (err == nil) != (want == "") {
		t.Errorf("packages.sh finds %q missing (%v), this package %q", listed, err, want)
	}
}

func TestScriptNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("./packages.sh", "--check", "no-such-package", "bash").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || string(output) != "packages: missing: no-such-package\n" {
		t.Errorf("got %v and %q", err, output)
	}
}

func TestProgramErrors(t *testing.T) {
	t.Parallel()
	if _, err := program("sh"); err != nil {
		t.Error(err)
	}
	want := "find program no-such-program: not in " + searchPath
	if _, err := program("no-such-program"); errText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if hasFile("/usr/*/no-such-file") || !hasFile("/proc/self/stat*") {
		t.Error("files are not found by pattern")
	}
}

// verdict is a testing.TB that keeps what is said about the test.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Helper() {}

func (v *verdict) Fatalf(format string, args ...any) {
	v.said = "failed: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (v *verdict) Skipf(format string, args ...any) {
	v.said = "skipped: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestMissingPackagesSkipOrFail(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		missing []string
		ci      bool
		want    string
	}{
		{"all there", nil, true, ""},
		{"at home", []string{"ejabberd", "prosody"}, false, "skipped: real servers need Debian packages; run: federation/lab/packages.sh ejabberd prosody"},
		{"in CI", []string{"prosody"}, true, "failed: real servers need Debian packages; run: federation/lab/packages.sh prosody"},
	} {
		v := &verdict{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			requirePackages(v, row.missing, row.ci)
		}()
		<-done
		if v.said != row.want {
			t.Errorf("%s: got %q, want %q", row.name, v.said, row.want)
		}
	}
}

// answerWith serves one answer over HTTP until stopped.
func answerWith(t *testing.T, port, status int, body string) (stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	})}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Close() }
}
