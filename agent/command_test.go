package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"

	"releve/buffer/statefile"
	"releve/federation/lab"
)

// commander is somebody with slixmpp on the consumer's server, who runs commands of the agent.
type commander struct {
	h       *household
	account lab.Account
	in      io.Writer
	answers chan heard

	mu       sync.Mutex // guards what is below
	messages []string
}

// wish is what a commander sends: see testdata/commander.py.
type wish struct {
	Do      string              `json:"do"`
	Node    string              `json:"node"`
	Action  string              `json:"action,omitempty"`
	Session string              `json:"session,omitempty"`
	Lang    string              `json:"lang,omitempty"`
	Fields  map[string][]string `json:"fields"` // nil to send no form
}

// heard is what comes back, of a step or of a question.
type heard struct {
	Session string     `json:"session"`
	Status  string     `json:"status"`
	Notes   []string   `json:"notes"`
	Actions []string   `json:"actions"`
	Form    *heardForm `json:"form"`
	Rows    [][]string `json:"rows"`
	Error   string     `json:"error"`
	Text    string     `json:"text"`
	Message string     `json:"message"`
}

type heardForm struct {
	Type   string                `json:"type"`
	Title  string                `json:"title"`
	Fields map[string]heardField `json:"fields"`
	Rows   [][]string            `json:"rows"`
}

type heardField struct {
	Type     string   `json:"type"`
	Label    string   `json:"label"`
	Desc     string   `json:"desc"`
	Values   []string `json:"values"`
	Options  []string `json:"options"`
	Required bool     `json:"required"`
}

// newCommander makes an account on the consumer's server and logs in there.
func (h *household) newCommander(user string) *commander {
	h.t.Helper()
	account := lab.Account{User: user, Password: "pw"}
	h.register(consumerDomain, account)
	host, port, err := net.SplitHostPort(h.servers.Server(consumerDomain).Addr())
	must(h.t, err)
	c := &commander{h: h, account: account, answers: make(chan heard, 16)}
	reader, writer := io.Pipe()
	out, lines := io.Pipe()
	c.in = writer
	go c.listen(out)
	h.launch(exec.Command(python, "testdata/commander.py", addressOf(account, consumerDomain), account.Password, host, port,
		h.servers.CAFile(), addressOf(h.house, houseDomain)+"/releve"), reader, lines)
	h.t.Cleanup(func() { reader.Close(); out.Close() }) // before the program ends: its end waits for them
	if online := c.next(); online.Status != "online" {
		h.t.Fatalf("commander: %+v", online)
	}
	return c
}

func (c *commander) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r heard
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			r.Error = err.Error()
		}
		if r.Message == "" {
			c.answers <- r
			continue
		}
		c.mu.Lock()
		c.messages = append(c.messages, r.Message)
		c.mu.Unlock()
	}
}

func (c *commander) told() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.messages, "\n")
}

func (c *commander) next() (r heard) {
	c.h.t.Helper()
	c.h.until("an answer to a commander", patience, func() bool {
		select {
		case r = <-c.answers:
			return true
		default:
			return false
		}
	})
	return r
}

func (c *commander) ask(a wish) heard {
	c.h.t.Helper()
	must(c.h.t, json.NewEncoder(c.in).Encode(a))
	return c.next()
}

// run takes the first step of a command, and then fills in its forms, one after the other, each as name=value.
func (c *commander) run(node string, forms ...[]string) heard {
	c.h.t.Helper()
	r := c.ask(wish{Do: "command", Node: node})
	for _, fields := range forms {
		r = c.step(node, r, "execute", fields...)
	}
	return r
}

// step goes on from an answer.
func (c *commander) step(node string, from heard, action string, fields ...string) heard {
	c.h.t.Helper()
	values := map[string][]string{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values[name] = append(values[name], value)
	}
	return c.ask(wish{Do: "command", Node: node, Action: action, Session: from.Session, Fields: values})
}

// value is a field of a form, "" when there is none.
func (r heard) value(name string) string {
	if r.Form == nil {
		return ""
	}
	return strings.Join(r.Form.Fields[name].Values, "\n")
}

// secret is the password that the agent holds for its account.
func (h *household) secret() string {
	h.t.Helper()
	r, err := statefile.Look[rotation](h.path("state/"+secretFile), nil)
	must(h.t, err)
	return r.Current
}

// terminal is what releve prints on the agent's machine.
func (h *household) terminal(args ...string) string {
	h.t.Helper()
	var out bytes.Buffer
	if code := execute(context.Background(), append(args, "--config", h.path("agent.toml")), terminal{out: &out, err: &out}); code != exitDone {
		h.t.Fatalf("%v: %s", args, &out)
	}
	return out.String()
}

// enlist makes somebody an owner of the household's agent.
func (h *household) enlist(key string, who ...string) {
	h.t.Helper()
	before, err := os.ReadFile(h.path("agent.toml"))
	must(h.t, err)
	h.write("agent.toml", strings.Replace(string(before), "[federation]\n", "[federation]\n"+key+" = [\""+strings.Join(who, "\", \"")+"\"]\n", 1))
}
