// Package access decides who may see and who may change what, on the page.
//
// In: a password, a code that the device shows, a pass; requests. Out: whether a request may reach its route, and as whom
// ([Guard.Judge]). It knows nothing of what the routes do, and renders nothing.
//
// # Who
//
// Nobody in particular may look, unless the household closed that. Whoever has the password may do everything, for as long
// as a session lasts. A screen on a wall has a pass, which is good for one view at one resolution.
//
// # The password
//
// It is chosen at the first visit by who knows the one-time code of the device, and kept as argon2id, which costs who steals
// the card memory, where PBKDF2 would cost only time, and us several times as much of that at the same strength. Of the
// settings that OWASP holds to be as good as one another (Password Storage Cheat Sheet) it is the one with the least memory,
// 7 MiB, and one is computed at a time: a Pi Zero has 512 MB, and the agent lives in 24.
//
// Guesses are counted before they are compared, see tries. Sessions are in memory and end with the process. What is kept,
// in one file, is no secret that opens anything: a salted hash of the password, hashes of passes, and a key by which a
// browser that once had the password is told from a stranger.
package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Code is how somebody proves to be in front of the device; by is who gets it, source who tries.
type Code interface {
	Claim(by, source, code string) error
}

// Options are what [Open] needs.
type Options struct {
	File string               // access.json
	Code Code                 // nil where nobody can make a first visit
	Now  func() time.Duration // of a clock that cannot be set
}

// state is the file.
type state struct {
	Password string `json:"password,omitempty"` // in the PHC string format; "" until the first visit
	Browsers []byte `json:"browsers,omitempty"` // key of the marks of browsers that had the password
	Passes   []Pass `json:"passes,omitempty"`
}

// Access is who may do what on one device. It outlives the agents of a process.
type Access struct {
	o       Options
	hashing chan struct{} // holds one while a password is computed

	mu       sync.Mutex // guards everything below
	state    state
	sessions map[hash]*session
	tries    *tries
}

// What is under the errors, besides [*Wait].
var (
	ErrWrong = errors.New("this is not the password")
	ErrNew   = errors.New("there is no password yet")
	ErrSet   = errors.New("there is a password already")
	ErrBusy  = errors.New("somebody else is being let in at this moment")
	ErrFull  = errors.New("there are as many passes as there may be")
	ErrNone  = errors.New("there is no such pass")
)

// Open reads who may do what. A damaged file is set aside, and its trouble returned beside an Access without a password:
// then nobody may change anything before somebody made a first visit anew.
func Open(o Options) (*Access, error) {
	s, err := statefile.Read(o.File, state.check)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read who may change what: %w", err)
	}
	return &Access{
		o: o, hashing: make(chan struct{}, 1), state: s, sessions: map[hash]*session{}, tries: newTries(),
	}, err
}

// check refuses a file that nobody could be let in by.
func (s state) check() error {
	if s.Password == "" {
		return nil
	}
	if _, err := parseDigest(s.Password); err != nil {
		return err
	}
	if len(s.Browsers) != secretBytes {
		return errors.New("a key has another length")
	}
	return nil
}

// IsNew says that nobody has chosen a password yet.
func (a *Access) IsNew() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state.Password == ""
}

// Settle chooses the first password for who knows the code of the device, and lets them in.
func (a *Access) Settle(w http.ResponseWriter, r *http.Request, code, password string) error {
	if err := Fit(password); err != nil {
		return err
	}
	if !a.IsNew() {
		return ErrSet
	}
	if a.o.Code == nil {
		return ErrNew
	}
	if err := a.begin(r); err != nil {
		return err
	}
	defer a.end()
	if err := a.o.Code.Claim(byPage, source(r), code); err != nil {
		return err
	}
	if err := a.keepPassword("", makeDigest(password)); err != nil {
		return err
	}
	a.admit(w, r)
	return nil
}

// byPage is who gets the code.
const byPage = "page"

// LogIn lets in who knows the password. Its error is ErrWrong, ErrNew, ErrBusy or a *Wait.
func (a *Access) LogIn(w http.ResponseWriter, r *http.Request, password string) error {
	if _, err := a.prove(r, password); err != nil {
		return err
	}
	a.admit(w, r)
	return nil
}

// ChangePassword puts another password in place of the one there is, and ends all sessions but the one that asked.
func (a *Access) ChangePassword(w http.ResponseWriter, r *http.Request, old, next string) error {
	if err := Fit(next); err != nil {
		return err
	}
	before, err := a.prove(r, old)
	if err == nil {
		err = a.begin(r)
	}
	if err != nil {
		return err
	}
	defer a.end()
	if err := a.keepPassword(before, makeDigest(next)); err != nil {
		return err
	}
	a.admit(w, r)
	return nil
}

// keepPassword writes a password down in place of the one before. Nobody is known from before it.
func (a *Access) keepPassword(before, digest string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.Password != before {
		return ErrSet
	}
	next := a.state
	next.Password, next.Browsers = digest, secret()
	if err := a.keep(next); err != nil {
		return err
	}
	clear(a.sessions)
	a.tries = newTries()
	return nil
}

// Reset forgets the password and ends all sessions: somebody makes a first visit anew. Passes stay.
func (a *Access) Reset() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.keep(state{Passes: a.state.Passes}); err != nil {
		return err
	}
	clear(a.sessions)
	return nil
}

// prove says whether somebody knows the password, and how it is kept.
func (a *Access) prove(r *http.Request, password string) (kept string, err error) {
	if a.IsNew() {
		return "", ErrNew
	}
	if err := a.begin(r); err != nil {
		return "", err
	}
	defer a.end()
	a.mu.Lock()
	kept = a.state.Password
	lane := a.lane(r)
	err = a.tries.take(lane, a.o.Now())
	a.mu.Unlock()
	switch {
	case err != nil:
		return "", err
	case !matches(kept, password):
		return "", ErrWrong
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tries.forget(lane)
	return kept, nil
}

// queueTime is how long somebody waits for another password to be computed.
const queueTime = 5 * time.Second

// begin waits until no other password is being computed.
func (a *Access) begin(r *http.Request) error {
	patience := time.NewTimer(queueTime)
	defer patience.Stop()
	select {
	case a.hashing <- struct{}{}:
		return nil
	case <-patience.C:
		return ErrBusy
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

func (a *Access) end() { <-a.hashing }

// keep writes a state down; only then it holds. The caller has the lock.
func (a *Access) keep(next state) error {
	if err := statefile.Write(a.o.File, next); err != nil {
		return fmt.Errorf("write who may change what: %w", err)
	}
	a.state = next
	return nil
}

// secretBytes is the length of tokens, keys and salts.
const secretBytes = 32

func secret() []byte {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails
	return b
}
