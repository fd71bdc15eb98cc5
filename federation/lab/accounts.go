package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Account is a user of a domain; his bare JID is User@Domain.
type Account struct {
	User     string
	Password string
}

// ErrExists is returned by [Server.Register] for a user that is there already.
var ErrExists = errors.New("the user exists already")

// Accounts returns the accounts made so far, in the order they were made.
func (s *Server) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Account(nil), s.accounts...)
}

// Register makes an account. The server must run. A user that is there already
// gives [ErrExists].
func (s *Server) Register(ctx context.Context, user, password string) error {
	if err := checkUser(user); err != nil {
		return err
	}
	if !s.Running() {
		return fmt.Errorf("register %s@%s: the server is not running", user, s.domain.Name)
	}
	if s.knows(user) {
		return fmt.Errorf("register %s@%s: %w", user, s.domain.Name, ErrExists)
	}
	if err := s.product.register(ctx, s, user, password); err != nil {
		return fmt.Errorf("register %s@%s: %w", user, s.domain.Name, err)
	}
	s.mu.Lock()
	s.accounts = append(s.accounts, Account{User: user, Password: password})
	s.mu.Unlock()
	return nil
}

// knows looks among our own accounts: prosodyctl gives a user that exists a new
// password and says nothing.
func (s *Server) knows(user string) bool {
	return slices.ContainsFunc(s.Accounts(), func(a Account) bool { return a.User == user })
}

// ChangePassword gives an account another password. The server must run. Sessions there are go on.
func (s *Server) ChangePassword(ctx context.Context, user, password string) error {
	if !s.knows(user) {
		return fmt.Errorf("change password of %s@%s: there is no such user", user, s.domain.Name)
	}
	if err := s.product.changePassword(ctx, s, user, password); err != nil {
		return fmt.Errorf("change password of %s@%s: %w", user, s.domain.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, account := range s.accounts {
		if account.User == user {
			s.accounts[i].Password = password
		}
	}
	return nil
}

// Unregister deletes an account. The server must run. ejabberd ends the sessions of the user; Prosody, which is not
// told, lets them go on until they end otherwise.
func (s *Server) Unregister(ctx context.Context, user string) error {
	if !s.knows(user) {
		return fmt.Errorf("delete %s@%s: there is no such user", user, s.domain.Name)
	}
	if err := s.product.unregister(ctx, s, user); err != nil {
		return fmt.Errorf("delete %s@%s: %w", user, s.domain.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = slices.DeleteFunc(s.accounts, func(a Account) bool { return a.User == user })
	return nil
}
