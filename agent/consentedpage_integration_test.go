package main

import (
	"fmt"
	"html"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"releve/federation/ledger"
)

// visit has a person choose the password of the page, by the code that the device shows.
func (c *consented) visit() {
	c.t.Helper()
	code := c.near.entry.shown(c.near.cfg)
	if said := c.verb("access", "code"); code == "" || said != code+"\n" {
		c.t.Fatalf("the device shows %q, the terminal %q", code, said)
	}
	c.person = newReader(c.t, c.page)
	until(c.t, "the page answers", func() bool {
		answer, err := c.person.Get(c.person.page + "/healthz")
		return err == nil && answer.Body.Close() == nil
	})
	c.person.settles(code)
}

// answer answers the consent on the page.
func (c *consented) answer(do, said string) {
	c.t.Helper()
	id := do + "-" + c.id
	if page := c.person.goes("/mydata").text; !strings.Contains(page, `value="`+id+`"`) || !strings.Contains(page, "Agence (relais@"+consumerDomain+")") {
		c.t.Errorf("the page does not ask for %s:\n%s", id, page)
	}
	c.person.sends("/mydata", "form", id, "do", do, "consent", c.id).says(c.t, 200, "/mydata?done="+do, said)
	c.t.Logf("POST http://%s/mydata do=%s consent=%s: %s", c.page, do, c.id, said)
}

// checkLedger verifies the ledger, on the page and at a terminal, and proofs by the key alone.
func (c *consented) checkLedger() {
	c.t.Helper()
	c.t.Logf("releve ledger show:\n%s", c.verb("ledger", "show"))
	all := (&registry{t: c.t, dir: c.near.notary.dir}).entries()
	for _, kind := range []ledger.Kind{ledger.Request, ledger.Grant, ledger.Transfer, ledger.Withdrawal, ledger.Acknowledgement} {
		if !slices.ContainsFunc(all, func(e ledger.Entry) bool { return e.Kind == kind && e.Consent == c.id }) {
			c.t.Errorf("there is no %s of it", kind)
		}
	}
	c.t.Logf("releve ledger verify:\n%s", c.verb("ledger", "verify"))
	page := c.person.goes("/mydata?verify=1")
	page.says(c.t, 200, "/mydata?verify=1", " entries are what they were, 0 of them erased.")
	key := regexp.MustCompile(`<code>(releve[^<]+)</code>`).FindStringSubmatch(page.text)
	if key == nil {
		c.t.Fatalf("the page shows no key:\n%s", page.text)
	}
	for _, kind := range []ledger.Kind{ledger.Grant, ledger.Withdrawal} {
		n := slices.IndexFunc(all, func(e ledger.Entry) bool { return e.Kind == kind && e.Consent == c.id })
		c.checkProof(html.UnescapeString(key[1]), n, kind)
	}
}

// checkProof has the program that knows nothing but the key look at a proof from the page, and at another key.
func (c *consented) checkProof(key string, n int, kind ledger.Kind) {
	c.t.Helper()
	proof := c.person.goes(fmt.Sprintf("/mesdonnees/preuve/%d", n)).text
	check := func(key string) (string, error) {
		cmd := exec.CommandContext(c.t.Context(), "go", "run", "releve/federation/ledger/checker", key)
		cmd.Stdin = strings.NewReader(proof)
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	said, err := check(key)
	if err != nil || !strings.HasPrefix(said, fmt.Sprintf("entry %d of ", n)) || !strings.Contains(said, `"kind":"`+string(kind)+`"`) || !strings.Contains(said, `"by":"page"`) || !strings.Contains(said, c.id) {
		c.t.Errorf("of entry %d the checker says %q, %v", n, said, err)
	}
	c.t.Logf("checker %s < proof of entry %d:\n%s\nthe proof:\n%s", key, n, said, proof)
	theirs, err := ledger.PublicKey(c.far.notary.dir)
	must(c.t, err)
	if said, err := check(theirs); err == nil || !strings.HasPrefix(said, "not proven: ") {
		c.t.Errorf("by the key of another house it says %q, %v", said, err)
	}
}
