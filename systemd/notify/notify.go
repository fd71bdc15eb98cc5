// Package notify tells systemd how the service is doing (sd_notify(3)). Outside systemd it does nothing.
package notify

import (
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Ready says that the service does what it is for.
func Ready() error { return send("READY=1") }

// Alive says that the service does not hang, and during its start that it takes at most this long until the next word
// (WatchdogSec= and TimeoutStartSec= of systemd.service(5)).
func Alive(most time.Duration) error {
	return send(fmt.Sprintf("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%d", most.Microseconds()))
}

// Watchdog returns how often systemd wants to hear Alive at least; 0 when it does not (sd_watchdog_enabled(3)).
func Watchdog() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	n, err := strconv.ParseUint(os.Getenv("WATCHDOG_USEC"), 10, 63)
	if err != nil || n > uint64(math.MaxInt64/time.Microsecond) {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

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
