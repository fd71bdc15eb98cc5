package quoalise

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"releve/federation/xmpp"
)

// UpstreamError is what a source of data further up said when it could not answer. An Archive returns one, wrapped or
// not, to have it told to the peer in Quoalise's words; its text must be fit for strangers.
type UpstreamError struct {
	Issuer string // who said it, such as enedis-sge-tiers
	Code   string // in the issuer's own terms, such as SGT570
	Text   string // a sentence
}

// Error is all of it.
func (e *UpstreamError) Error() string { return fmt.Sprintf("%s %s: %s", e.Issuer, e.Code, e.Text) }

// ourArchive is what peers are told of a fault of our own archive. The details stay here.
func ourArchive() *UpstreamError {
	return &UpstreamError{Issuer: "releve", Code: "archive", Text: "the archive could not be read; the log of the agent says why"}
}

// told is the error as it travels. The reference client breaks unless both issuer and code are there.
//
//	Example: <error type="cancel"><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>
//	         <upstream-error xmlns="urn:quoalise:0" issuer="enedis-sge-tiers" code="SGT570"/></error>
func (e *UpstreamError) told() *xmpp.StanzaError {
	return &xmpp.StanzaError{
		Type: "cancel", Condition: "undefined-condition", Text: e.Text,
		App: xmpp.NewElement(NS, "upstream-error", "issuer", cmp.Or(e.Issuer, "unknown"), "code", cmp.Or(e.Code, "unknown")),
	}
}

// fault logs why the archive could not answer, and returns what the peer is told. Nobody is told once ctx has ended.
func (p *Provider) fault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("read history: %w", err)
	}
	upstream := ourArchive()
	errors.As(err, &upstream)
	p.Log.Warn("history not read", "error", err)
	return upstream.told()
}
