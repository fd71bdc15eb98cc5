package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"releve/buffer"
	"releve/buffer/statefile"
	"releve/federation/consent"
	"releve/federation/ledger"
	"releve/federation/notice"
	"releve/federation/xmpp"
)

// erasuresFile holds who is still to be told that readings were erased, in the state folder.
const erasuresFile = "erasures.json"

// erasureNotice is the word to one address that readings it was sent were erased, until it says that it knows.
type erasureNotice struct {
	Address string `json:"address"` // bare
	notice.Erasure
	Sent time.Time `json:"sent,omitzero"` // when it first was
	Last time.Time `json:"last,omitzero"` // when it last was, or came back
}

// saysSame tells whether another says the same to the same.
func (n erasureNotice) saysSame(other erasureNotice) bool {
	return n.Address == other.Address && n.Consent == other.Consent && n.From.Equal(other.From) && n.To.Equal(other.To) &&
		slices.Equal(n.Series, other.Series)
}

// erasureNotices are those that are owed.
type erasureNotices struct {
	file string

	mu   sync.Mutex // guards everything below
	list []erasureNotice
}

// openErasureNotices reads them. What cannot be read was set aside, and is told: those who were to hear it may not.
func openErasureNotices(file string, log *slog.Logger) (*erasureNotices, error) {
	list, err := statefile.Read[[]erasureNotice](file, nil)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return nil, fmt.Errorf("read who is to be told of erasures: %w", err)
	}
	if err != nil {
		log.Warn("notices of erasures lost", "error", err)
	}
	return &erasureNotices{file: file, list: list}, nil
}

// owe adds notices, but for those that are owed already.
func (n *erasureNotices) owe(more []erasureNotice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := slices.Clone(n.list)
	for _, one := range more {
		if !slices.ContainsFunc(list, one.saysSame) {
			list = append(list, one)
		}
	}
	return n.write(list)
}

// settle puts a notice in the place of one, or takes that away.
func (n *erasureNotices) settle(one erasureNotice, with ...erasureNotice) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []erasureNotice
	for _, other := range n.list {
		if one.saysSame(other) {
			list = append(list, with...)
			continue
		}
		list = append(list, other)
	}
	return n.write(list)
}

// write keeps the list. The caller holds mu.
func (n *erasureNotices) write(list []erasureNotice) error {
	if len(list) == len(n.list) && len(list) == 0 {
		return nil
	}
	if err := statefile.Write(n.file, append([]erasureNotice{}, list...)); err != nil {
		return fmt.Errorf("keep who is to be told of an erasure: %w", err)
	}
	n.list = list
	return nil
}

// due lists what is to be told, or told again.
func (n *erasureNotices) due(now time.Time) (list []erasureNotice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, one := range n.list {
		if now.Sub(one.Last) >= tellAgain || one.Last.After(now) {
			list = append(list, one)
		}
	}
	return list
}

// owedFor lists who is to be told of an erasure: who is granted something of it. deaf are those whom a person has to tell.
func (a *agent) owedFor(what buffer.Erasure) (list []erasureNotice, deaf []string) {
	at, _ := a.notary.time()
	for _, c := range a.notary.consents.All() {
		if c.At(a.now()).State != consent.InForce {
			continue
		}
		for _, to := range a.audience(c.Grant) {
			names, any := a.sentAs(to, c.Grant, what.Series)
			switch {
			case !any:
			case a.deaf(to) != "":
				deaf = append(deaf, to)
			default:
				list = append(list, noticesTo(to, notice.Erasure{Consent: c.ID, At: at, From: what.From, To: what.To}, names)...)
			}
		}
	}
	slices.Sort(deaf)
	return list, slices.Compact(deaf)
}

// sentAs lists the names under which an address is granted series by a grant, none when all are meant.
func (a *agent) sentAs(to string, g consent.Grant, series []string) (names []string, any bool) {
	for _, local := range series {
		if g.Has(local) {
			names = append(names, a.book.Name(to, local))
		}
	}
	return names, series == nil || len(names) > 0
}

// noticesTo are as many as it takes to name all series.
func noticesTo(address string, e notice.Erasure, names []string) (list []erasureNotice) {
	if len(names) == 0 {
		return []erasureNotice{{Address: address, Erasure: e}}
	}
	for some := range slices.Chunk(names, notice.MostSeries) {
		e.Series = some
		list = append(list, erasureNotice{Address: address, Erasure: e})
	}
	return list
}

const (
	ofErasure      = "knows of the erasure"
	erasedBySource = "erased by a source"
)

// tellErasures tells those who are due.
func (h *herald) tellErasures(ctx context.Context) {
	for _, n := range h.erasures.due(h.notary.moment()) {
		if ctx.Err() != nil || !h.session.State().Up {
			return
		}
		if err := h.tellErasure(ctx, n); err != nil {
			h.log.Warn("erasure not told", "recipient", n.Address, "consent", n.Consent, "error", err, "retry_in", heraldEvery)
		}
	}
}

// tellErasure tells one. Who does not acknowledge, or cannot be reached, is told each day for a week.
func (h *herald) tellErasure(ctx context.Context, n erasureNotice) error {
	to, err := h.reach(n.Address)
	acked := false
	if err == nil {
		acked, err = notice.Tell(ctx, h.session, to, n.Erasure)
	}
	if err != nil && notice.CameBack(err) == nil {
		return err
	}
	then := n
	then.Last = h.notary.moment()
	if then.Sent.IsZero() {
		then.Sent = then.Last
	}
	switch {
	case acked:
		h.log.Info("erasure told", "recipient", n.Address, "consent", n.Consent, "acknowledged", true)
		return errors.Join(h.notary.toldErasure(ledger.Acknowledgement, n, ofErasure), h.erasures.settle(n))
	case then.Last.Sub(then.Sent) < tellFor:
		return errors.Join(err, h.erasures.settle(n, then))
	}
	return errors.Join(h.notary.toldErasure(ledger.Untold, n, "no notice of the erasure was acknowledged"), h.erasures.settle(n))
}

// toldErasure records what came of a notice.
func (n *notary) toldErasure(kind ledger.Kind, of erasureNotice, text string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record(ledger.Entry{Kind: kind, By: of.Address, Recipient: of.Address, Consent: of.Consent, Text: text})
}

// hearErasure records that a source has erased readings that it had sent us. It may say so several times.
func (n *notary) hearErasure(from xmpp.JID, e notice.Erasure) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	entry := ledger.Entry{Kind: ledger.Acknowledgement, By: from.String(), Consent: e.Consent, From: e.From, To: e.To, Text: erasedBySource}
	if known, is := n.lost[lostKey(entry)]; is && known.From.Equal(e.From) && known.To.Equal(e.To) {
		return nil
	}
	n.log.Warn("a source has erased readings", "source", from.String(), "consent", e.Consent)
	return n.record(entry)
}

// lostKey is what an entry about something that a source took back is known by.
func lostKey(e ledger.Entry) string { return e.By + " " + e.Consent + " " + e.Text }
