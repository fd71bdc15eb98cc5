package main

import (
	"testing"

	"releve/federation/xmpp"
)

// Each stage has words of its own, in both languages, which say that nothing is lost.
func TestStageTrouble(t *testing.T) {
	t.Parallel()
	seen := map[string]xmpp.Stage{}
	for _, stage := range []xmpp.Stage{
		xmpp.StageSecrets, xmpp.StageNames, xmpp.StageProxy, xmpp.StageNetwork, xmpp.StageTLS, xmpp.StageStream, xmpp.StageLogin,
	} {
		text, advice := stageTrouble(stage)
		for _, words := range []string{text.EN, text.FR, advice.EN, advice.FR} {
			if before, twice := seen[words]; twice || words == "" {
				t.Errorf("%s says %q, as %s does", stage, words, before)
			}
			seen[words] = stage
		}
	}
}
