package xmpp

import (
	"context"
	"errors"
	"io"
	"net"
)

// Stage is a part of the way to a session: where an attempt ended.
type Stage string

// The stages, in their order.
const (
	StageSecrets     Stage = "secrets"     // reading what a login needs
	StageNames       Stage = "names"       // finding the server by DNS
	StageProxy       Stage = "proxy"       // getting through the proxy
	StageNetwork     Stage = "network"     // reaching the server's port
	StageTLS         Stage = "tls"         // encrypting
	StageCertificate Stage = "certificate" // trusting who is there
	StageStream      Stage = "stream"      // talking XMPP
	StageLogin       Stage = "login"       // name and password
)

// stageError is an error with the stage it happened at.
type stageError struct {
	stage Stage
	err   error
}

func (e *stageError) Error() string { return e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

// at marks an error with the stage it happened at, unless it is nil or marked already.
func at(stage Stage, err error) error {
	if err == nil || StageOf(err) != "" {
		return err
	}
	return &stageError{stage, err}
}

// afterDial marks an error of a connection that stood. One that breaks or goes silent says nothing of who was there.
func afterDial(err error) error {
	var broken net.Error
	for _, cut := range []error{context.DeadlineExceeded, context.Canceled, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, cut) {
			return at(StageNetwork, err)
		}
	}
	if errors.As(err, &broken) {
		return at(StageNetwork, err)
	}
	return at(StageStream, err)
}

// StageOf returns the stage at which an attempt ended, or "" when err does not come from one.
func StageOf(err error) Stage {
	var e *stageError
	var refused *Failure
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrUntrusted):
		return StageCertificate
	case errors.Is(err, ErrCredentials), errors.Is(err, ErrMechanism), errors.Is(err, ErrImpostor), errors.As(err, &refused):
		return StageLogin
	case errors.As(err, &e):
		return e.stage
	}
	return ""
}
