package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"releve/agent/config"
	"releve/buffer/statefile"
	"releve/federation/quoalise"
	"releve/federation/xmpp"
)

// providersFile holds which source follows which provider: what is taken out of the configuration takes that along.
const providersFile = "providers.json"

// following is that a source follows a provider.
type following struct {
	Source   string `json:"source"`
	Provider string `json:"provider"` // full JID
}

// leaveProviders has what sources that are no longer in the configuration subscribed to ended at the next login. While there
// is no session, or the configuration may be taken back, they are remembered.
func (a *agent) leaveProviders(context.Context) error {
	had, err := a.followings()
	if err != nil {
		return err
	}
	now, all := a.followingNow(), slices.Clone(had)
	for _, one := range now {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	if len(all) > len(had) {
		if err := statefile.Write(a.state(providersFile), all); err != nil {
			return err
		}
	}
	if a.session == nil || a.onTrial() {
		return nil
	}
	for _, one := range all {
		if slices.Contains(now, one) {
			continue
		}
		if err := a.leaveProvider(one); err != nil {
			return err
		}
	}
	return nil
}

// followingNow is what the configuration has of it.
func (a *agent) followingNow() (now []following) {
	for _, s := range a.cfg.Sources {
		if origin, ok := s.Origin.(config.FromFederation); ok {
			now = append(now, following{s.Name, origin.Provider.String()})
		}
	}
	return now
}

// followings are those of now and before. Of a damaged file nothing is left: those providers end by themselves what nobody
// takes.
func (a *agent) followings() ([]following, error) {
	all, err := statefile.Read(a.state(providersFile), func(all []following) error {
		for _, one := range all {
			if _, err := xmpp.ParseJID(one.Provider); err != nil || one.Source == "" || one.Source != filepath.Base(one.Source) {
				return errors.New("a source or its provider has no name")
			}
		}
		return nil
	})
	var damaged *statefile.Damaged
	if errors.As(err, &damaged) {
		a.log.Warn("providers of former sources forgotten", "error", err)
		err = nil
	}
	return all, err
}

// leaveProvider has a source leave at the next login.
func (a *agent) leaveProvider(one following) error {
	leave, err := a.leaving(one, a.session)
	if err == nil {
		a.session.OnLogin(a.untilDone(leave, "a former source not unsubscribed", "source", one.Source))
	}
	return err
}

// leaving is what a source does to leave: it unsubscribes and is forgotten.
func (a *agent) leaving(one following, session quoalise.Asker) (func(ctx context.Context) error, error) {
	provider, err := xmpp.ParseJID(one.Provider)
	if err != nil {
		return nil, err
	}
	progress, err := quoalise.OpenProgress(a.marksOf(one.Source))
	if progress == nil {
		return nil, err
	}
	if err != nil {
		a.log.Warn("what a former source subscribed to is not known", "source", one.Source, "error", err)
	}
	follower := &quoalise.Follower{Remote: &quoalise.Remote{Session: session, Provider: provider}, Progress: progress, Log: a.log}
	return func(ctx context.Context) error {
		if err := follower.Leave(ctx, func(device string) bool { return a.wanted(one.Provider, device) }); err != nil {
			return err
		}
		return a.forget(one)
	}, nil
}

// wanted tells whether a source of the configuration wants something of a device from a provider.
func (a *agent) wanted(provider, device string) bool {
	return slices.ContainsFunc(a.cfg.Sources, func(s config.Source) bool {
		origin, ok := s.Origin.(config.FromFederation)
		return ok && origin.Provider.String() == provider && (len(origin.Identifiers) == 0 ||
			slices.ContainsFunc(origin.Identifiers, func(id string) bool {
				of, _, _ := strings.Cut(id, "_")
				return of == device
			}))
	})
}

// forget forgets that a source followed a provider, and its marks unless another source has its name.
func (a *agent) forget(one following) error {
	all, err := a.followings()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(other following) bool { return other == one })
	named := func(name string) bool { return name == one.Source }
	if !slices.ContainsFunc(a.cfg.Sources, func(s config.Source) bool { return named(s.Name) }) &&
		!slices.ContainsFunc(all, func(f following) bool { return named(f.Source) }) {
		if err := statefile.Remove(a.marksOf(one.Source)); err != nil {
			return err
		}
	}
	return statefile.Write(a.state(providersFile), all)
}

// marksOf is the file of how far the series of a source are had.
func (a *agent) marksOf(source string) string {
	return filepath.Join(a.state("sources"), source+".json")
}
