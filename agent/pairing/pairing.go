// Package pairing makes an owner of the first person who can prove to be in front of the device: it shows a code, and who
// sends that code owns the device.
//
// In: codes that people of the federation send. Out: the owner's address. It knows nothing of how codes come and are shown.
//
// Everybody in the federation may try, so a code is drawn from 2^40, lasts a day, is used once, and few wrong ones are
// taken: 5 an hour from a domain, 20 in all, which are counted on disk before they are compared. Twenty an hour for a year
// find a code with a chance of one in six million. Hours are those that the machine runs, so no clock has to be right; a
// restart gives no try back.
package pairing

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// State is the file.
type State struct {
	Owner  string        `json:"owner,omitempty"` // who claimed the device; then there is no code
	Code   string        `json:"code,omitempty"`
	Boot   string        `json:"boot,omitempty"` // in which the times below are, since its start
	Made   time.Duration `json:"made"`           // the code was; in a later boot, when that began
	Window time.Duration `json:"window"`         // when the hour began that tries are counted in
	Tries  int           `json:"tries"`          // in that hour
	Boots  int           `json:"boots"`          // that the code has lived through
}

// The bounds.
const (
	Life      = 24 * time.Hour // of a code
	maxBoots  = 20             // of a code, on a machine that is started again and again
	window    = time.Hour
	maxTries  = 20 // within a window
	maxDomain = 5  // of those, from one domain
)

// What Claim is refused for.
var (
	ErrWrong   = errors.New("this is not the code that the device shows")
	ErrTooMany = errors.New("too many tries: wait an hour")
	ErrClaimed = errors.New("the device has an owner")
)

// Pairing is the code of a device, or its owner.
type Pairing struct {
	file string // set once
	boot string
	now  func() time.Duration // since the boot

	mu      sync.Mutex // guards everything below
	state   State
	domains map[string]int // tries in the window
}

// Open reads what there is. now is the time since boot, of a clock that cannot be set. A damaged file is set aside, and its
// trouble returned beside a Pairing of a device without owner.
func Open(file, boot string, now func() time.Duration) (*Pairing, error) {
	p := &Pairing{file: file, boot: boot, now: now, domains: map[string]int{}}
	var err error
	p.state, err = statefile.Read[State](file, nil)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read who owns the device: %w", err)
	}
	if p.state.Boot == boot || p.state.Code == "" {
		return p, err
	}
	s := p.state
	s.Boot, s.Made, s.Window, s.Boots = boot, now(), now(), s.Boots+1
	if errKeep := p.keep(s); errKeep != nil {
		p.state = s
		err = errors.Join(err, fmt.Errorf("count a start: %w", errKeep))
	}
	return p, err
}

// Look returns what a file says, and changes nothing.
func Look(file string) (State, error) {
	s, err := statefile.Look[State](file, nil)
	if err != nil {
		return s, fmt.Errorf("read who owns the device: %w", err)
	}
	return s, nil
}

// Owner is who claimed the device, "" when nobody has.
func (p *Pairing) Owner() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.Owner
}

// Code is the code to show, a new one when the last is too old; "" when the device has an owner.
func (p *Pairing) Code() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	if s.Owner != "" {
		return "", nil
	}
	if s.Code != "" && p.now()-s.Made < Life && s.Boots <= maxBoots {
		return s.Code, nil
	}
	s.Code, s.Made, s.Boots, s.Boot = draw(), p.now(), 0, p.boot
	if s.Window > s.Made { // of another boot
		s.Window = s.Made
	}
	if err := p.keep(s); err != nil {
		return "", fmt.Errorf("make a code for the owner: %w", err)
	}
	return s.Code, nil
}

// alphabet has no two letters that are taken for one another.
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// draw makes a code of 40 random bits, such as KQ7M-2XVD.
func draw() string {
	random := make([]byte, 8)
	rand.Read(random) // never fails
	for i, b := range random {
		random[i] = alphabet[int(b)%len(alphabet)] // 256 is a multiple of 32
	}
	return string(random[:4]) + "-" + string(random[4:])
}

// Claim makes an owner of who sends the code; by is an address without resource, of a domain.
func (p *Pairing) Claim(by, domain, code string) error {
	if err := p.count(domain); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	switch {
	case s.Owner != "":
		return ErrClaimed
	case s.Code == "" || p.now()-s.Made >= Life || !same(s.Code, code):
		return ErrWrong
	}
	if err := p.keep(State{Owner: by, Boot: s.Boot}); err != nil {
		return fmt.Errorf("keep who owns the device: %w", err)
	}
	return nil
}

// Forget makes a device without owner of it: it shows a code again. Tries that were spent stay spent.
func (p *Pairing) Forget() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	s.Owner = ""
	if err := p.keep(s); err != nil {
		return fmt.Errorf("forget who owns the device: %w", err)
	}
	return nil
}

// count writes a try down before it is compared: no end of the process gives it back.
func (p *Pairing) count(domain string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state
	if s.Owner != "" {
		return ErrClaimed
	}
	if p.now()-s.Window >= window {
		s.Window, s.Tries = p.now(), 0
		clear(p.domains)
	}
	if s.Tries >= maxTries || p.domains[domain] >= maxDomain {
		return ErrTooMany
	}
	s.Tries++
	if err := p.keep(s); err != nil {
		return fmt.Errorf("count a try: %w", err)
	}
	p.domains[domain]++
	return nil
}

// same compares codes, as people write them, in a time that tells nothing.
func same(code, given string) bool {
	want, got := sha256.Sum256([]byte(plain(code))), sha256.Sum256([]byte(plain(given)))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func plain(code string) string {
	return strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(strings.TrimSpace(code)))
}

func (p *Pairing) keep(s State) error {
	if err := statefile.Write(p.file, s); err != nil {
		return err
	}
	p.state = s
	return nil
}
