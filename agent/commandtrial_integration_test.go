package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/federation/lab"
)

// The configuration is changed from the other domain: what works is kept once it is confirmed, and what saws off its own
// branch is taken back by the agent itself.
func TestIntegrationConfigure(t *testing.T) {
	requireSlixmpp(t)
	t.Parallel()
	h := newHousehold(t, lab.Ejabberd)
	h.arrives(1)
	owner, reader := h.newCommander("chef"), h.newCommander("lecteur")
	t.Run("the first owner", func(t *testing.T) { checkClaim(t, owner, reader) })
	h.enlist("readers", "lecteur@"+consumerDomain)
	h.enlist("operators", "technicien@"+consumerDomain)
	h.restartAgent()
	h.arrives(2)
	t.Run("an operator", func(t *testing.T) { checkOperator(t, h.newCommander("technicien")) })
	t.Run("a reader", func(t *testing.T) {
		if got := reader.run("configure"); got.Error != "forbidden" {
			t.Errorf("told %+v", got)
		}
	})
	t.Run("wrong values", func(t *testing.T) { checkWrongValues(t, owner) })
	t.Run("the interval of publication", func(t *testing.T) { checkInterval(t, owner) })
	t.Run("a recipient comes and goes", func(t *testing.T) { checkRecipient(t, owner) })
	config, err := os.ReadFile(h.path("agent.toml"))
	must(t, err)
	h.write("agent.toml", string(config)+"[trial]\nprove = \"10s\"\n") // what cannot work need not be waited for
	h.restartAgent()
	h.arrives(2)
	must(t, os.MkdirAll(h.path("state/secrets"), 0o700))
	h.write("state/secrets/other", "not the password\n")
	for _, tt := range []struct{ name, section, field, missing string }{
		{"a server that does not exist", "federation", "federation.address=127.0.0.1:1", "federation"},
		{"a wrong password", "federation", "federation.password_file=" + h.path("state/secrets/other"), "federation"},
		{"a wrong port", "meter[linky]", "meter[linky].port=/dev/ttyNONE", "meter linky"},
	} {
		t.Run(tt.name, func(t *testing.T) { checkComesBack(t, owner, tt.section, tt.field, tt.missing) })
	}
	if t.Failed() {
		return
	}
	t.Logf("the ledger:\n%s", h.ledger())
	h.drain()
	h.check()
}

// checkClaim has somebody become the owner of a device that has none, by the code that it shows.
func checkClaim(t *testing.T, owner, other *commander) {
	if got := owner.ask(wish{Do: "items", Node: commandList}).nodes(); fmt.Sprint(got) != "[get_catalogue request_consent claim]" {
		t.Errorf("a device without an owner lists %v", got)
	}
	if got := other.run("claim", []string{"code=AAAA-AAAA"}); fmt.Sprint(got.Notes) != "[error: This is not the code that the device shows.]" {
		t.Errorf("another code: %+v", got)
	}
	code, _, _ := strings.Cut(strings.TrimSpace(owner.h.terminal("config", "code")), "\n")
	if got := owner.run("claim", []string{"code=" + code}); !strings.HasPrefix(fmt.Sprint(got.Notes), "[info: You are the owner of this device") {
		t.Fatalf("claimed with %q: %+v", code, got)
	}
	owner.h.until("the owner's commands", patience, func() bool {
		time.Sleep(time.Second)
		return owner.run("status").Status == "completed"
	})
	if got := other.run("claim", []string{"code=" + code}); got.Error != "item-not-found" {
		t.Errorf("the same code again: %+v", got)
	}
}

// checkOperator has who may look after meters, but not say who receives, rename one and set its mode.
func checkOperator(t *testing.T, operator *commander) {
	if got := operator.ask(wish{Do: "items", Node: commandList}).nodes(); slices.Contains(got, "consents") || slices.Contains(got, "password") || !slices.Contains(got, "meters") {
		t.Errorf("an operator sees %v", got)
	}
	for _, tt := range []struct{ do, key, value, answer, said, origin string }{
		{"rename", "title", "Compteur de la cave", "keep", "[info: The change stays.]", "Compteur de la cave | overlay"},
		{"mode", "mode", "standard", "return", "[info: The configuration before it returns.]", "auto | default"},
	} {
		key := "meter[linky]." + tt.key
		got := operator.run("meters", []string{"do=" + tt.do, "meter=linky"}, []string{key + "=" + tt.value})
		if got.Form == nil || len(got.Form.Rows) != 1 || got.Form.Rows[0][0] != key || got.Form.Rows[0][2] != tt.value {
			t.Fatalf("%s: %+v", tt.do, got)
		}
		if got := operator.proves(tt.answer); fmt.Sprint(got.Notes) != tt.said {
			t.Errorf("%s answered: %+v", tt.do, got)
		}
		operator.h.until(tt.do+" to count", patience, func() bool {
			time.Sleep(time.Second)
			return operator.origin(key) == tt.origin
		})
	}
}

// ledger is what releve ledger show prints of the changes.
func (h *household) ledger() string {
	h.t.Helper()
	lines := slices.DeleteFunc(strings.Split(h.terminal("ledger", "show"), "\n"), func(line string) bool { return !strings.Contains(line, "  change  ") })
	return strings.Join(lines, "\n")
}

// origin is what the command config shows of a key.
func (c *commander) origin(key string) string {
	c.h.t.Helper()
	r := c.run("config", []string{"section=all"})
	if r.Form == nil {
		return r.Error
	}
	for _, row := range r.Form.Rows {
		if row[0] == key {
			return strings.Join(row[1:], " | ")
		}
	}
	return ""
}

func checkWrongValues(t *testing.T, owner *commander) {
	page := owner.run("configure", []string{"section=federation"})
	for _, tt := range []struct{ field, path, want string }{
		{"federation.push_every=soon", "federation.push_every", "is written like 10s, 5m, 12h or 31d (1s – 1h)."},
		{"federation.push_every=5h", "federation.push_every", `federation.push_every: "5h" is not a time from 1s to 1h, written like 10s, 5m, 12h or 31d.`},
		{"federation.password_file=/etc/passwd", "federation.password_file", "from afar only files in " + owner.h.path("state/secrets") + " can be named."},
	} {
		page = owner.step("configure", page, "complete", tt.field)
		if page.Form == nil || page.Form.Fields[tt.path].Desc != tt.want {
			t.Errorf("%s is answered with %+v", tt.field, page)
		}
		page = owner.run("configure", []string{"section=federation"})
	}
}

// proves waits until the change on trial works, and answers it.
func (c *commander) proves(answer string) heard {
	c.h.t.Helper()
	var page heard
	c.h.until("a change to prove itself", patience, func() bool {
		time.Sleep(time.Second) // who asks faster is told to wait
		page = c.run("confirm")
		return strings.HasPrefix(fmt.Sprint(page.Notes), "[info: All works")
	})
	return c.step("confirm", page, "complete", "answer="+answer)
}

func checkInterval(t *testing.T, owner *commander) {
	const key = "federation.push_every"
	got := owner.run("configure", []string{"section=federation"}, []string{key + "=2s"})
	if got.Form == nil || fmt.Sprint(got.Form.Rows) != "[[federation.push_every 1s 2s]]" {
		t.Fatalf("the change: %+v", got)
	}
	if got := owner.proves("keep"); fmt.Sprint(got.Notes) != "[info: The change stays.]" {
		t.Errorf("the confirmation: %+v", got)
	}
	if got := owner.origin(key); got != "2s | overlay" {
		t.Errorf("the value is shown as %q", got)
	}
	if got := owner.run("configure", []string{"section=federation"}, []string{key + "=2s"}); fmt.Sprint(got.Notes) != "[error: Nothing would change.]" {
		t.Errorf("the same again: %+v", got)
	}
	owner.h.until("word of it", patience, func() bool { return strings.Contains(owner.told(), "the change stays ("+key+")") })
	entries := owner.h.ledger()
	for _, what := range []string{"on trial", "confirmed"} {
		if want := `before="1s"  after="2s"  text="federation.push_every: ` + what; !strings.Contains(entries, want) {
			t.Errorf("the ledger lacks %s:\n%s", want, entries)
		}
	}
}

func checkRecipient(t *testing.T, owner *commander) {
	got := owner.run("recipients", []string{"do=add"}, []string{"name=bureau", "kind=releve"}, []string{"recipient[bureau].to=personne@" + consumerDomain})
	if got.Status != "completed" {
		t.Fatalf("added: %+v %+v", got, got.Form)
	}
	if got := owner.proves("keep"); fmt.Sprint(got.Notes) != "[info: The change stays.]" {
		t.Errorf("confirmed: %+v", got)
	}
	if got := owner.origin("recipient[bureau].to"); got != "personne@"+consumerDomain+" | overlay" {
		t.Errorf("the recipient is shown as %q", got)
	}
	if got := owner.run("recipients", []string{"do=test", "recipient=bureau"}); fmt.Sprint(got.Notes) != "[info: Nothing waits for bureau, or nothing is granted to it.]" {
		t.Errorf("tested: %+v", got)
	}
	for _, do := range []string{"pause", "resume"} {
		if got := owner.run("recipients", []string{"do=" + do, "recipient=bureau"}); got.Status != "completed" {
			t.Fatalf("%s: %+v", do, got)
		}
		if got := owner.proves("keep"); fmt.Sprint(got.Notes) != "[info: The change stays.]" {
			t.Errorf("%s confirmed: %+v", do, got)
		}
		if got, want := owner.origin("recipient[bureau].paused"), fmt.Sprint(do == "pause")+" | overlay"; got != want {
			t.Errorf("after %s it is paused: %q, want %q", do, got, want)
		}
	}
	if got := owner.run("recipients", []string{"do=remove", "recipient=bureau"}); got.Status != "completed" {
		t.Fatalf("removed: %+v", got)
	}
	if got := owner.proves("keep"); fmt.Sprint(got.Notes) != "[info: The change stays.]" {
		t.Errorf("confirmed: %+v", got)
	}
	if got := owner.origin("recipient[bureau].to"); got != "" {
		t.Errorf("the recipient is still shown as %q", got)
	}
}

// checkComesBack makes a change that cuts the agent off, and waits for it to come back by itself.
func checkComesBack(t *testing.T, owner *commander, section, field, missing string) {
	key, _, _ := strings.Cut(field, "=")
	before := owner.origin(key)
	if got := owner.run("configure", []string{"section=" + section}, []string{field}); got.Status != "completed" {
		t.Fatalf("the change: %+v", got)
	}
	want := "the last one was taken back: not all had come back in time, missing: " + missing
	owner.h.until("the agent back by itself", patience, func() bool {
		time.Sleep(time.Second)
		return strings.Contains(fmt.Sprint(owner.run("confirm").Notes), want)
	})
	if got := owner.origin(key); got != before {
		t.Errorf("the value is %q, and was %q", got, before)
	}
	owner.h.arrives(2)
}
