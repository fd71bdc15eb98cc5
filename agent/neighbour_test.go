package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"releve/agent/status"
	"releve/federation/lab"
	"releve/federation/xmpp"
)

// python runs the neighbours, with Debian's python3-slixmpp.
const python = "/usr/bin/python3"

func requireSlixmpp(t *testing.T) {
	t.Helper()
	if err := exec.Command(python, "-c", "import slixmpp").Run(); err != nil {
		const reason = "the neighbours need the Debian package python3-slixmpp"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
}

// neighbour runs a client of another make, with an account on the consumer's server, towards the agent.
func (h *household) neighbour(as lab.Account, in io.Reader, out io.Writer, verb string, more ...string) *process {
	h.t.Helper()
	host, port, err := net.SplitHostPort(h.servers.Server(consumerDomain).Addr())
	must(h.t, err)
	args := []string{"testdata/neighbour.py", verb, addressOf(as, consumerDomain), as.Password, host, port, h.servers.CAFile(), addressOf(h.house, houseDomain) + "/releve"}
	return h.launch(exec.Command(python, append(args, more...)...), in, out)
}

// repair fetches everything there is: what a client that never acknowledges does about what it may have missed.
func (h *household) repair() {
	h.t.Helper()
	h.pushed = h.received.count()
	h.succeeds(h.neighbour(h.consumes, nil, h.received, "repair", h.began.UTC().Format(time.RFC3339)))
}

// offlineFull takes the consumer away and fills what its server keeps for it with letters from a stranger.
func offlineFull(h *household) func() {
	back := consumerKilled(h)
	letter := "<message to='" + addressOf(h.consumes, consumerDomain) + "'><body>a letter</body></message>"
	h.succeeds(h.neighbour(h.stranger(), strings.NewReader(strings.Repeat(letter+"\x00", 100)+letter), nil, "rude"))
	return back
}

// stranger is an account that nothing was granted to; it is made the first time.
func (h *household) stranger() lab.Account {
	h.t.Helper()
	who := lab.Account{User: "voisin" + strings.TrimPrefix(h.house.User, "maison"), Password: "pw"}
	err := h.servers.Server(consumerDomain).Register(h.t.Context(), who.User, who.Password)
	if err != nil && !errors.Is(err, lab.ErrExists) {
		h.t.Fatal(err)
	}
	return who
}

// succeeds waits for a neighbour to have done what it was to do.
func (h *household) succeeds(p *process) {
	h.t.Helper()
	<-p.done
	if !p.cmd.ProcessState.Success() {
		h.t.Fatalf("neighbour: %s: %s", p.cmd.ProcessState, &p.talk)
	}
}

// rude lets a stranger, and then the consumer itself, send every hostile stanza there is. The session is to survive.
func rude(h *household) func() {
	h.recovers(&loss{fault: "what was before"}) // a session that breaks for that proves nothing
	before, err := h.snapshot()
	must(h.t, err)
	stanzas := hostile(h.t, addressOf(h.house, houseDomain)+"/releve")
	for _, who := range []lab.Account{h.stranger(), h.consumes} {
		h.succeeds(h.neighbour(who, strings.NewReader(strings.Join(stanzas, "\x00")), nil, "rude"))
	}
	after, err := h.snapshot()
	must(h.t, err)
	if after.Federation.State != status.OK || !after.Federation.Since.Equal(before.Federation.Since) {
		h.t.Errorf("after %d hostile stanzas the session is %+v, and was %+v", len(stanzas), after.Federation, before.Federation)
	}
	return func() {}
}

// hostile is what no client sends: the seeds of every fuzz test of the federation, as stanzas and inside stanzas of each
// kind, and some that need no payload.
func hostile(t *testing.T, to string) []string {
	t.Helper()
	long := strings.Repeat("&apos;", 8_000) // five times as long when it is written in an answer
	stanzas := []string{
		"<iq id='1' type='get'/>", "<iq id='2' type='error'/>", "<iq id='3' type='result'/>", "<iq id='4' type='set'>text</iq>",
		"<iq id='5' type='odd'><query xmlns='jabber:iq:version'/></iq>", "<iq id='" + long + "' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
		"<iq id='6' type='get'><query xmlns='http://jabber.org/protocol/disco#info' node='" + long + "'/></iq>",
		"<message type='error'/>", "<message><received xmlns='urn:xmpp:receipts' id='unknown'/></message>", "<presence type='subscribe'/>",
		"<message><x xmlns='http://etherx.jabber.org/streams'><stream xmlns='http://etherx.jabber.org/streams'/></x></message>",
		"<message>" + strings.Repeat("<a xmlns='urn:deep'>", 500) + strings.Repeat("</a>", 500) + "</message>",
		"<message><body>" + strings.Repeat("x", 100_000) + "</body></message>",
	}
	for _, seed := range seeds(t) {
		for _, around := range []string{"message", "iq type='get'", "iq type='set'", "iq type='result'", "message type='error'", "presence"} {
			name, _, _ := strings.Cut(around, " ")
			stanzas = append(stanzas, fmt.Sprintf("<%s id='%d'>%s</%s>", around, len(stanzas), seed, name))
		}
	}
	for i, stanza := range stanzas {
		end := strings.IndexAny(stanza, " />")
		stanzas[i] = stanza[:end] + " to='" + to + "'" + stanza[end:]
	}
	return stanzas
}

// seeds are the elements that the fuzz tests of the federation begin with, where a server lets them through.
func seeds(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../federation/*/*_test.go")
	must(t, err)
	var found []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Fuzz") {
				found = append(found, elements(f)...)
			}
		}
	}
	if len(found) < 20 {
		t.Fatalf("only %d seeds were found", len(found))
	}
	return found
}

// elements are the string literals of a function that are well formed elements: a server ends the stream of who sends others.
func elements(f *ast.FuncDecl) []string {
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && strings.HasPrefix(text, "<") {
			if _, err := xmpp.ParseElement([]byte(text)); err == nil {
				found = append(found, text)
			}
		}
		return true
	})
	return found
}
