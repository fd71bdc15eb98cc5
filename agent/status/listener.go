package status

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
)

const (
	connections = 64               // at once; a page needs two
	requestTime = 10 * time.Second // to read a request and to write its answer
	idleTime    = time.Minute
	graceTime   = 3 * time.Second // for requests under way when the program stops
)

// Listen opens the address of the page: "127.0.0.1:8080", or "127.0.0.1:0" for
// any free port, which the listener's Addr then tells. The errors say what to do.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program uses this port; stop it or give status.listen another one: %w", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: ports below 1024 need a privilege; give status.listen a higher one: %w", address, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine has no such address; check status.listen: %w", address, err)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// Serve answers on listener until ctx ends; then it ends live streams at once,
// gives other requests a moment to finish and returns nil. It closes listener.
// Whatever ends it before is an error.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:        handler,
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ReadTimeout:    requestTime,
		WriteTimeout:   requestTime,
		IdleTimeout:    idleTime,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       log.New(io.Discard, "", 0), // what a browser does wrong is not news
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { stopped <- shut(ctx, server) })
	err := server.Serve(netutil.LimitListener(listener, connections))
	if !stop() { // ctx ended: the error is only that the server was closed
		return <-stopped
	}
	return fmt.Errorf("serve the page on %s: %w", listener.Addr(), errors.Join(err, server.Close()))
}

// shut stops a server whose ctx has ended.
func shut(ctx context.Context, server *http.Server) error {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // someone did not finish in time; that was their chance
	}
	return nil
}
