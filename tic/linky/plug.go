//go:build linux

package linky

import "golang.org/x/sys/unix"

// Baud is the speed that a reader set last, in bits per second; the kernel's own is 38400.
func (p *PTY) Baud() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	speed := int64(0)
	if p.closed || p.out {
		return speed
	}
	_ = control(p.slave, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err == nil {
			speed = int64(t.Ospeed)
		}
		return err
	})
	return speed
}

// Unplug takes the device and its link away, as when an adapter is pulled: readers see the end of the line, and what is
// written until Plug is heard by nobody.
func (p *PTY) Unplug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.out {
		return nil
	}
	p.out = true
	return p.hangUp()
}

// Plug brings a device and the link back. The device may have another name.
func (p *PTY) Plug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !p.out {
		return nil
	}
	if err := checkLink(p.link); err != nil {
		return err
	}
	if err := p.open(); err != nil {
		return err
	}
	p.out = false
	return nil
}
