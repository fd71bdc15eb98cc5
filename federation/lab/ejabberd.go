package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// ejabberd runs the Erlang machine itself, without ejabberdctl: that wants to be
// a fixed user and to open the Erlang distribution to the network.
type ejabberd struct {
	erl  string // the program
	libs string // the folder with ejabberd and its libraries
}

// ejabberdLibs matches the application file of every version and architecture.
const ejabberdLibs = "/usr/lib/*/ejabberd-*/ebin/ejabberd.app"

// ejabberdYML is the shape of Debian's own configuration, with the limits it
// ships, reduced to what a federation of agents needs. "s2s_use_starttls:
// required" and no dialback module leave certificates as the only way in.
const ejabberdYML = `loglevel: info
{{- if .Streams}}
log_rotate_size: infinity
{{- end}}
hosts: [{{quote .Domain}}]
certfiles: [{{quote .Cert}}, {{quote .Key}}]
ca_file: {{quote .CA}}
acme: {auto: false}

s2s_use_starttls: required
s2s_dns_timeout: 2
s2s_dns_retries: 1
s2s_max_retry_delay: {{.RetryDelay}}
outgoing_s2s_families: [ipv4]

auth_method: internal
auth_password_format: scram
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]

listen:
  - {port: {{.ClientPort}}, ip: {{quote .Address}}, module: ejabberd_c2s, max_stanza_size: {{.ClientMax}}, shaper: c2s_shaper, access: c2s, starttls_required: true}
  - {port: {{.DirectPort}}, ip: {{quote .Address}}, module: ejabberd_c2s, max_stanza_size: {{.ClientMax}}, shaper: c2s_shaper, access: c2s, tls: true}
  - {port: {{.WebPort}}, ip: {{quote .Address}}, module: ejabberd_http, tls: true, request_handlers: {/xmpp-websocket: ejabberd_http_ws, /.well-known/host-meta: mod_host_meta}}
  - {port: {{.PeerPort}}, ip: {{quote .Address}}, module: ejabberd_s2s_in, max_stanza_size: {{.PeerMax}}, shaper: s2s_shaper}
  - {port: {{.APIPort}}, ip: {{quote .Address}}, module: ejabberd_http, request_handlers: {/api: mod_http_api}}

acl:
  admin: {user: [{{quote (print "admin@" .Domain)}}]}
  local: {user_regexp: ""}
  loopback: {ip: ["127.0.0.0/8"]}
{{- if .Agents}}
  agents: {user_regexp: "^maison"}
{{- end}}
access_rules:
  c2s: {allow: all}
  local: {allow: local}
  configure: {allow: admin}
  pubsub_createnode: {allow: local}
api_permissions:
  "lab": {who: {access: {allow: [{acl: loopback}]}}, what: ["register", "change_password", "unregister"]}

shaper:
  normal: {rate: 3000, burst_size: 20000}
{{- if .Agents}}
  agents: {rate: 30000, burst_size: 300000}
{{- end}}
  fast: 200000
shaper_rules:
  max_user_sessions: 10
  max_user_offline_messages: {5000: admin, 100: all}
{{- if .Shaped}}
  c2s_shaper: [{none: admin}, {{if .Agents}}{agents: agents}, {{end}}{normal: all}]
  s2s_shaper: fast
{{- else}}
  c2s_shaper: {none: all}
  s2s_shaper: {none: all}
{{- end}}

modules:
  mod_adhoc: {}
  mod_admin_extra: {}
  mod_caps: {}
  mod_client_state: {}
  mod_disco: {}
  mod_host_meta: {websocket_url: {{quote (printf "wss://%s:%d/xmpp-websocket" .Domain .WebPort)}}}
  mod_http_api: {}
  mod_last: {}
  mod_offline: {access_max_user_messages: max_user_offline_messages}
  mod_ping: {}
  mod_register: {access: none}
  mod_pubsub: {access_createnode: pubsub_createnode, plugins: [flat, pep], last_item_cache: false, ignore_pep_from_offline: false}
  mod_roster: {versioning: true}
  mod_stream_mgmt: {resend_on_timeout: if_offline}
  mod_time: {}
  mod_version: {}
`

// ejabberdNames directs Erlang's resolver, which asks for SRV records, to our name
// server. The address of the target is then asked from the C library, which is
// why the target is an address already.
const ejabberdNames = `{resolv_conf,""}.
{hosts_file,""}.
{nameserver,{127,0,0,1},{{.NamesPort}}}.
{lookup,[dns]}.
`

// ejabberdKeep writes the log of transactions to disk after each new account. By
// itself Erlang leaves it in memory for two seconds, and a killed server would
// come back without the account.
const ejabberdKeep = `lists:foreach(fun(Host) -> ejabberd_hooks:add(register_user, Host, fun(_, _) -> mnesia:sync_log() end, 99) end, ejabberd_option:hosts()).`

// ejabberdStreams has it log every piece of XML that it reads or says, as at the level debug, and nothing else of that level.
const ejabberdStreams = `xmpp:set_config([{debug, true}]),`

func newEjabberd() (*ejabberd, error) {
	erl, err := program("erl")
	if err != nil {
		return nil, err
	}
	apps, err := filepath.Glob(ejabberdLibs)
	if err != nil || len(apps) == 0 {
		return nil, errors.Join(fmt.Errorf("find ejabberd: no %s", ejabberdLibs), err)
	}
	newest := apps[len(apps)-1]
	return &ejabberd{erl: erl, libs: filepath.Dir(filepath.Dir(filepath.Dir(newest)))}, nil
}

func (*ejabberd) owner() *syscall.Credential { return nil }

// logs: what goes to server.log is printed too, and crashes of Erlang are printed only.
func (*ejabberd) logs() []string { return []string{"output"} }

func (*ejabberd) files(s *Server) (map[string][]byte, error) {
	yml, err := render("ejabberd.yml", ejabberdYML, settingsOf(s))
	if err != nil {
		return nil, err
	}
	inetrc, err := render("inetrc", ejabberdNames, settingsOf(s))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		filepath.Join(s.dir, "ejabberd.yml"): yml,
		filepath.Join(s.dir, "inetrc"):       inetrc,
	}
	maps.Copy(files, s.node.files(s.dir))
	return files, nil
}

// command has no -name unless the server is one of several: without a node name
// there is no distribution. "-start_epmd false" keeps the port mapper away.
func (e *ejabberd) command(s *Server) *exec.Cmd {
	mnesia := fmt.Sprintf("%q", filepath.Join(s.dir, "data"))
	cmd := exec.Command(e.erl, "-noinput", "-start_epmd", "false",
		"+K", "true", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none",
		"-mnesia", "dir", mnesia)
	cmd.Args = append(cmd.Args, s.node.flags()...)
	eval := s.node.join() + ejabberdKeep
	if s.limits.Streams {
		eval = ejabberdStreams + eval
	}
	cmd.Args = append(cmd.Args, "-s", "ejabberd", "-eval", eval)
	cmd.Env = []string{
		"EJABBERD_CONFIG_PATH=" + filepath.Join(s.dir, "ejabberd.yml"),
		"EJABBERD_LOG_PATH=" + filepath.Join(s.dir, "server.log"),
		"ERL_INETRC=" + filepath.Join(s.dir, "inetrc"),
		"ERL_CRASH_DUMP=" + filepath.Join(s.dir, "crash.dump"),
		"ERL_LIBS=" + e.libs,
		"ERL_MAX_PORTS=32000",
	}
	return cmd
}

func (e *ejabberd) register(ctx context.Context, s *Server, user, password string) error {
	return e.ask(ctx, s, "register", map[string]string{"user": user, "host": s.domain.Name, "password": password})
}

func (e *ejabberd) changePassword(ctx context.Context, s *Server, user, password string) error {
	return e.ask(ctx, s, "change_password", map[string]string{"user": user, "host": s.domain.Name, "newpass": password})
}

func (e *ejabberd) unregister(ctx context.Context, s *Server, user string) error {
	return e.ask(ctx, s, "unregister", map[string]string{"user": user, "host": s.domain.Name})
}

// ask gives a command to the server's own HTTP API, which answers on loopback only.
func (*ejabberd) ask(ctx context.Context, s *Server, command string, with map[string]string) error {
	body, err := json.Marshal(with)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	url := "http://" + address(s.ports.api) + "/api/" + command
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Close = true // the server may be stopped and started before the next one
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask ejabberd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read answer of ejabberd: %w", err)
	}
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusConflict:
		return ErrExists
	default:
		return fmt.Errorf("ejabberd answers %s: %s", response.Status, strings.TrimSpace(string(text)))
	}
}
