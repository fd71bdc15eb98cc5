package clock

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// System is the kernel we run on.
type System struct{ boot string }

// bootFile names the boot, anew at each start of the kernel (proc_sys_kernel(5)).
const bootFile = "/proc/sys/kernel/random/boot_id"

// syncedFile is there once systemd-timesyncd has set the clock in this boot (systemd-timesyncd.service(8)).
const syncedFile = "/run/systemd/timesync/synchronized"

// OpenSystem reads the name of this boot.
func OpenSystem() (System, error) {
	name, err := os.ReadFile(bootFile)
	if err != nil {
		return System{}, fmt.Errorf("read the name of this boot: %w", err)
	}
	return System{boot: strings.TrimSpace(string(name))}, nil
}

// Boot names this boot.
func (s System) Boot() string { return s.boot }

// Elapsed reads CLOCK_BOOTTIME: it runs from the start of the machine, also in its sleep, and cannot be set.
func (System) Elapsed() Instant {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		panic("clock: CLOCK_BOOTTIME cannot be read: " + err.Error()) // every Linux since 2.6.39 has it
	}
	return Instant(t.Nano())
}

// looks is how often both clocks are read for one Look: the reading that was least held up between them counts.
const looks = 3

// Look reads both clocks, as near to one moment as can be.
func (s System) Look() Look {
	best, took := Look{}, time.Hour
	for range looks {
		before, wall := s.Elapsed(), time.Now().Round(0)
		if after := s.Elapsed(); after-before < took {
			best, took = Look{At: before + (after-before)/2, Wall: wall}, after-before
		}
	}
	best.Synced = synced()
	return best
}

// synced asks the kernel whether anything disciplines its clock (adjtimex(2): STA_UNSYNC). Where even asking is
// forbidden, as by ProtectClock= of systemd, timesyncd's word counts.
func synced() bool {
	var t unix.Timex
	_, err := unix.Adjtimex(&t)
	if err != nil {
		_, err := os.Stat(syncedFile)
		return err == nil
	}
	return t.Status&unix.STA_UNSYNC == 0
}
