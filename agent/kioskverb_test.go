package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"releve/agent/status"
)

// fakeScreen is a file in place of a frame buffer of 320 × 200 pixels, and the folder that describes it.
func fakeScreen(t *testing.T) (device, sysfs string, before []byte) {
	t.Helper()
	dir := t.TempDir()
	before = bytes.Repeat([]byte("term"), 160*200)
	for name, text := range map[string]string{"fb0": string(before), "virtual_size": "320,200\n", "bits_per_pixel": "16\n", "stride": "640\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "fb0"), dir, before
}

// TestKioskVerb has a page drawn on a screen, until it is stopped.
func TestKioskVerb(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 100)
	page := status.Handler(func() status.Snapshot { return status.Snapshot{Now: time.Now()} }, status.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Clone(t.Context())
		page.ServeHTTP(w, r)
	}))
	defer server.Close()
	device, sysfs, before := fakeScreen(t)
	token := written(t, "token", "secret-of-the-screen\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan int, 1)
	var talk bytes.Buffer
	go func() {
		ended <- execute(ctx, []string{"kiosk", "--framebuffer", device, "--sysfs", sysfs, "--page", server.URL, "--token-file", token,
			"--view", "now", "--language", "en", "--every", "1s"}, terminal{out: &talk, err: &talk})
	}()
	first := <-asked
	if got, want := first.URL.RequestURI()+" "+first.Header.Get("Authorization"), "/kiosk.png?h=200&lang=en&view=now&w=320 Bearer secret-of-the-screen"; got != want {
		t.Errorf("it asks %s, want %s", got, want)
	}
	second := <-asked // by now the first is drawn
	if second.Header.Get("If-None-Match") == "" {
		t.Error("it asks again for what it shows")
	}
	if shown, err := os.ReadFile(device); err != nil || bytes.Equal(shown, before) {
		t.Errorf("nothing was drawn, %v", err)
	}
	cancel()
	if code := <-ended; code != exitDone || talk.Len() != 0 {
		t.Errorf("it ends with %d and says %s", code, talk.String())
	}
	if left, err := os.ReadFile(device); err != nil || !bytes.Equal(left, before) {
		t.Errorf("the screen does not show what it did before, %v", err)
	}
}

// A screen that is plugged in later is drawn on then; who stops waiting for one has done nothing wrong.
func TestKioskVerbWaits(t *testing.T) {
	t.Parallel()
	asked := make(chan bool, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- true
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	device, sysfs, _ := fakeScreen(t)
	unplugged := device + "-in-its-box"
	for _, plugged := range []bool{true, false} {
		if err := os.Rename(device, unplugged); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan int, 1)
		said, talk := io.Pipe()
		go func() {
			ended <- execute(ctx, []string{"kiosk", "--wait", "--framebuffer", device, "--sysfs", sysfs, "--page", server.URL, "--every", "1s"}, terminal{out: talk, err: talk})
			_ = talk.Close() // it never fails
		}()
		lines := bufio.NewReader(said)
		if line, err := lines.ReadString('\n'); err != nil || line != "there is no screen at "+device+" yet: waiting for one\n" {
			t.Fatalf("it says %q, %v", line, err)
		}
		if plugged {
			if err := os.Rename(unplugged, device); err != nil {
				t.Fatal(err)
			}
			<-asked
		}
		cancel()
		if rest, err := io.ReadAll(lines); err != nil || len(rest) != 0 {
			t.Errorf("it says more: %s, %v", rest, err)
		}
		if code := <-ended; code != exitDone {
			t.Errorf("it ends with %d", code)
		}
	}
}

func TestKioskVerbRefuses(t *testing.T) {
	t.Parallel()
	device, sysfs, _ := fakeScreen(t)
	for _, row := range []struct {
		args string
		code int
		want string // the end
	}{
		{"--page releve.local", exitUsage, `--page: "releve.local" is not an address such as http://127.0.0.1:8080; see releve --help`},
		{"--every 10ms", exitUsage, "--every: 10ms is shorter than a second; see releve --help"},
		{"--token-file /nowhere", exitFailed, "read the token of the screen: open /nowhere: no such file or directory"},
		{"--framebuffer " + device + "9 --sysfs " + sysfs, exitFailed, "open the screen: open " + device + "9: no such file or directory"},
	} {
		got := typed(t, "", append([]string{"kiosk"}, strings.Fields(row.args)...)...)
		if got.code != row.code || !strings.HasSuffix(strings.TrimSpace(got.talk), row.want) {
			t.Errorf("%s: %d %s, want %d %s", row.args, got.code, got.talk, row.code, row.want)
		}
	}
}

// A page that is not a page is not drawn, and one that is silent for long is said to be.
func TestWallClientDoubts(t *testing.T) {
	t.Parallel()
	answer := http.StatusTeapot
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answer) }))
	defer server.Close()
	c, err := kioskVerb{Page: server.URL, Every: time.Second, Language: "fr"}.client()
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[int]string{http.StatusTeapot: "418 I'm a teapot", http.StatusUnauthorized: "401 Unauthorized", http.StatusOK: "read the picture: unexpected EOF"} {
		answer = code
		if picture, err := c.ask(t.Context(), image.Pt(320, 200)); picture != nil || err == nil || err.Error() != want {
			t.Errorf("%d: got %v, want %s", code, err, want)
		}
	}
	c.known = "what it shows"
	picture, err := c.silence(image.Pt(320, 200), errors.New("no route to host"))
	if err != nil || picture.Rect != image.Rect(0, 0, 320, 200) || c.known != "" {
		t.Errorf("silence is drawn as %v, %v", picture.Rect, err)
	}
}
