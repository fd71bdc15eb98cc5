package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"releve/agent/config"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
)

// callFlags is what verbs share that talk to a provider of the federation.
type callFlags struct {
	configFile
	List        bool     `help:"Say what the provider offers us, and end."`
	JSON        bool     `help:"The same as --format senml-json; with --list a JSON array." name:"json"`
	Provider    string   `arg:"" help:"Full address of the provider, such as maison@breizh-sen1.example/releve."`
	Identifiers []string `arg:"" optional:"" help:"Series or whole devices, such as urn:dev:prm:01234567890123_voltage/1 or urn:dev:prm:01234567890123; without any, everything the provider lists for us."`
}

// call is the session of a person at a terminal with one provider.
type call struct {
	cfg     config.Config
	session *xmpp.Client
	remote  *quoalise.Remote
	log     *slog.Logger
}

// How long a person is let wait.
const (
	loginPatience  = 45 * time.Second
	answerPatience = 3 * time.Minute
)

// prepare reads the configuration and makes the session. The server chooses the resource: the configured one may be that
// of an agent that runs.
func (v callFlags) prepare(verb string, t terminal, priority int8, level string) (*call, error) {
	provider, err := xmpp.ParseJID(v.Provider)
	if err != nil || provider.Resourcepart() == "" {
		return nil, misuse{fmt.Errorf("%s: %q is not a full address such as maison@breizh-sen1.example/releve", verb, v.Provider)}
	}
	c, err := v.load()
	if err != nil {
		return nil, err
	}
	if c.Federation == nil {
		return nil, refusal{errors.New("[federation] is missing: as whom should it be asked?")}
	}
	c.Federation.JID = c.Federation.JID.Bare()
	log := newLog(t.err, level)
	session := newSession(c, priority, log)
	return &call{cfg: c, session: session, log: log, remote: &quoalise.Remote{
		Session: session, Provider: provider, Location: c.Agent.Location, Patience: answerPatience,
	}}, nil
}

// during keeps the session up while do runs, which begins once there is one, and returns its error, or why there is none.
func (c *call) during(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	up, ended := make(chan struct{}, 64), make(chan error, 1)
	c.session.OnLogin(func(context.Context) {
		select {
		case up <- struct{}{}:
		default:
		}
	})
	c.session.OnFailure(func(err error) {
		if errors.Is(err, xmpp.ErrCredentials) || errors.Is(err, xmpp.ErrUntrusted) { // somebody sits and waits
			stop(err)
		}
	})
	go func() { ended <- c.session.Run(ctx) }()
	err := c.whenUp(ctx, up, do)
	stop(nil)
	return errors.Join(err, <-ended)
}

func (c *call) whenUp(ctx context.Context, up <-chan struct{}, do func(ctx context.Context) error) error {
	select {
	case <-up:
	case <-ctx.Done():
		return why(ctx, ctx.Err())
	case <-time.After(loginPatience):
		return fmt.Errorf("no session with the server within %s: %w", loginPatience, c.session.State().Err)
	}
	return why(ctx, do(ctx))
}

// why puts what ended ctx in the place of an error that came of it.
func why(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// list says what the provider offers us, one identifier and its title a line.
func (v callFlags) list(ctx context.Context, t terminal, c *call) error {
	offers, err := c.remote.Catalogue(ctx)
	if err != nil {
		return err
	}
	if len(offers) == 0 {
		fmt.Fprintf(t.err, "releve: %s lists nothing for %s: a consent may be missing\n", c.remote.Provider, c.cfg.Federation.JID)
	}
	if v.JSON {
		encoder := json.NewEncoder(t.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(append([]quoalise.Offer{}, offers...))
	}
	for _, o := range offers {
		if _, err := fmt.Fprintf(t.out, "%s %s\n", o.Identifier, orDash(o.Title)); err != nil {
			return err
		}
	}
	return nil
}
