// Package notify tells systemd how the service is doing (sd_notify(3)). Outside systemd it does nothing.
package notify

import (
	"fmt"
	"net"
	"os"
	"strings"
)

// Ready says that the service does what it is for.
func Ready() error { return send("READY=1") }

// Stopping says that the service is on its way to stop.
func Stopping() error { return send("STOPPING=1") }

func send(state string) error {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	if strings.HasPrefix(address, "@") { // the abstract namespace
		address = "\x00" + address[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}
