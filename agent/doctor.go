package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"releve/agent/config"
	"releve/agent/doctor"
	"releve/agent/status"
	"releve/federation/xmpp"
	"releve/tic/port"
)

type doctorVerb struct {
	configFile
	Port  string        `help:"Examine this port, without a configuration." placeholder:"PORT"`
	JSON  bool          `name:"json" help:"Print the tree as JSON, in both languages."`
	Lang  string        `help:"Language, fr or en; without it that of the terminal." enum:"fr,en," default:""`
	Login bool          `help:"Log in to the federation, too."`
	For   time.Duration `help:"Listen to each meter for at most this long." default:"15s"`
}

// errUnwell is the outcome of an examination that found something; what it is was printed.
var errUnwell = errors.New("something is wrong: see above")

// Run examines, prints what was found, and fails when something is wrong.
func (v doctorVerb) Run(ctx context.Context, t terminal) error {
	language := v.Lang
	if language == "" {
		language = spoken(os.Getenv)
	}
	fmt.Fprintln(t.err, status.Say("Examen en cours : les compteurs sont écoutés quelques secondes…", "Examining: the meters are listened to for some seconds…").In(language))
	tree := v.exam().Checks(ctx).Run()
	if err := v.print(t, tree, language); err != nil {
		return err
	}
	if tree.Worst() > status.Waiting {
		return errUnwell
	}
	return nil
}

func (v doctorVerb) print(t terminal, tree status.Node, language string) error {
	if !v.JSON {
		return doctor.Report(t.out, tree, language)
	}
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(tree)
}

// spoken is the language of the terminal, by the variables of POSIX in their order; English unless it is French.
func spoken(env func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := env(name); value != "" {
			if len(value) >= 2 && value[:2] == "fr" {
				return "fr"
			}
			break
		}
	}
	return "en"
}

// exam is what the command line and the configuration ask to look at.
func (v doctorVerb) exam() doctor.Exam {
	e := doctor.Exam{Host: doctor.ThisHost(), Config: v.Config}
	if v.Port != "" {
		e.Config = ""
		e.Meters = []doctor.Meter{v.meter(config.Meter{Name: "meter", Port: v.Port}, port.Among{})}
		return e
	}
	cfg, err := v.load()
	if err != nil {
		e.Err = err
		return e
	}
	return v.about(e, cfg)
}

// about adds what a configuration says.
func (v doctorVerb) about(e doctor.Exam, cfg config.Config) doctor.Exam {
	for _, m := range cfg.Meters {
		e.Meters = append(e.Meters, v.meter(m, among(cfg.Meters, m.Name)))
	}
	e.Follows, e.TrustClock = len(cfg.Sources) > 0, cfg.Agent.TrustClock
	e.State, e.Room = absolute(cfg.Agent.State), cfg.Buffer.MaxBytes
	e.Pins = cfg.LED.Pin+cfg.Button.Pin != ""
	e.Relays = relaysOf(cfg)
	if cfg.Status.Listen != "" {
		e.Page = pageOf(cfg.Status.Listen)
	}
	if f := cfg.Federation; f != nil {
		e.Secrets = func() error { return secrets(*f) }
		e.Federation = func(ctx context.Context) error { return reach(ctx, *f) }
		e.Trouble = sessionTrouble
		if e.LoggedIn = v.Login; v.Login {
			e.Federation = func(ctx context.Context) error { return login(ctx, cfg) }
		}
	}
	return e
}

func (v doctorVerb) meter(m config.Meter, others port.Among) doctor.Meter {
	return doctor.Meter{Name: m.Name, Port: device(m.Port), Listen: func(ctx context.Context) (*doctor.Hearing, error) {
		ctx, enough := context.WithTimeout(ctx, v.For)
		defer enough()
		return hear(ctx, m, others, enough)
	}}
}

// absolute is a path from wherever this program was started.
func absolute(file string) string {
	if full, err := filepath.Abs(file); err == nil {
		return full
	}
	return file
}

// device is a port as the doctor looks at it: files by their whole path, everything else by its name.
func device(name string) string {
	if _, err := os.Stat(name); err != nil {
		return name
	}
	return absolute(name)
}

// hear listens until ctx ends, and fails when the port could not be opened.
func hear(ctx context.Context, m config.Meter, others port.Among, enough func()) (*doctor.Hearing, error) {
	h := doctor.NewHearing(m.Mode, enough)
	var refused error
	err := port.Listen(ctx, port.Config{Name: m.Port, Mode: m.Mode, Among: others, State: func(s port.State) {
		switch {
		case s.Open:
			h.Speed, refused = s.Speed, nil
		case s.Err != nil && h.Counters().Bytes == 0:
			refused = s.Err
			enough()
		}
	}}, h)
	return h, errors.Join(err, refused)
}

// pageOf asks the page of a Relève that may be running.
func pageOf(address string) *doctor.Page {
	const patience = 5 * time.Second
	return &doctor.Page{
		Address: address,
		Ask: func(ctx context.Context) (s status.Snapshot, err error) {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/v1/status", nil)
			if err != nil {
				return s, err
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return s, err
			}
			defer answer.Body.Close()
			if answer.StatusCode == http.StatusUnauthorized { // it answers; what it shows is not for us
				return s, nil
			}
			return s, json.NewDecoder(http.MaxBytesReader(nil, answer.Body, 1<<20)).Decode(&s)
		},
		Free: func(ctx context.Context) error {
			var lc net.ListenConfig
			l, err := lc.Listen(ctx, "tcp", address)
			if err != nil {
				return err
			}
			return l.Close()
		},
	}
}

// federationPatience bounds an attempt to reach the federation.
const federationPatience = 20 * time.Second

// reach talks to the server of the federation up to the point where one would log in.
func reach(ctx context.Context, f config.Federation) error {
	ctx, cancel := context.WithTimeout(ctx, federationPatience)
	defer cancel()
	return xmpp.Reach(ctx, sessionConfig(f, 0, nil))
}

// errLoggedIn ends a session that was only to be tried.
var errLoggedIn = errors.New("logged in")

// login logs in once and leaves. The server chooses the resource, and nothing is delivered below priority 0, so that the
// agent that may be running is not disturbed.
func login(ctx context.Context, c config.Config) error {
	f := *c.Federation
	f.JID = f.JID.Bare()
	return loginWith(ctx, withSecret(c, sessionConfig(f, -1, slog.New(slog.DiscardHandler))))
}

// loginAs is the same with another password.
func loginAs(ctx context.Context, f config.Federation, password string) error {
	f.JID = f.JID.Bare()
	cfg := sessionConfig(f, -1, slog.New(slog.DiscardHandler))
	cfg.Password = func() (string, error) { return password, nil }
	return loginWith(ctx, cfg)
}

func loginWith(ctx context.Context, cfg xmpp.Config) error {
	ctx, cancel := context.WithTimeout(ctx, federationPatience)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	session := xmpp.New(cfg)
	session.OnLogin(func(context.Context) { stop(errLoggedIn) })
	session.OnFailure(func(err error) { stop(err) })
	if err := session.Run(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, errLoggedIn) {
		return cause
	}
	return nil
}
