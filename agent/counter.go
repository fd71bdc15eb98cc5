package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"releve/agent/config"
	"releve/federation/consent"
)

// The counter is where a terminal of this machine answers consents: a socket in the state folder, which only the
// agent's user and root can reach. One writer has the list and the ledger, the agent; a terminal that wrote the file
// itself would have to lock both, and would learn too late that the agent did not take it.

// counterFile is the socket, in the state folder.
const counterFile = "consents.sock"

// request is one line to the counter, its answer one line back.
type request struct {
	Do      string        `json:"do"`
	ID      string        `json:"id,omitempty"`
	To      string        `json:"to,omitempty"`
	Grant   consent.Grant `json:"grant,omitzero"`
	Erasure erasure       `json:"erasure,omitzero"`
	Receipt string        `json:"receipt,omitempty"` // as it was signed
}

// patience is how long the answer may take.
func (r request) patience() time.Duration {
	if r.Do == "erase" || r.Do == "erasable" {
		return erasePatience
	}
	return counterPatience
}

type reply struct {
	Consent   consent.Consent `json:"consent,omitzero"`
	Catalogue []offered       `json:"catalogue,omitempty"`
	Erased    erased          `json:"erased,omitzero"`
	Error     string          `json:"error,omitempty"`
}

// byTerminal is who answers at the counter.
const byTerminal = "terminal"

const (
	counterPatience = 10 * time.Second
	maxRequest      = 64 << 10 // bytes
)

// serveCounter answers terminals, one at a time.
func (a *agent) serveCounter(ctx context.Context) error {
	file := a.state(counterFile)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a kill: the buffer's lock says that nobody else runs
		return fmt.Errorf("open the counter of consents: %w", err)
	}
	listener, err := net.Listen("unix", file)
	if err != nil {
		return fmt.Errorf("open the counter of consents: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })() // it was only read from
	if err := os.Chmod(file, 0o600); err != nil {
		return errors.Join(fmt.Errorf("open the counter of consents: %w", err), listener.Close())
	}
	var exports sync.WaitGroup // the buffer closes once this task has ended
	defer exports.Wait()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return errors.Join(fmt.Errorf("wait at the counter of consents: %w", err), listener.Close())
		}
		a.attend(ctx, conn, &exports)
	}
}

// attend answers one terminal. What takes long goes on beside the others.
func (a *agent) attend(ctx context.Context, conn net.Conn, exports *sync.WaitGroup) {
	_ = conn.SetDeadline(time.Now().Add(counterPatience))
	var r request
	asked := json.NewDecoder(io.LimitReader(conn, maxRequest))
	asked.DisallowUnknownFields() // an erasure read without what bounds it would take more
	err := asked.Decode(&r)
	if err == nil && r.Do == "export" {
		exports.Go(func() { a.handOver(ctx, conn) })
		return
	}
	defer conn.Close() // a terminal that is gone needs no answer
	var answer reply
	_ = conn.SetDeadline(time.Now().Add(r.patience()))
	switch {
	case err != nil:
	case r.Do == "catalogue":
		answer.Catalogue, err = a.readCatalogue(r.ID)
	case r.Do == "erase", r.Do == "erasable":
		answer.Erased, err = a.answerErasure(ctx, r.Do, r.Erasure)
	default:
		answer.Consent, err = a.obeyTerminal(r)
	}
	if err != nil {
		answer.Error = err.Error()
	}
	_ = json.NewEncoder(conn).Encode(answer)
}

func (a *agent) obeyTerminal(r request) (consent.Consent, error) {
	switch r.Do {
	case "accept":
		return a.notary.AcceptAs(r.ID, r.Grant, byTerminal)
	case "refuse":
		return a.notary.Refuse(r.ID, byTerminal)
	case "withdraw":
		return a.notary.Withdraw(r.ID, byTerminal)
	case "told":
		return a.notary.ToldByHand(r.ID, r.To, byTerminal)
	case "rotate":
		return consent.Consent{}, a.rotatePseudonyms(r.ID, byTerminal)
	case "request":
		return a.notary.Ask(r.Grant, byTerminal)
	case "present":
		return a.present(r.Receipt, "")
	case "forget password":
		return consent.Consent{}, a.forgetPassword()
	}
	return consent.Consent{}, fmt.Errorf("the agent that runs does not know %q; it may be of another version", r.Do)
}

var errNotRunning = errors.New("the agent does not run: start it, consents are answered while it does")

// askAgent has the agent that runs do something, and returns the consent as it is then.
func askAgent(c config.Config, r request) (consent.Consent, error) {
	answer, err := askCounter(c, r)
	return answer.Consent, err
}

// errAtRest says that no agent runs which has this state folder.
var errAtRest = errors.New("the agent does not run")

// dialCounter reaches the agent that runs.
func dialCounter(c config.Config) (net.Conn, error) {
	conn, err := net.DialTimeout("unix", filepath.Join(c.Agent.State, counterFile), counterPatience)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, errAtRest
	case err != nil:
		return nil, fmt.Errorf("reach the agent: %w", err)
	}
	return conn, nil
}

// askCounter is askAgent, with all that it answers.
func askCounter(c config.Config, r request) (reply, error) {
	conn, err := dialCounter(c)
	switch {
	case errors.Is(err, errAtRest):
		return reply{}, errNotRunning
	case err != nil:
		return reply{}, err
	}
	defer conn.Close() // all was read
	_ = conn.SetDeadline(time.Now().Add(r.patience() + counterPatience))
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		return reply{}, fmt.Errorf("ask the agent: %w", err)
	}
	var answer reply
	if err := json.NewDecoder(bufio.NewReader(conn)).Decode(&answer); err != nil {
		return reply{}, fmt.Errorf("hear the agent's answer: %w", err)
	}
	if answer.Error != "" {
		return answer, errors.New(answer.Error)
	}
	return answer, nil
}
