package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/federation/lab"
)

// Every command, by who may and who may not, from the other domain, with either server at home.
func TestIntegrationCommands(t *testing.T) {
	requireSlixmpp(t)
	t.Parallel()
	for _, own := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(own.String(), func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t, own)
			h.arrives(1)
			h.enlist("owners", "chef@"+consumerDomain, "adjoint@"+consumerDomain)
			h.enlist("readers", "lecteur@"+consumerDomain)
			app := newInitialApplication(t)
			h.show(app)
			h.restartAgent()
			h.arrives(5)
			owner, reader, stranger := h.newCommander("chef"), h.newCommander("lecteur"), h.newCommander("inconnu")
			t.Run("listed", func(t *testing.T) { checkListed(t, owner, reader, stranger) })
			t.Run("stranger and reader", func(t *testing.T) { checkForbidden(t, h, owner, reader, stranger) })
			t.Run("forged, replayed, oversized, out of order", func(t *testing.T) { checkForms(t, owner, reader) })
			t.Run("status, doctor, log", func(t *testing.T) { checkReading(t, h, owner) })
			t.Run("trace and export", func(t *testing.T) { checkData(t, h, owner) })
			t.Run("consents and meters", func(t *testing.T) { checkConsents(t, h, owner) })
			t.Run("refused and withdrawn", func(t *testing.T) { checkNo(t, h, h.newCommander("adjoint")) })
			t.Run("card", func(t *testing.T) { checkCard(t, h) })
			t.Run("receipts", func(t *testing.T) { checkReceipts(t, h, app) })
			t.Run("requests", func(t *testing.T) { checkRequests(t, h, owner) })
			t.Run("password", func(t *testing.T) { checkPassword(t, h, owner) })
			t.Run("update", func(t *testing.T) { checkUpdate(t, owner) })
			t.Run("erase", func(t *testing.T) { checkErase(t, h, owner) })
			t.Run("restart", func(t *testing.T) { checkRestart(t, h, owner) })
		})
	}
}

const commandList = "http://jabber.org/protocol/commands"

// nodes are the first of each row.
func (r heard) nodes() []string {
	var all []string
	for _, row := range r.Rows {
		all = append(all, row[0])
	}
	return all
}

func checkListed(t *testing.T, owner, reader, stranger *commander) {
	forReaders := []string{"status", "config", "doctor", "log"}
	for _, tt := range []struct {
		who  *commander
		want []string
	}{
		{stranger, []string{"get_catalogue", "request_consent", "present_consent"}}, {reader, append(slices.Clone(forReaders), "get_catalogue", "request_consent", "present_consent")},
		{owner, append(slices.Clone(forReaders), "configure", "confirm", "meters", "recipients", "trace", "export", "erase", "consents", "password", "update", "restart", "get_catalogue", "request_consent", "present_consent")},
	} {
		if diff := cmp.Diff(tt.want, tt.who.ask(wish{Do: "items", Node: commandList}).nodes()); diff != "" {
			t.Errorf("%s sees (-want +got):\n%s", tt.who.account.User, diff)
		}
	}
	if got := owner.ask(wish{Do: "info", Node: "status"}).nodes(); !slices.Contains(got, "How the agent does") {
		t.Errorf("the command is described as %q", got)
	}
	if got := stranger.ask(wish{Do: "info", Node: "status"}); got.Error != "item-not-found" {
		t.Errorf("a stranger is told %+v", got)
	}
}

func checkForbidden(t *testing.T, h *household, owner, reader, stranger *commander) {
	for _, tt := range []struct {
		who  *commander
		node string
	}{{stranger, "status"}, {stranger, "restart"}, {reader, "restart"}, {reader, "export"}} {
		want := addressOf(tt.who.account, consumerDomain) + " may not do this here"
		if got := tt.who.run(tt.node); got.Error != "forbidden" || got.Text != want {
			t.Errorf("%s runs %s: %+v", tt.who.account.User, tt.node, got)
		}
	}
	if got := owner.run("status").value("forbidden"); got != "4" {
		t.Errorf("%s refusals are counted, want 4", got)
	}
	for range 20 {
		stranger.run("status")
	}
	if got := stranger.run("status"); got.Error != "resource-constraint" {
		t.Errorf("who does not stop asking is told %+v", got)
	}
	if s, err := h.snapshot(); err != nil || !strings.Contains(s.Federation.Text.EN, "commands of who has no role for them were refused") {
		t.Errorf("the page says %q, %v", s.Federation.Text.EN, err)
	}
}

func checkForms(t *testing.T, owner, reader *commander) {
	first := owner.run("log")
	if got := reader.step("log", first, "complete", "lines=5"); got.Error != "bad-request bad-sessionid" {
		t.Errorf("another's session: %+v", got)
	}
	for _, tt := range []struct{ name, action, field, want string }{
		{"unknown field", "complete", "shell=rm", `error: the form has no field "shell".`},
		{"out of range", "complete", "lines=0", `error: Number of lines: "0" is not a whole number from 1 to 400.`},
		{"no number", "complete", "lines=many", `error: Number of lines: "many" is not a whole number from 1 to 400.`},
		{"oversized", "complete", "lines=" + strings.Repeat("9", 20_000), "bad-request bad-payload: a field of the form is longer than any of ours may be"},
		{"out of order", "prev", "lines=5", "bad-request bad-action: this step does not offer the action prev"},
		{"malformed", "dance", "lines=5", "bad-request malformed-action: this action is not known"},
	} {
		got := owner.step("log", first, tt.action, tt.field)
		said := strings.Join(got.Notes, "|")
		if got.Error != "" {
			said = got.Error + ": " + got.Text
		}
		if said != tt.want {
			t.Errorf("%s: told %q, want %q", tt.name, said, tt.want)
		}
	}
	if got := owner.ask(wish{Do: "command", Node: "log", Lang: "fr-FR"}); got.Form == nil || got.Form.Fields["lines"].Label != "Nombre de lignes" {
		t.Errorf("in French: %+v", got)
	}
	if got := owner.step("log", first, "complete", "lines=5"); got.Status != "completed" {
		t.Errorf("the form as it should be: %+v", got)
	}
	if got := owner.step("log", first, "complete", "lines=5"); got.Error != "not-allowed session-expired" {
		t.Errorf("the same again: %+v", got)
	}
	second := owner.run("restart")
	if got := owner.step("restart", second, "cancel"); got.Status != "canceled" {
		t.Errorf("cancelled: %+v", got)
	}
	if got := owner.step("restart", second, "complete"); got.Error != "not-allowed session-expired" {
		t.Errorf("after it was cancelled: %+v", got)
	}
}

// Nothing is installed from afar where the owner has not said whose signature counts.
func checkUpdate(t *testing.T, owner *commander) {
	want := "[error: No updates are configured here: [update] names where they come from (from) and who has signed them (key_file).]"
	if got := owner.run("update"); fmt.Sprint(got.Notes) != want {
		t.Errorf("without a key: %+v", got)
	}
}

func checkReading(t *testing.T, h *household, owner *commander) {
	r := owner.run("status")
	if r.value("health") != "ok" || !slices.ContainsFunc(r.Form.Rows, func(row []string) bool { return row[0] == "· Frames" && row[1] == "fine" }) {
		t.Errorf("status is %+v", r.Form)
	}
	if got := owner.run("doctor").value("report"); !strings.Contains(got, "Meter's signal: The meter is read in standard mode") {
		t.Errorf("the doctor says\n%s", got)
	}
	got := owner.run("log", []string{"lines=400"}).value("log")
	if !strings.Contains(got, "msg=\"federation up\"") || !strings.Contains(got, "msg=\"command forbidden\"") {
		t.Errorf("the log says\n%s", got)
	}
	for _, secret := range h.secrets() {
		if strings.Contains(got, secret) {
			t.Error("the log tells whose meter it is")
		}
	}
}

func checkData(t *testing.T, h *household, owner *commander) {
	const series = "linky/consumption/power/apparent/raw"
	got := owner.run("export", []string{"series=" + series, "from=-1h"}).value("csv")
	if head, rest, _ := strings.Cut(got, "\n"); head != "time,series,unit,value,text" || !strings.Contains(rest, series+",VA,") {
		t.Errorf("exported\n%s", got)
	}
	if got := owner.run("trace", []string{"meter=linky", "what=frames", "minutes=1"}); got.Status != "completed" {
		t.Fatalf("trace: %+v", got)
	}
	if got := owner.run("trace", []string{"meter=linky"}); fmt.Sprint(got.Notes) != "[error: This client follows a meter already; wait for the end.]" {
		t.Errorf("a second trace: %+v", got)
	}
	h.until("frames", patience, func() bool {
		return strings.Contains(owner.told(), "SINSTS ") && strings.Contains(owner.told(), "ADSC …")
	})
	for _, secret := range h.secrets() {
		if strings.Contains(owner.told(), secret) {
			t.Error("the trace tells whose meter it is")
		}
	}
}

// What was asked for at the terminal is answered from afar, and the meters are looked at.
func checkConsents(t *testing.T, h *household, owner *commander) {
	h.terminal("consent", "request", "mairie@"+consumerDomain, "--purpose", "un essai")
	page := owner.run("consents")
	if page.Form == nil || len(page.Form.Fields["consent"].Options) != 2 {
		t.Fatalf("consents: %+v", page)
	}
	asked := page.value("consent") // what waits is offered
	terms := owner.step("consents", page, "next", "consent="+asked)
	if got := terms.value("terms"); !strings.Contains(got, "mairie@"+consumerDomain) || !strings.Contains(got, "un essai") {
		t.Errorf("the terms are\n%s", got)
	}
	if got := owner.step("consents", terms, "complete", "answer=withdraw"); !strings.Contains(fmt.Sprint(got.Notes), "is not among the choices") {
		t.Errorf("what was not given is withdrawn: %+v", got)
	}
	if got := owner.step("consents", terms, "complete", "answer=accept", "finest=P1D"); fmt.Sprint(got.Notes) != "[info: mairie@"+consumerDomain+": in force.]" {
		t.Errorf("accepted: %+v", got)
	}
	if got := h.terminal("consent", "list"); !strings.Contains(got, "in force   P1D    mairie@") {
		t.Errorf("the terminal lists\n%s", got)
	}
	if got := h.terminal("ledger", "show"); !strings.Contains(got, `by="chef@`+consumerDomain+`"  text="un essai"`) {
		t.Errorf("the ledger is\n%s", got)
	}
	ports := owner.run("meters", []string{"do=probe"})
	if ports.Form == nil || !slices.ContainsFunc(ports.Form.Rows, func(row []string) bool { return row[2] == "linky" && strings.HasPrefix(row[3], "standard: ") }) {
		t.Errorf("meters: %+v", ports)
	}
}

// What was given is taken back, and what is asked for is refused, by another owner.
func checkNo(t *testing.T, h *household, owner *commander) {
	h.terminal("consent", "request", "curieux@"+consumerDomain, "--purpose", "un autre essai")
	for _, tt := range []struct{ to, answer, state string }{{"mairie", "withdraw", "withdrawn"}, {"curieux", "refuse", "refused"}} {
		to := tt.to + "@" + consumerDomain
		before, _, _ := strings.Cut(h.terminal("consent", "list"), to)
		line := strings.Fields(before[strings.LastIndex(before, "\n")+1:])
		fields := []string{"answer=" + tt.answer}
		if tt.answer == "refuse" {
			fields = append(fields, "finest=P1D")
		}
		page := owner.run("consents", []string{"consent=" + line[0]})
		if got := owner.step("consents", page, "complete", fields...); fmt.Sprint(got.Notes) != "[info: "+to+": "+tt.state+".]" {
			t.Errorf("%s: %+v, after %+v", tt.answer, got, page)
		}
	}
	if got := h.terminal("consent", "list"); !strings.Contains(got, "withdrawn  P1D    mairie@") || !strings.Contains(got, "refused    PT30M  curieux@") {
		t.Errorf("the terminal lists\n%s", got)
	}
}

// show gives the household a card, and an application whose receipts it knows.
func (h *household) show(app initialApplication) {
	h.t.Helper()
	before, err := os.ReadFile(h.path("agent.toml"))
	must(h.t, err)
	h.write("agent.toml", string(before)+fmt.Sprintf(`
[card]
organisation = "Ville d'exemple"
role = "relais"
commune = "56121"
services = ["conseil", "affichage public"]
[[consent_issuer]]
name = "application d'exemple"
key = %q
for = ["conseil@%s"]
`, app.key, consumerDomain))
}

// checkCard has a member of the other domain ask for the card, by the verb and across both servers.
func checkCard(t *testing.T, h *household) {
	cfg, err := config.Load(h.path("agent.toml"))
	must(t, err)
	address := cfg.Federation.JID.String()
	var out bytes.Buffer
	code := execute(t.Context(), []string{"directory", "--config", h.path("consumer.toml"), address}, terminal{out: &out, err: &out})
	if want := address + "  Ville d'exemple  relais  56121  conseil, affichage public\n"; code != exitDone || out.String() != want {
		t.Errorf("code %d, %q, want %q", code, &out, want)
	}
}

// checkReceipts has an application of the other domain present receipts: one is enough, one waits, one comes twice.
func checkReceipts(t *testing.T, h *household, app initialApplication) {
	cfg, err := config.Load(h.path("agent.toml"))
	must(t, err)
	c := h.newCommander("application")
	present := func(to string) heard {
		var fields []string
		for line := range strings.SplitSeq(app.collected(t, collectedGrant(to), cfg.Federation.JID.Bare().String()), "\n") {
			fields = append(fields, "receipt="+line)
		}
		return c.run("present_consent", fields)
	}
	if got := present("conseil@" + consumerDomain); got.value("state") != "in force" || fmt.Sprint(got.Notes) != "[info: in force]" {
		t.Errorf("a receipt that is enough: %+v", got)
	}
	if got := present("mairie@" + consumerDomain); got.value("state") != "pending" {
		t.Errorf("a receipt that waits: %+v", got)
	}
	if got := present("conseil@" + consumerDomain); !strings.Contains(fmt.Sprint(got.Notes), "is in force") || got.value("state") != "" {
		t.Errorf("a receipt that comes again: %+v", got)
	}
	if got := h.terminal("consent", "list"); !strings.Contains(got, "in force   PT30M  conseil@"+consumerDomain) || !strings.Contains(got, "pending    PT30M  mairie@"+consumerDomain) {
		t.Errorf("the terminal lists\n%s", got)
	}
}

// A stranger of the other domain asks, the owner hears of it and agrees to less, and the stranger hears that.
func checkRequests(t *testing.T, h *household, owner *commander) {
	asker := h.newCommander("agence")
	who := addressOf(asker.account, consumerDomain)
	wanted := []string{
		"name=Agence de l'énergie", "contact=dpo@example.org", "role=independent", "series=consumption/*", "series=voltage/*", "resolution=PT30M",
		"purpose=Conseil en énergie", "purpose_en=Energy advice", "until=" + time.Now().AddDate(1, 0, 0).Format(time.DateOnly), "retention=P1Y", "identity=0",
	}
	asked := asker.run("request_consent", wanted)
	if asked.value("state") != "pending" || fmt.Sprint(asked.Notes) != "[info: The request waits for the household's answer; you will be told by a message.]" {
		t.Fatalf("asked: %+v", asked)
	}
	id := asked.value("consent")
	h.until("the owner to hear of it", patience, func() bool {
		return strings.Contains(owner.told(), who+" (Agence de l'énergie) asks for a consent: Energy advice")
	})
	if got := h.terminal("consent", "list"); !strings.Contains(got, id+"  pending    PT30M  "+who) {
		t.Errorf("the terminal lists\n%s", got)
	}
	page := owner.run("consents", []string{"consent=" + id})
	if got := owner.step("consents", page, "complete", "answer=accept", "finest=P1D"); fmt.Sprint(got.Notes) != "[info: "+who+": in force.]" {
		t.Errorf("accepted: %+v", got)
	}
	h.until("the asker to hear of it", patience, func() bool {
		return strings.Contains(asker.told(), "is in force, P1D at the finest")
	})
	if got := asker.run("get_catalogue", []string{}); got.Form == nil || len(got.Form.Rows) == 0 || !strings.HasPrefix(got.Form.Rows[0][0], "urn:dev:org:60060-") || got.Form.Rows[0][6] != "P1D" {
		t.Errorf("the catalogue is %+v", got)
	}
	if got := asker.run("request_consent").value("standing"); !strings.Contains(got, "in force · P1D") || strings.Contains(got, "mairie") {
		t.Errorf("the asker is told %q", got)
	}
}

// The next login, of the restart that follows, is with the new password; the old one is no longer the server's.
func checkPassword(t *testing.T, h *household, owner *commander) {
	if got := owner.run("password", []string{}); got.Status != "completed" || !strings.HasPrefix(fmt.Sprint(got.Notes), "[info: The password has changed") {
		t.Fatalf("password: %+v", got)
	}
	if len(h.secret()) < 20 {
		t.Errorf("the password is %d characters long", len(h.secret()))
	}
}

// What the owner confirms is erased; the agent begins anew and goes on, and the ledger has the fact.
func checkErase(t *testing.T, h *household, owner *commander) {
	if got := owner.run("erase", []string{"what=all", "from=-1d"}); !strings.Contains(fmt.Sprint(got.Notes), "all does not go with series or a period") {
		t.Errorf("all of a day: %+v", got)
	}
	series := []string{"what=series", "series=voltage/*"}
	if got := owner.run("erase", series, []string{"sure=no"}); fmt.Sprint(got.Notes) != "[info: Nothing was erased.]" {
		t.Errorf("not confirmed: %+v", got)
	}
	before := owner.run("status").value("started")
	got := fmt.Sprint(owner.run("erase", series, []string{"sure=erase"}).Notes)
	if !strings.HasSuffix(got, " roll-ups are erased.]") || strings.HasPrefix(got, "[info: 0 readings") {
		t.Fatalf("erased: %s", got)
	}
	h.until("the agent to begin anew", patience, func() bool {
		after := owner.run("status").value("started")
		return after != "" && after != before
	})
	h.arrives(2)
	if got := h.terminal("ledger", "show"); !strings.Contains(got, "readings of series") {
		t.Errorf("the ledger has\n%s", got)
	}
}

func checkRestart(t *testing.T, h *household, owner *commander) {
	before := owner.run("status").value("started")
	if got := owner.run("restart", []string{}); fmt.Sprint(got.Notes) != "[info: The agent restarts.]" {
		t.Fatalf("restart: %+v", got)
	}
	h.until("another start", patience, func() bool {
		after := owner.run("status").value("started")
		return after != "" && after != before
	})
	h.arrives(2)
}
