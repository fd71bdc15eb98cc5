package status_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"releve/agent/status"
)

// served starts the page on a free port; stop ends it and returns what Serve did.
func served(t *testing.T, handler http.Handler) (address string, stop func() error) {
	t.Helper()
	porch := new(status.Porch)
	address, end := shows(t, porch, handler)
	return address, func() error {
		defer porch.Shut()
		return end()
	}
}

// shows has an agent show its page at a porch; end ends it and returns what Serve did.
func shows(t *testing.T, porch *status.Porch, page http.Handler) (address string, end func() error) {
	t.Helper()
	at, err := porch.Open(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(porch.Shut)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- porch.Serve(ctx, page) }()
	t.Cleanup(cancel)
	return at.String(), func() error { cancel(); return <-done }
}

// says is a page of a word.
func says(word string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) })
}

// Who comes while there is no agent waits for the next, whose page it is.
func TestPorchOutlivesAgents(t *testing.T) {
	t.Parallel()
	porch := new(status.Porch)
	address, end := shows(t, porch, says("first"))
	if got := body(t, open(t, "http://"+address+"/")); got != "first" {
		t.Errorf("the first agent says %q", got)
	}
	if err := end(); err != nil {
		t.Errorf("Serve = %v", err)
	}
	answer := make(chan string, 1)
	go func() { answer <- body(t, open(t, "http://"+address+"/")) }()
	next, end := shows(t, porch, says("second"))
	if next != address {
		t.Errorf("the second agent is at %s, want %s", next, address)
	}
	if got := <-answer; got != "second" {
		t.Errorf("who came between the two got %q", got)
	}
	if err := end(); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

// Who waits for an agent that never comes is told so.
func TestPorchSendsAwayWhoWaits(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	answer := httptest.NewRecorder()
	new(status.Porch).ServeHTTP(answer, httptest.NewRequestWithContext(over, http.MethodGet, "/", nil))
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") != "5" || !strings.Contains(answer.Body.String(), "begins anew") {
		t.Errorf("who waited got %d, %v: %s", answer.Code, answer.Header(), answer.Body)
	}
}

// A porch opened elsewhere is shut where it was.
func TestPorchMoves(t *testing.T) {
	t.Parallel()
	porch := new(status.Porch)
	t.Cleanup(porch.Shut)
	before, err := porch.Open(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	after, err := porch.Open(t.Context(), "localhost:0")
	if err != nil || after.String() == before.String() {
		t.Fatalf("Open = %v, %v", after, err)
	}
	if _, err := net.Dial("tcp", before.String()); err == nil {
		t.Error("the port before is still open")
	}
}

func TestServeStopsWithItsContext(t *testing.T) {
	t.Parallel()
	address, stop := served(t, status.Handler(household, status.Options{}))
	if got := body(t, open(t, "http://"+address+"/healthz")); got != "ok\n" {
		t.Errorf("healthz says %q", got)
	}
	if err := stop(); err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("the port is still open")
	}
}

func TestServeEndsLiveStreams(t *testing.T) {
	t.Parallel()
	address, stop := served(t, status.Handler(household, status.Options{}))
	live := bufio.NewReader(open(t, "http://"+address+"/events").Body)
	if line, err := live.ReadString('\n'); err != nil || line != "retry: 2000\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	if err := stop(); err != nil { // would last for ever if the stream were waited for
		t.Errorf("Serve = %v, want nil", err)
	}
	rest, err := io.ReadAll(live)
	if err != nil || !strings.Contains(string(rest), "event: patch") {
		t.Errorf("the stream ended with %q, %v", rest, err)
	}
}

func TestServeLetsARequestFinish(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	address, stop := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		_, _ = io.WriteString(w, "done")
	}))
	answer := make(chan string, 1)
	go func() { answer <- body(t, open(t, "http://"+address+"/")) }()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("the request got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestServeNeedsAnOpenPorch(t *testing.T) {
	t.Parallel()
	if err := new(status.Porch).Serve(t.Context(), http.NotFoundHandler()); err == nil {
		t.Error("a shut porch serves")
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	table := []struct {
		name, address, want string
		cause               error
	}{
		{
			name: "taken", address: taken.Addr().String(), cause: syscall.EADDRINUSE,
			want: "another program uses this port; stop it or give status.listen another one",
		},
		{
			name: "not ours", address: "192.0.2.1:8080", cause: syscall.EADDRNOTAVAIL, // RFC 5737: nobody's
			want: "this machine has no such address; check status.listen",
		},
		{name: "no address", address: "8080", want: "listen on 8080: listen tcp: address 8080: missing port in address"},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			_, err := new(status.Porch).Open(t.Context(), row.address)
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "listen on "+row.address) {
				t.Errorf("Open = %v, want …%s…", err, row.want)
			}
			if row.cause != nil && !errors.Is(err, row.cause) {
				t.Errorf("the cause is lost: %v", err)
			}
		})
	}
}
