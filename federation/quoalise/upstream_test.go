package quoalise

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"releve/federation/xmpp"
)

// A fault behind us travels as an upstream error, in which the reference client needs both attributes. What our own
// archive says is told to nobody but the log.
func TestHistoryOfBrokenArchive(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		err          error
		text         string
		issuer, code string
	}{
		{
			name: "our own", err: errors.New("disk on fire"),
			text: "undefined-condition: the archive could not be read; the log of the agent says why", issuer: "releve", code: "archive",
		},
		{
			name: "somebody else's", err: fmt.Errorf("ask SGE: %w", &UpstreamError{Issuer: "enedis-sge-tiers", Code: "SGT570", Text: "no such contract"}),
			text: "undefined-condition: no such contract", issuer: "enedis-sge-tiers", code: "SGT570",
		},
		{
			name: "somebody else's, who says no more", err: &UpstreamError{},
			text: "undefined-condition", issuer: "unknown", code: "unknown",
		},
	}
	for _, tt := range tests {
		for _, id := range []string{current, current + "/mean/P1D"} {
			t.Run(tt.name+" "+id, func(t *testing.T) {
				t.Parallel()
				h, said := newHouse(t), &bytes.Buffer{}
				h.Log = slog.New(slog.NewTextHandler(said, nil))
				h.archive.err = tt.err
				_, err := h.session.run(conseil, "get_history", submit("identifier", id))
				told, ok := err.(*xmpp.StanzaError) //nolint:errorlint // wrapped, it would not reach the peer
				if !ok || text(err) != tt.text || told.Type != "cancel" {
					t.Fatalf("got %v", err)
				}
				if name := told.App.Name; name.Space != NS || name.Local != "upstream-error" ||
					told.App.Attr("issuer") != tt.issuer || told.App.Attr("code") != tt.code {
					t.Errorf("told %s", told.App)
				}
				if !strings.Contains(said.String(), "history not read") || !strings.Contains(said.String(), tt.err.Error()) {
					t.Errorf("the log says %q", said)
				}
			})
		}
	}
}
