package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"releve/agent/config"
	"releve/buffer/statefile"
	"releve/federation/xmpp"
)

// secretFile holds, in the state folder, a password that was changed from afar: the file of the configuration is not ours
// to write.
const secretFile = "password.json"

// rotation is a password that takes the place of the configuration's, as long as that file is what it was.
type rotation struct {
	Of      string `json:"of"`                // SHA-256 of the password of the configuration when it was changed
	Current string `json:"current,omitempty"` // "" for the configuration's
	Next    string `json:"next,omitempty"`    // offered to the server, which may or may not have taken it
}

// keyring is the password of the session, and its change. Between the two either may be the right one: both are tried.
type keyring struct {
	file       string // set once, as is the next
	configured func() (string, error)

	mu       sync.Mutex // guards everything below
	offered  string     // the last that was tried
	other    bool       // try the other one next
	changing bool       // somebody is at it: logins decide nothing
}

func newKeyring(file string, c config.Federation) *keyring {
	return &keyring{file: file, configured: func() (string, error) { return password(passwordKey, c.PasswordFile) }}
}

// read returns what counts: of a configuration whose password was changed by hand since, nothing.
func (k *keyring) read() (r rotation, configured string, err error) {
	if configured, err = k.configured(); err != nil {
		return r, "", err
	}
	r, err = statefile.Read[rotation](k.file, nil)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return r, "", fmt.Errorf("read a password that was changed: %w", err)
	}
	if digest := digestOf(configured); r.Of != digest {
		r = rotation{Of: digest}
	}
	return r, configured, nil
}

func digestOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// password is what to log in with now.
func (k *keyring) password() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, configured, err := k.read()
	if err != nil {
		return "", err
	}
	k.offered = configured
	if r.Current != "" {
		k.offered = r.Current
	}
	if r.Next != "" && !k.other {
		k.offered = r.Next
	}
	return k.offered, nil
}

// failed tries the other one the next time, if it was the password that was wrong.
func (k *keyring) failed(err error) {
	if !errors.Is(err, xmpp.ErrCredentials) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.other = !k.other
}

// offer writes down a new password before the server is told of it. Until close, logins decide nothing.
func (k *keyring) offer() (next string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, _, err := k.read()
	if err != nil {
		return "", err
	}
	r.Next, k.changing = rand.Text(), true
	return r.Next, statefile.Write(k.file, r)
}

// close ends the change: works is the password that counts now, "" when nobody knows and both are to be tried.
func (k *keyring) close(works string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changing = false
	if works == "" {
		return nil
	}
	return k.keep(works)
}

// keep forgets all passwords but one. The caller holds the lock.
func (k *keyring) keep(works string) error {
	r, configured, err := k.read()
	if err != nil {
		return err
	}
	r.Next, r.Current, k.other = "", works, false
	if works == configured {
		r.Current = ""
	}
	return statefile.Write(k.file, r)
}

// worked is told of each login: the password it was done with is the right one.
func (k *keyring) worked() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, _, err := k.read()
	if err != nil || k.changing || r.Next == "" || k.offered == "" {
		return err
	}
	return k.keep(k.offered)
}

// held is the password that counts while another is only offered.
func (k *keyring) held() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, configured, err := k.read()
	if r.Current != "" {
		return r.Current, err
	}
	return configured, err
}

// loggedIn notes which password is the right one.
func (a *agent) loggedIn(context.Context) {
	if err := a.keyring.worked(); err != nil {
		a.log.Error("password not kept", "error", err)
	}
}
