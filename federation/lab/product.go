package lab

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"text/template"
)

// Kind is the product that serves a domain.
type Kind int

const (
	// Ejabberd is Debian's package ejabberd.
	Ejabberd Kind = iota + 1
	// Prosody is Debian's package prosody, with lua-unbound to ask for names.
	Prosody
)

// String returns "ejabberd" or "prosody".
func (k Kind) String() string {
	switch k {
	case Ejabberd:
		return "ejabberd"
	case Prosody:
		return "prosody"
	default:
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
}

// product is what differs from one kind of server to the other.
type product interface {
	// files renders the configuration: path to content.
	files(s *Server) (map[string][]byte, error)
	// command runs the server in the foreground.
	command(s *Server) *exec.Cmd
	// register makes an account on the running server.
	register(ctx context.Context, s *Server, user, password string) error
	// changePassword gives an account of the running server another password.
	changePassword(ctx context.Context, s *Server, user, password string) error
	// unregister deletes an account of the running server.
	unregister(ctx context.Context, s *Server, user string) error
	// owner is the user the server runs as, nil for the caller himself.
	owner() *syscall.Credential
	// logs names the files, in the folder of the server, that tell what went wrong.
	logs() []string
}

// searchPath is where Debian puts programs, whatever the caller's own path.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func productOf(k Kind) (product, error) {
	switch k {
	case Ejabberd:
		return newEjabberd()
	case Prosody:
		return newProsody()
	default:
		return nil, fmt.Errorf("unknown kind of server %s", k)
	}
}

// settings is what the templates of the configuration files see.
type settings struct {
	Domain     string
	Address    string // every listener is here
	Dir        string
	CA         string
	Cert       string
	Key        string
	ClientPort int
	DirectPort int
	PeerPort   int
	WebPort    int
	APIPort    int
	NamesPort  int
	ClientMax  int // bytes
	PeerMax    int // bytes
	RetryDelay int // seconds
	Shaped     bool
	Agents     bool
	Streams    bool
}

func settingsOf(s *Server) settings {
	return settings{
		Domain: s.domain.Name, Address: loopback, Dir: s.dir,
		CA: s.authFile, Cert: s.certFile, Key: s.keyFile,
		ClientPort: s.ports.client, DirectPort: s.ports.direct, PeerPort: s.ports.peer, WebPort: s.ports.web,
		APIPort: s.ports.api, NamesPort: s.names,
		ClientMax: s.limits.ClientStanzaMax, PeerMax: s.limits.PeerStanzaMax,
		RetryDelay: max(1, int(s.limits.PeerRetryDelay.Seconds())),
		Shaped:     s.limits.Shaper != ShaperOff,
		Agents:     s.limits.Shaper == ShaperAgents,
		Streams:    s.limits.Streams,
	}
}

// render fills a template. Strings in it go through "quote", whose result means
// the same in YAML, in Lua and in Erlang.
func render(name, text string, with settings) ([]byte, error) {
	parsed, err := template.New(name).Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read template of %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, with); err != nil {
		return nil, fmt.Errorf("fill template of %s: %w", name, err)
	}
	return out.Bytes(), nil
}
