package status_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"releve/agent/status"
)

// served starts the page on a free port; stop ends it and returns what Serve did.
func served(t *testing.T, handler http.Handler) (address string, stop func() error) {
	t.Helper()
	listener, err := status.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- status.Serve(ctx, listener, handler) }()
	t.Cleanup(cancel)
	return listener.Addr().String(), func() error { cancel(); return <-done }
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

func TestServeReportsALostListener(t *testing.T) {
	t.Parallel()
	listener, err := status.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	err = status.Serve(t.Context(), listener, http.NotFoundHandler())
	if !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "serve the page on 127.0.0.1:") {
		t.Errorf("Serve = %v", err)
	}
}

func TestListenSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := status.Listen(t.Context(), "127.0.0.1:0")
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
			_, err := status.Listen(t.Context(), row.address)
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "listen on "+row.address) {
				t.Errorf("Listen = %v, want …%s…", err, row.want)
			}
			if row.cause != nil && !errors.Is(err, row.cause) {
				t.Errorf("the cause is lost: %v", err)
			}
		})
	}
}
