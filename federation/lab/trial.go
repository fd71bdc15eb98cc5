package lab

import (
	"os"
	"strings"
	"testing"
)

// New starts a federation for one test and closes it when the test ends. When the
// test has failed by then, the last lines of the servers' logs are printed.
//
// Without the Debian packages the test is skipped, with the reason; where the
// environment variable CI is not empty it fails instead.
func New(t testing.TB, o Options) *Federation {
	t.Helper()
	requirePackages(t, Missing(o.withDefaults().kinds()...), os.Getenv("CI") != "")
	f, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			f.tellLogs(t)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// requirePackages ends the test when packages are missing.
func requirePackages(t testing.TB, missing []string, ci bool) {
	t.Helper()
	if len(missing) == 0 {
		return
	}
	const reason = "real servers need Debian packages; run: federation/lab/packages.sh %s"
	if ci {
		t.Fatalf(reason, strings.Join(missing, " "))
	}
	t.Skipf(reason, strings.Join(missing, " "))
}

func (f *Federation) tellLogs(t testing.TB) {
	for _, s := range f.servers {
		t.Log(s.LogTail())
	}
}
