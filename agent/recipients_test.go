package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer"
	"releve/federation"
	"releve/federation/xmpp"
)

// joined is a configuration with a session and these recipients.
func joined(recipients ...config.Recipient) func(*config.Config) {
	return func(c *config.Config) {
		c.Federation = &config.Federation{JID: jid.MustParse(houseJID + "/releve"), PasswordFile: "/nowhere/p", PushEvery: time.Second}
		c.Recipients = recipients
	}
}

var (
	toServer = config.Recipient{Name: "serveur", Kind: config.KindReleve, Every: time.Second, Way: config.ToReleve{To: jid.MustParse("serveur@breizh-sen2.example/releve"), Naming: config.NamingQuoalise}}
	toBoard  = config.Recipient{Name: "tableau", Kind: config.KindPubSub, Every: time.Second, Way: config.ToPubSub{Readers: []xmpp.JID{jid.MustParse("tableau@breizh-sen2.example")}}}
)

func cursorsOf(h house) []string {
	var names []string
	for _, c := range h.buffer.Cursors() {
		names = append(names, c.Name)
	}
	return names
}

// Each recipient has a place of its own in the buffer, kept while it is in the configuration. The place of one that had
// nodes stays until they are deleted, which takes a session.
func TestRecipientsHavePlaces(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	for _, tt := range []struct {
		recipients []config.Recipient
		places     []string
		tasks      []string
	}{
		{[]config.Recipient{toServer, toBoard}, []string{"recipient pubsub tableau", "recipient releve serveur"}, []string{"delivery to serveur@breizh-sen2.example/releve", "delivery to tableau", "readers of tableau"}},
		{[]config.Recipient{toServer}, []string{"recipient pubsub tableau", "recipient releve serveur"}, []string{"delivery to serveur@breizh-sen2.example/releve"}},
		{nil, []string{"recipient pubsub tableau"}, nil},
	} {
		with := joined(tt.recipients...)
		h := newHouse(t, func(c *config.Config) { c.Agent.State = state; with(c) })
		if diff := cmp.Diff(tt.places, cursorsOf(h)); diff != "" {
			t.Errorf("places (-want +got):\n%s", diff)
		}
		var tasks []string
		for _, one := range h.tasksOfRecipients() {
			tasks = append(tasks, one.String())
		}
		if diff := cmp.Diff(tt.tasks, tasks); diff != "" {
			t.Errorf("tasks (-want +got):\n%s", diff)
		}
		h.stop(t)
	}
}

// nodesOf is the nodes of a recipient of which nothing is left after so many attempts to delete them.
type nodesOf struct{ attempts, asked int }

func (n *nodesOf) Delete(context.Context) error {
	if n.asked++; n.asked < n.attempts {
		return errors.New("away")
	}
	return nil
}

// What a former recipient had on our server is deleted at the login at which that succeeds, and not asked for again.
func TestFormerRecipientIsForgottenOnce(t *testing.T) {
	t.Parallel()
	state, with := t.TempDir(), joined(toBoard)
	newHouse(t, func(c *config.Config) { c.Agent.State = state; with(c) }).stop(t)
	h := newHouse(t, func(c *config.Config) { c.Agent.State = state; joined()(c) })
	defer h.stop(t)
	must(t, h.noteService("tableau", jid.MustParse("pubsub.breizh-sen2.example")))
	n := &nodesOf{attempts: 2}
	login := h.farewell("tableau", "recipient pubsub tableau", n)
	h.said.Reset()
	for i := range 4 {
		login(t.Context())
		if all, err := h.services(); err != nil || len(all) != max(0, 1-i) {
			t.Errorf("after login %d services are %v: %v", i, all, err)
		}
	}
	if got := strings.Count(h.said.String(), "\n"); n.asked != 2 || got != 1 || len(cursorsOf(h)) > 0 {
		t.Errorf("asked %d times, places %v, log is\n%s", n.asked, cursorsOf(h), h.said)
	}
}

// What had nodes on a service of its own is looked for there once it is out of the configuration; a damaged memory of it
// keeps the agent from nothing.
func TestFormerRecipientIsLookedForWhereItWas(t *testing.T) {
	t.Parallel()
	state, elsewhere := t.TempDir(), toBoard
	service := jid.MustParse("pubsub.breizh-sen2.example")
	elsewhere.Way = config.ToPubSub{Service: service}
	for _, step := range []struct {
		recipients []config.Recipient
		damaged    bool
		want       xmpp.JID
	}{
		{[]config.Recipient{toBoard}, false, xmpp.JID{}},
		{[]config.Recipient{elsewhere}, false, service},
		{nil, false, service},
		{nil, true, xmpp.JID{}},
		{[]config.Recipient{elsewhere}, false, service},
		{[]config.Recipient{toBoard}, false, xmpp.JID{}},
	} {
		if step.damaged {
			must(t, os.WriteFile(filepath.Join(state, nodesFile), []byte(`{"tableau": "@"}`), 0o600))
		}
		with := joined(step.recipients...)
		h := newHouse(t, func(c *config.Config) { c.Agent.State = state; with(c) })
		got, err := h.serviceOf("tableau")
		if err != nil || !got.Equal(step.want) || strings.Contains(h.said.String(), "services of nodes forgotten") != step.damaged {
			t.Errorf("with %d recipients it is at %q, want %q: %v; log is\n%s", len(step.recipients), got, step.want, err, h.said)
		}
		h.stop(t)
	}
}

// The page says of each recipient, in a sentence of both languages, what hinders it or what it has lost.
func TestRecipientShown(t *testing.T) {
	t.Parallel()
	forbidden, bad := fmt.Errorf("%w: forbidden", federation.ErrStopped), fmt.Errorf("%w: bad-request", federation.ErrRefused)
	for _, tt := range []struct {
		name  string
		stats federation.Stats
		place buffer.CursorStats
		state status.State
		text  status.Words
	}{
		{"well", federation.Stats{}, buffer.CursorStats{Pending: 2}, status.OK, status.Words{}},
		{"waiting", federation.Stats{Err: errors.New("away"), Refused: 1, Refusal: bad}, buffer.CursorStats{}, status.Waiting, status.Say("Sera réessayé : away", "Will be tried again: away")},
		{
			"stopped", federation.Stats{Err: forbidden}, buffer.CursorStats{Pending: 2}, status.Warning,
			status.Say(
				"Rien n'est pris tant que ce n'est pas corrigé ; nouvel essai chaque heure : stopped until somebody mends it: forbidden",
				"Nothing is taken until this is mended; tried again each hour: stopped until somebody mends it: forbidden"),
		},
		{
			"too long", federation.Stats{Err: fmt.Errorf("%w: %w", federation.ErrStopped, &xmpp.StanzaError{Condition: "policy-violation"})}, buffer.CursorStats{}, status.Warning,
			status.Say("Le serveur de ce destinataire refuse même les messages les plus courts ; ses relevés l'attendent ici.", "This recipient's server refuses even the shortest messages; its readings wait here."),
		},
		{
			"refused", federation.Stats{Err: bad, Refused: 3, Refusal: bad}, buffer.CursorStats{Expired: 1}, status.Warning,
			status.Say(
				"1 paquets ont expiré avant d'être envoyés, 3 ont été refusés, le dernier ainsi : refused for good: bad-request",
				"1 packs expired before they were sent, 3 were refused, the last one so: refused for good: bad-request"),
		},
		{"expired", federation.Stats{}, buffer.CursorStats{Expired: 2}, status.Warning, status.Say("2 paquets ont expiré avant d'être envoyés.", "2 packs expired before they were sent.")},
	} {
		want := status.Recipient{Name: "serveur", State: tt.state, Pending: tt.place.Pending, Text: tt.text}
		if diff := cmp.Diff(want, recipientShown("serveur", tt.stats, tt.place)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
