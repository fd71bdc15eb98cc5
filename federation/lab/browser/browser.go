package browser

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long anything is waited for: a machine may be busy with much else.
const patience = 5 * time.Minute

// Browser is one Chromium.
type Browser struct {
	ctx context.Context // its end is that of the browser
}

// New starts a browser, which ends with the test.
func New(t testing.TB) *Browser {
	t.Helper()
	require(t, Missing(), os.Getenv("CI") != "")
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	allocated, release := chromedp.NewExecAllocator(context.Background(), options(path, t.TempDir())...)
	t.Cleanup(release)
	ctx, end := chromedp.NewContext(allocated, chromedp.WithErrorf(ignore))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return &Browser{ctx: ctx}
}

// options is how the browser is started: without a window, on loopback only, and looking the same everywhere.
func options(path, profile string) []chromedp.ExecAllocatorOption {
	chosen := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.WSURLReadTimeout(patience),
		chromedp.DisableGPU,
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("force-device-scale-factor", "1"),
	)
	if os.Geteuid() == 0 {
		chosen = append(chosen, chromedp.NoSandbox) // Chromium refuses to run as root with it
	}
	return chosen
}

// ignore drops what the driver says of answers that it did not expect: a newer Chromium tells more than it knows.
func ignore(string, ...any) {}

// Missing names the Debian packages without which no page can be shown and audited.
func Missing() []string {
	var missing []string
	for _, name := range []string{"chromium", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// require ends the test when packages are missing.
func require(t testing.TB, missing []string, ci bool) {
	t.Helper()
	if len(missing) == 0 {
		return
	}
	const reason = "a real browser needs Debian packages; run: federation/lab/packages.sh %s"
	if ci {
		t.Fatalf(reason, strings.Join(missing, " "))
	}
	t.Skipf(reason, strings.Join(missing, " "))
}
