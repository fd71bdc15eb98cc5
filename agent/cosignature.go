package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"releve/agent/status"
	"releve/buffer/statefile"
	"releve/federation/ledger"
	"releve/federation/xmpp"
)

// cosigned is what a witness last vouched for.
type cosigned struct {
	Size int64     `json:"size"` // entries
	Key  string    `json:"key"`  // of the witness
	Note string    `json:"note"` // the checkpoint with both signatures
	At   time.Time `json:"at"`
}

// cosignaturesFile is by the address of the witness, in the state folder.
const cosignaturesFile = "cosignatures.json"

// Times of asking.
const (
	cosignEvery   = 24 * time.Hour
	lookForDue    = 10 * time.Minute
	witnessAnswer = 2 * time.Minute
)

// cosignatures has other members vouch each day for what the ledger holds.
type cosignatures struct {
	dir, file string
	witnesses []xmpp.JID // full
	session   interface {
		Execute(ctx context.Context, to xmpp.JID, node string, form *xmpp.Form) (*xmpp.Element, error)
		State() xmpp.State
	}
	logins chan struct{} // receives at each login
	log    *slog.Logger

	mu   sync.Mutex // guards everything below
	had  map[string]cosigned
	fork string // the witness that has seen another history; "" for none
}

func (a *agent) openCosignatures() error {
	if len(a.cfg.Ledger.Witnesses) == 0 {
		return nil
	}
	had, err := readCosignatures(a.state(cosignaturesFile))
	if err != nil {
		return err
	}
	a.cosignatures = &cosignatures{
		dir: a.notary.dir, file: a.state(cosignaturesFile), witnesses: a.cfg.Ledger.Witnesses, session: a.session, log: a.log, had: had, logins: make(chan struct{}, 1),
	}
	a.session.OnLogin(func(context.Context) { rouse(a.cosignatures.logins) })
	return nil
}

func readCosignatures(file string) (map[string]cosigned, error) {
	had, err := statefile.Read[map[string]cosigned](file, nil)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read cosignatures: %w", err)
	}
	if had == nil { // a witness says from where to ask
		had = map[string]cosigned{}
	}
	return had, nil
}

// String names the task.
func (c *cosignatures) String() string { return "witnesses" }

// Run asks each witness once a day.
func (c *cosignatures) Run(ctx context.Context) error {
	tick := time.NewTicker(lookForDue)
	defer tick.Stop()
	for {
		for _, to := range c.witnesses {
			if c.session.State().Up && time.Since(c.last(to).At) >= cosignEvery {
				c.ask(ctx, to)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.logins:
		case <-tick.C:
		}
	}
}

func (c *cosignatures) last(of xmpp.JID) cosigned {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.had[of.String()]
}

// ask has a witness cosign the ledger as it is.
func (c *cosignatures) ask(ctx context.Context, to xmpp.JID) {
	ctx, cancel := context.WithTimeout(ctx, witnessAnswer)
	defer cancel()
	err := c.request(ctx, to, c.last(to).Size)
	var stale *ledger.Stale
	if errors.As(err, &stale) {
		err = c.request(ctx, to, stale.Size)
	}
	var refusal *xmpp.StanzaError
	var fork *ledger.Fork
	forked := errors.As(err, &refusal) && refusal.Condition == "conflict" || errors.As(err, &fork)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case forked:
		c.fork = to.String()
		c.log.Error("the ledger is not the one that a witness has seen", "witness", to.String(), "error", err)
	case err != nil:
		c.log.Warn("ledger not cosigned", "witness", to.String(), "error", err, "retry_in", lookForDue)
	}
}

// request asks from the size that the witness is thought to have cosigned.
func (c *cosignatures) request(ctx context.Context, to xmpp.JID, old int64) error {
	s, err := ledger.Take(c.dir)
	if err != nil {
		return err
	}
	text, err := s.Ask(old)
	if err != nil {
		return err
	}
	answer, err := c.session.Execute(ctx, to, witnessNode, &xmpp.Form{Type: "submit", Fields: []xmpp.Field{
		{Var: "request", Type: "text-single", Values: []string{base64.StdEncoding.EncodeToString(text)}},
		{Var: "key", Type: "text-single", Values: []string{s.PublicKey()}},
	}})
	if err != nil {
		return fmt.Errorf("ask %s to cosign: %w", to, err)
	}
	if size := fieldOf(answer, "size"); size != "" {
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil || n == old {
			return fmt.Errorf("ask %s to cosign: it says from where to ask, and it is %q", to, size)
		}
		return &ledger.Stale{Size: n}
	}
	return c.keep(to, s, fieldOf(answer, "cosignature"), fieldOf(answer, "key"))
}

// keep checks a cosignature and writes it down.
func (c *cosignatures) keep(to xmpp.JID, s *ledger.Snapshot, signature, key string) error {
	note, err := ledger.Cosigned(s.Checkpoint(), strings.TrimRight(signature, "\n")+"\n", s.PublicKey(), key)
	if err != nil {
		return fmt.Errorf("check what %s has signed: %w", to, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if before := c.had[to.String()].Key; before != "" && before != key {
		c.log.Warn("a witness signs with another key", "witness", to.String())
	}
	had := maps.Clone(c.had)
	had[to.String()] = cosigned{Size: s.Size(), Key: key, Note: string(note), At: time.Now().UTC()}
	if err := statefile.Write(c.file, had); err != nil {
		return fmt.Errorf("keep a cosignature: %w", err)
	}
	c.had, c.fork = had, ""
	c.log.Info("ledger cosigned", "witness", to.String(), "entries", s.Size())
	return nil
}

// fieldOf is the value of a field of the form that a command ended with.
func fieldOf(command *xmpp.Element, name string) string {
	x := command.Child("jabber:x:data", "x")
	if x == nil {
		return ""
	}
	for _, field := range x.Children {
		if value := field.Child("jabber:x:data", "value"); field.Attr("var") == name && value != nil {
			return value.Text
		}
	}
	return ""
}

// finding says whether a witness has seen another history.
func (c *cosignatures) finding() status.Finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fork == "" {
		return status.Finding{}
	}
	return status.Finding{
		State:  status.Fault,
		Text:   status.Sayf("Le registre n'est pas la suite de celui que %s a contresigné.", "The ledger does not go on from the one that %s has cosigned.", c.fork),
		Advice: status.Say("Comparez-le à une sauvegarde avec releve ledger verify ; si vous l'avez recommencé, dites-le à ce témoin.", "Compare it with a copy by releve ledger verify; if you began it anew, tell that witness."),
	}
}

type ledgerWitnessesVerb struct{ ledgerFlags }

// Run lists what others have vouched for.
func (v ledgerWitnessesVerb) Run(t terminal) error {
	had, err := v.cosigned()
	if err != nil {
		return err
	}
	for _, witness := range slices.Sorted(maps.Keys(had)) {
		one := had[witness]
		if _, err := fmt.Fprintf(t.out, "%s  %d entries  %s  %s\n", witness, one.Size, one.At.Format(time.RFC3339), one.Key); err != nil {
			return err
		}
	}
	return nil
}
