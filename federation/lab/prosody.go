package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// prosody runs the program of Debian's package in the foreground.
type prosody struct {
	server string              // the program
	ctl    string              // the program that makes accounts
	as     *syscall.Credential // nil unless the caller is root
}

// prosodyLua follows Debian's own configuration, reduced to what a federation of
// agents needs.
//
// Prosody never reads /etc/hosts for other servers and asks for SRV records
// first. The resolver in it (libunbound) refuses name servers on loopback unless
// told otherwise.
const prosodyLua = `pidfile = {{quote (print .Dir "/prosody.pid")}}
data_path = {{quote (print .Dir "/data")}}
plugin_paths = {}
log = { info = {{quote (print .Dir "/server.log")}} }

interfaces = { {{quote .Address}} }
local_interfaces = { {{quote .Address}} }
use_ipv6 = false
c2s_ports = { {{.ClientPort}} }
c2s_direct_tls_ports = { {{.DirectPort}} }
s2s_ports = { {{.PeerPort}} }
http_ports = {}
https_ports = { {{.WebPort}} }
https_interfaces = { {{quote .Address}} }

modules_enabled = {
	"adhoc", "csi_simple", "disco", "lastactivity", "offline", "pep", "ping",
	"roster", "saslauth", "user_account_management", "smacks", "time", "tls", "uptime", "version", "websocket",
{{- if .Shaped}}
	"limits",
{{- end}}
}
modules_disabled = { "s2s_auth_dane" }

authentication = "internal_hashed"
storage = "internal"
admins = { {{quote (print "admin@" .Domain)}} }
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = true
c2s_stanza_size_limit = {{.ClientMax}}
s2s_stanza_size_limit = {{.PeerMax}}
limits = { c2s = { rate = "10kb/s" }, s2sin = { rate = "30kb/s" } }
certificates = {{quote .Dir}}
ssl = { certificate = {{quote .Cert}}, key = {{quote .Key}}, cafile = {{quote .CA}} }
unbound = {
	resolvconf = false,
	hoststxt = false,
	forward = {{quote (print .Address "@" .NamesPort)}},
	options = { ["do-not-query-localhost:"] = "no" },
}

VirtualHost {{quote .Domain}}
Component {{quote (print "pubsub." .Domain)}} "pubsub"
`

func newProsody() (*prosody, error) {
	server, err := program("prosody")
	if err != nil {
		return nil, err
	}
	ctl, err := program("prosodyctl")
	if err != nil {
		return nil, err
	}
	as, err := prosodyUser()
	return &prosody{server: server, ctl: ctl, as: as}, err
}

// prosodyUser returns whom Prosody runs as: it refuses to be root.
func prosodyUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	known, err := user.Lookup("prosody")
	if err != nil {
		return nil, fmt.Errorf("find the user prosody runs as: %w", err)
	}
	uid, errU := strconv.ParseUint(known.Uid, 10, 32)
	gid, errG := strconv.ParseUint(known.Gid, 10, 32)
	if err := errors.Join(errU, errG); err != nil {
		return nil, fmt.Errorf("read ids of user prosody: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (p *prosody) owner() *syscall.Credential { return p.as }

func (*prosody) logs() []string { return []string{"output", "server.log"} }

func (*prosody) files(s *Server) (map[string][]byte, error) {
	lua, err := render("prosody.cfg.lua", prosodyLua, settingsOf(s))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{prosodyConfig(s): lua}, nil
}

func prosodyConfig(s *Server) string { return filepath.Join(s.dir, "prosody.cfg.lua") }

func (p *prosody) command(s *Server) *exec.Cmd {
	return exec.Command(p.server, "--no-daemonize", "--config", prosodyConfig(s))
}

// register writes the account into the data folder, from where the running server reads it.
func (p *prosody) register(ctx context.Context, s *Server, user, password string) error {
	return p.control(ctx, s, "register", user, s.domain.Name, password)
}

// changePassword registers again: prosodyctl takes that for a new password.
func (p *prosody) changePassword(ctx context.Context, s *Server, user, password string) error {
	return p.register(ctx, s, user, password)
}

func (p *prosody) unregister(ctx context.Context, s *Server, user string) error {
	return p.control(ctx, s, "unregister", user, s.domain.Name)
}

func (p *prosody) control(ctx context.Context, s *Server, args ...string) error {
	cmd := exec.CommandContext(ctx, p.ctl, append([]string{"--config", prosodyConfig(s)}, args...)...)
	s.confine(cmd)
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run prosodyctl %s: %w: %s", args[0], err, strings.TrimSpace(string(output)))
	}
	return nil
}
