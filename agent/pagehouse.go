package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/consent"
	"releve/federation/ledger"
)

// pageHouse is what a household sees and decides about its data on the page. It does what the verbs of a terminal do, by
// the same functions.
type pageHouse struct{ *agent }

// MyData tells who sees what and what has left.
func (h pageHouse) MyData(context.Context) (status.MyData, error) {
	var data status.MyData
	entries, public, err := h.readLedger()
	if err != nil {
		data.Ledger.Trouble = err.Error()
	}
	sent := h.sentUnder(entries)
	data.Terms = h.terms(entries, sent)
	data.Transfers = h.transfers(entries)
	data.Ledger.Entries, data.Ledger.Key = int64(len(entries)), public
	for _, s := range h.buffer.Known() {
		data.Series = append(data.Series, s.Name)
	}
	slices.Sort(data.Series)
	if why := h.buffer.Stats().Unerased; why != "" {
		data.Unerased = unerased(why)
	}
	return data, nil
}

func (h pageHouse) readLedger() ([]ledger.Numbered, string, error) {
	s, err := h.notary.reader.Take()
	if err != nil {
		return nil, "", err
	}
	entries, err := s.Entries()
	return entries, s.PublicKey(), err
}

// Verify reads the whole ledger.
func (h pageHouse) Verify(context.Context) status.Verdict {
	public, err := ledger.PublicKey(h.notary.dir)
	if err != nil {
		return status.Verdict{Reason: err.Error()}
	}
	had, err := readCosignatures(h.state(cosignaturesFile))
	if err != nil {
		return status.Verdict{Reason: err.Error()}
	}
	var known [][]byte
	for _, one := range had {
		known = append(known, []byte(one.Note))
	}
	r, err := ledger.Verify(h.notary.dir, public, known...)
	if err != nil {
		return status.Verdict{Reason: err.Error()}
	}
	return status.Verdict{Good: true, Entries: r.Size, Erased: r.Erased}
}

// Checkpoint writes the signed state of the ledger.
func (h pageHouse) Checkpoint(w io.Writer) error {
	s, err := ledger.Take(h.notary.dir)
	if err != nil {
		return err
	}
	_, err = w.Write(s.Checkpoint())
	return err
}

// Prove writes the proof of an entry.
func (h pageHouse) Prove(w io.Writer, entry int64) error {
	s, err := ledger.Take(h.notary.dir)
	if err != nil {
		return err
	}
	proof, err := s.Prove(entry)
	if err != nil {
		return err
	}
	_, err = w.Write(proof)
	return err
}

// Export writes everything. That it was taken away is in the ledger, before.
func (h pageHouse) Export(ctx context.Context, w io.Writer) error {
	if err := h.notary.Changed(byPage, "page: all data exported", "", ""); err != nil {
		return err
	}
	h.log.Info("page", "event", "all data exported")
	return h.exportAll(ctx, w)
}

// Answer answers a consent. The ledger has it before it holds.
func (h pageHouse) Answer(a status.Answer) error {
	one, err := h.notary.consents.Find(a.Consent)
	if err != nil {
		return &status.Refusal{Text: status.Say("Cet accord n'est plus là.", "This consent is not there any more.")}
	}
	switch a.Do {
	case answerAccept:
		err = h.accept(one, a)
	case answerRefuse:
		_, err = h.notary.Refuse(one.ID, byPage)
	case answerWithdraw:
		_, err = h.notary.Withdraw(one.ID, byPage)
	case answerPause, answerResume:
		err = h.pause(one, a.Do == answerPause)
	case answerTold:
		_, err = h.notary.ToldByHand(one.ID, "", byPage)
	default:
		err = fmt.Errorf("%q is no answer", a.Do)
	}
	if err != nil {
		h.log.Warn("consent not answered", "consent", one.ID, "by", byPage, "error", err)
		return err
	}
	h.log.Info("consent answered", "consent", one.ID, "by", byPage, "answer", a.Do)
	return nil
}

// pause puts on trial that the recipient of a consent is sent nothing, or again what waits.
func (h pageHouse) pause(one consent.Consent, paused bool) error {
	r, ok := h.recipientTo(one.Grant.To)
	if !ok || h.remote == nil {
		return &status.Refusal{Text: status.Say("Ce destinataire ne se met pas en pause d'ici.", "This recipient is not paused from here.")}
	}
	key := config.Path{Table: "recipient", Entry: r.Name, Key: "paused"}.String()
	return pageSetup{agent: h.agent}.Change(map[string][]string{key: {strconv.FormatBool(paused)}})
}

// accept gives a consent in the terms that were asked for, or in narrower ones.
func (h pageHouse) accept(one consent.Consent, a status.Answer) error {
	g := one.Grant
	if a.Finest != "" {
		if !slices.Contains(coarserOf(g.Resolution), a.Finest) {
			return &status.Refusal{Field: "finest", Text: status.Say("C'est plus fin que ce qui est demandé.", "This is finer than what was asked for.")}
		}
		g.Resolution = consent.Resolution(a.Finest)
	}
	if !a.Until.IsZero() {
		until := a.Until.AddDate(0, 0, 1)
		switch {
		case !until.After(h.now()):
			return &status.Refusal{Field: "until", Text: status.Say("Ce jour est passé.", "This day is over.")}
		case !g.Until.IsZero() && until.After(g.Until):
			return &status.Refusal{Field: "until", Text: status.Say("C'est plus long que ce qui est demandé.", "This is longer than what was asked for.")}
		}
		g.Until = until
	}
	_, err := h.notary.AcceptAs(one.ID, g, byPage)
	return err
}

// Erasable says what would go.
func (h pageHouse) Erasable(ctx context.Context, e status.Erasure) (status.Erased, error) {
	return erasedShown(h.erasable(ctx, readingsOf(e)))
}

// Erase erases, and has the agent begin anew with an empty memory.
func (h pageHouse) Erase(ctx context.Context, e status.Erasure) (status.Erased, error) {
	return erasedShown(h.erase(ctx, readingsOf(e), byPage))
}

func readingsOf(e status.Erasure) erasure { return erasure{Series: e.Series, From: e.From, To: e.To} }

func erasedShown(sum erased, err error) (status.Erased, error) {
	if errors.Is(err, errNothing) {
		err = &status.Refusal{Text: status.Say("Il n'y a rien de cela.", "There is nothing of it.")}
	}
	return status.Erased{Readings: sum.Readings, RollUps: sum.RollUps, Series: sum.Series}, err
}
