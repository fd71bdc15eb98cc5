package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"releve/agent/config"
	"releve/buffer/statefile"
	"releve/federation/xmpp"
)

// logIn does what a session does until the server takes a password, and returns how many it tried.
func logIn(t *testing.T, k *keyring, server string) int {
	t.Helper()
	for tries := 1; tries <= 3; tries++ {
		offered, err := k.password()
		must(t, err)
		if offered == server {
			must(t, k.worked())
			return tries
		}
		k.failed(fmt.Errorf("log in: %w", xmpp.ErrCredentials))
	}
	t.Fatalf("the server's password is never tried")
	return 0
}

// Wherever the process ends while the password changes, the next one logs in with what the server has.
func TestKeyringSurvivesCuts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		taken, answered bool // by the server; to us
	}{{"before the server took it", false, false}, {"before it answered", true, false}, {"after it was done", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			f := config.Federation{PasswordFile: written(t, "password", "old\n")}
			k := newKeyring(filepath.Join(dir, secretFile), f)
			server := "old"
			logIn(t, k, server)
			next, err := k.offer()
			must(t, err)
			logIn(t, k, server) // a login meanwhile decides nothing
			if tt.taken {
				server = next
			}
			if tt.answered {
				must(t, k.close(next))
			}
			again := newKeyring(filepath.Join(dir, secretFile), f)
			logIn(t, again, server)
			if tries := logIn(t, again, server); tries != 1 {
				t.Errorf("once it is known, %d passwords are tried", tries)
			}
			r, err := statefile.Read[rotation](again.file, nil)
			if err != nil || r.Next != "" {
				t.Errorf("another password is still offered: %t, %v", r.Next != "", err)
			}
			byHand := newKeyring(again.file, config.Federation{PasswordFile: written(t, "password", "by hand\n")})
			if tries := logIn(t, byHand, "by hand"); tries != 1 {
				t.Errorf("one that was set by hand is tried %d times", tries)
			}
		})
	}
}

// What the server did not take is forgotten, and other trouble changes nothing.
func TestKeyringRefused(t *testing.T) {
	t.Parallel()
	k := newKeyring(filepath.Join(t.TempDir(), secretFile), config.Federation{PasswordFile: written(t, "password", "old\n")})
	_, err := k.offer()
	must(t, err)
	must(t, k.close("old"))
	k.failed(errors.New("the network is away"))
	if tries := logIn(t, k, "old"); tries != 1 {
		t.Errorf("%d passwords are tried", tries)
	}
}
