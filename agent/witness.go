package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"releve/agent/status"
	"releve/federation/ledger"
	"releve/federation/xmpp"
)

// witnessNode is the command with which a member has another one cosign its ledger.
const witnessNode = "witness"

// witness cosigns the ledgers of members that the configuration names, so that none of them can write its history anew
// unseen. It opens its own ledger's key with the first request: that may not be there before.
type witness struct {
	dir, file string // of our ledger; what was cosigned
	members   []xmpp.JID
	log       *slog.Logger

	mu     sync.Mutex // guards what follows
	opened *ledger.Witness
	forked string // the member whose ledger last was another than the one that was cosigned; "" for none
}

// openWitness offers to cosign, and prepares to be cosigned.
func (a *agent) openWitness(context.Context) error {
	if a.session == nil {
		return nil
	}
	if len(a.cfg.Ledger.WitnessFor) > 0 {
		w := &witness{dir: a.notary.dir, file: a.state("witnessed-others.json"), members: a.cfg.Ledger.WitnessFor, log: a.log}
		a.session.Offer(xmpp.Command{
			Node: witnessNode, Name: "Cosign a ledger", For: w.serves, Run: w.run,
			Title: func(lang string) string {
				if len(lang) >= 2 && lang[:2] == "fr" {
					return "Contresigner un registre"
				}
				return "Cosign a ledger"
			},
		})
		a.witness = w
	}
	return a.openCosignatures()
}

func (w *witness) serves(from xmpp.JID) bool {
	return slices.ContainsFunc(w.members, from.Bare().Equal)
}

// run answers one request. A history that does not go on from the one that was cosigned is a conflict.
//
//	Form:   request: what ledger.Snapshot.Ask makes, base64; key: the public key of the ledger
//	Result: cosignature: a line of a signed note (C2SP tlog-cosignature), key: of the witness; or size: from where to ask
func (w *witness) run(_ context.Context, s xmpp.Step) (xmpp.Outcome, error) {
	if !w.serves(s.From) {
		return xmpp.Outcome{}, &xmpp.StanzaError{Type: "auth", Condition: "forbidden", Text: "this witness cosigns for the members that its household names"}
	}
	if s.Form == nil {
		return xmpp.Outcome{Form: &xmpp.Form{Type: "form", Title: "Cosign a ledger", Instructions: "For programs: federation/PROTOCOL.md.", Fields: []xmpp.Field{
			{Var: "request", Type: "text-single", Label: "Request (C2SP tlog-witness), base64", Required: true},
			{Var: "key", Type: "text-single", Label: "Public key of the ledger", Required: true},
		}}}, nil
	}
	request, err := base64.StdEncoding.DecodeString(s.Form.Value("request"))
	if err != nil {
		return xmpp.Outcome{}, xmpp.BadRequest("request is not base64")
	}
	one, err := w.open()
	if err != nil {
		w.log.Warn("ledger of a member not cosigned", "member", s.From.Bare().String(), "error", err)
		return xmpp.Outcome{}, xmpp.Internal("the witness cannot sign now; ask again later")
	}
	signature, err := one.Cosign(request, s.Form.Value("key"))
	w.judge(s.From.Bare().String(), err)
	var stale *ledger.Stale
	var fork *ledger.Fork
	switch {
	case errors.As(err, &stale):
		return resultOf("size", fmt.Sprint(stale.Size)), nil
	case errors.As(err, &fork):
		w.log.Warn("a member's ledger was written anew", "member", s.From.Bare().String(), "error", err)
		return xmpp.Outcome{}, &xmpp.StanzaError{Type: "cancel", Condition: "conflict", Text: fork.Error()}
	case err != nil:
		return xmpp.Outcome{}, xmpp.BadRequest(err.Error())
	}
	return resultOf("cosignature", signature, "key", one.PublicKey()), nil
}

// judge notes whose history is another one, until it is again the one that was cosigned.
func (w *witness) judge(member string, err error) {
	var fork *ledger.Fork
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case errors.As(err, &fork):
		w.forked = member
	case err == nil && w.forked == member:
		w.forked = ""
	}
}

// finding says whose ledger was written anew: the household that keeps it may know nothing of it.
func (w *witness) finding() status.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.forked == "" {
		return status.Finding{}
	}
	return status.Finding{
		State:  status.Warning,
		Text:   status.Sayf("Le registre de %s n'est pas la suite de celui que cet agent a contresigné.", "The ledger of %s does not go on from the one that this agent has cosigned.", w.forked),
		Advice: status.Say("Demandez-lui ce qui est arrivé : une copie ancienne remise en place, un registre recommencé, ou une histoire réécrite.", "Ask it what has happened: an old copy put back, a ledger begun anew, or a history written anew."),
	}
}

// resultOf is a result of fields by name and value.
func resultOf(pairs ...string) xmpp.Outcome {
	form := &xmpp.Form{Type: "result", Title: "Cosign a ledger"}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Fields = append(form.Fields, xmpp.Field{Var: pairs[i], Type: "text-single", Values: []string{pairs[i+1]}})
	}
	return xmpp.Outcome{Done: true, Form: form}
}

func (w *witness) open() (*ledger.Witness, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opened == nil {
		one, err := ledger.OpenWitness(w.dir, w.file)
		if err != nil {
			return nil, err
		}
		w.opened = one
	}
	return w.opened, nil
}
