package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/agent/config"
	"releve/federation/xmpp"
)

// leavers notes what is unsubscribed, and where. away: the first requests are not answered as they should be.
type leavers struct {
	away  int
	asked []string
}

func (l *leavers) Execute(_ context.Context, to xmpp.JID, node string, form *xmpp.Form) (*xmpp.Element, error) {
	if l.away > 0 {
		l.away--
		return nil, errors.New("the link was lost")
	}
	l.asked = append(l.asked, node+" "+form.Value("identifier")+" at "+to.String())
	return xmpp.NewElement("", "command"), nil
}

func (l *leavers) ListItems(context.Context, xmpp.JID, string) ([]xmpp.Item, error) { return nil, nil }

const (
	near = "voisins@breizh-sen2.example/releve"
	far  = "lointains@breizh-sen2.example/releve"
)

// follows is a source of the federation.
func follows(name, provider string, identifiers ...string) config.Source {
	return config.Source{Name: name, Kind: config.KindFederation, Origin: config.FromFederation{
		Provider: jid.MustParse(provider), Identifiers: identifiers, Since: 1, Repair: 1,
	}}
}

// A source that is out of the configuration, or follows another provider now, unsubscribes at the one it had at the first
// login that lets it, from what nobody else here wants of it; then it is forgotten.
func TestFormerSourceUnsubscribes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		now     []config.Source
		asked   []string
		kept    []following
		marked  bool // its marks are still there
		nothing bool // it is no former source at all
	}{
		{"taken out", nil, []string{"unsubscribe urn:dev:a at " + near, "unsubscribe urn:dev:b at " + near}, []following{}, false, false},
		{"elsewhere now", []config.Source{follows("voisins", far)}, []string{"unsubscribe urn:dev:a at " + near, "unsubscribe urn:dev:b at " + near}, []following{{"voisins", far}}, true, false},
		{"another wants one", []config.Source{follows("autre", near, "urn:dev:a_x")}, []string{"unsubscribe urn:dev:b at " + near}, []following{{"autre", near}}, false, false},
		{"another wants all", []config.Source{follows("autre", near)}, nil, []following{{"autre", near}}, false, false},
		{"still there", []config.Source{follows("voisins", near)}, nil, []following{{"voisins", near}}, true, true},
	} {
		state := t.TempDir()
		start := func(sources ...config.Source) house {
			with := joined()
			return newHouse(t, func(c *config.Config) { c.Agent.State, c.Sources = state, sources; with(c) })
		}
		start(follows("voisins", near)).stop(t)
		marks := filepath.Join(state, "sources", "voisins.json")
		must(t, os.WriteFile(marks, []byte(`{"urn:dev:a_x": {}, "urn:dev:a_y": {}, "urn:dev:b_x": {}}`), 0o600))
		h := start(tt.now...)
		provider, one := &leavers{away: 1}, following{"voisins", near}
		if !tt.nothing {
			leave, err := h.leaving(one, provider)
			must(t, err)
			login := h.untilDone(leave, "a former source not unsubscribed", "source", one.Source)
			for range 3 {
				login(t.Context())
			}
		}
		if diff := cmp.Diff(tt.asked, provider.asked); diff != "" {
			t.Errorf("%s: asked (-want +got):\n%s", tt.name, diff)
		}
		kept, err := h.followings()
		if diff := cmp.Diff(tt.kept, kept); diff != "" || err != nil {
			t.Errorf("%s: %v: kept (-want +got):\n%s", tt.name, err, diff)
		}
		if _, err := os.Stat(marks); (err == nil) != tt.marked {
			t.Errorf("%s: marks: %v", tt.name, err)
		}
		h.stop(t)
	}
}

// What cannot be understood of former sources keeps the agent from nothing, and names no file elsewhere.
func TestDamagedProviders(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{", `[{"source": "../x", "provider": "a@b/c"}]`, `[{"source": "x", "provider": "@"}]`} {
		state := t.TempDir()
		must(t, os.WriteFile(filepath.Join(state, providersFile), []byte(text), 0o600))
		h := newHouse(t, func(c *config.Config) { c.Agent.State = state })
		if !strings.Contains(h.said.String(), "providers of former sources forgotten") {
			t.Errorf("%s: log is\n%s", text, h.said)
		}
		h.stop(t)
	}
}
