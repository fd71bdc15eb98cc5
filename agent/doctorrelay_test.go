package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation"
	"releve/federation/lab"
	labbmhs "releve/federation/lab/bmhs"
	"releve/federation/lab/warp10"
	"releve/federation/lognact"
)

// Every outcome has a sentence of its own, and a step that mends it.
func TestDoorTrouble(t *testing.T) {
	t.Parallel()
	certificate := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	d := door{name: "Zabbix", address: "z.example:10051", key: "server", secret: "token_file", absent: status.Say("créez-le.", "make it.")}
	for _, test := range []struct {
		name         string
		err          error
		text, advice string
	}{
		{"name", &net.DNSError{Err: "no such host", Name: "z.example"}, "The name z.example cannot be resolved.", "Correct server, or check the network here: getent hosts z.example"},
		{"name, too late", &net.DNSError{Err: "i/o timeout", Name: "z.example", IsTimeout: true}, "The name z.example cannot be resolved.", "Correct server, or check the network here: getent hosts z.example"},
		{"refused", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "Nothing listens at z.example:10051.", "Correct the port in server, or have the server started."},
		{"no route", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, "z.example:10051 does not answer.", "Check the way there (ping -c 3 z.example) and the server's firewall."},
		{"no network", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, "z.example:10051 does not answer.", "Check the way there (ping -c 3 z.example) and the server's firewall."},
		{"silent", context.DeadlineExceeded, "z.example:10051 does not answer.", "Check the way there (ping -c 3 z.example) and the server's firewall."},
		{"late", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "z.example:10051 does not answer.", "Check the way there (ping -c 3 z.example) and the server's firewall."},
		{"expired", certificate(x509.CertificateInvalidError{Reason: x509.Expired}), "The certificate of z.example:10051 is not valid at this date.", "Check the clock here (timedatectl); if it is right, tell whoever runs the server."},
		{"another name", certificate(x509.HostnameError{Certificate: &x509.Certificate{}}), "The certificate of z.example:10051 is that of another name.", "Give in server the name that the certificate has (for lognact also in server_name): openssl s_client -connect z.example:10051 </dev/null"},
		{"untrusted", certificate(x509.UnknownAuthorityError{}), "The certificate of z.example:10051 is not trusted.", "If the server has its own authority, give its certificate in ca_file: openssl s_client -showcerts -connect z.example:10051 </dev/null"},
		{"plain HTTP", http.ErrSchemeMismatch, "What answers at z.example:10051 does not speak TLS.", "Correct the port in server, or have TLS turned on by whoever runs the server."},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "What answers at z.example:10051 does not speak TLS.", "Correct the port in server, or have TLS turned on by whoever runs the server."},
		{"an alert", &net.OpError{Op: "remote error", Err: errors.New("tls: unknown certificate authority")}, "z.example:10051 refuses our encrypted connection, or our certificate.", "Have whoever runs the server check the authority and the name of the certificate that token_file gives."},
		{"another server", federation.Meaning(errors.New("<html>"), federation.ErrStranger), "What answers at z.example:10051 is no Zabbix.", "Correct server, its port and path included; or see whether the network here has a portal."},
		{"token", federation.Meaning(federation.ErrStopped, federation.ErrDenied), "Zabbix answers, but refuses what token_file gives.", "Correct token_file with whoever runs the server: what a file holds is read again at each attempt."},
		{"absent", federation.Meaning(errors.New("none"), federation.ErrAbsent), "Zabbix answers, but lacks what takes or gives readings.", "make it."},
		{"no push", lognact.ErrNoPush, "This Zabbix is older than 7.0 and has no history.push.", `Give method = "sender" and server.`},
		{"other", errors.New("the server answers 502"), "Zabbix at z.example:10051 does not answer as it should.", "Tell whoever runs the server if this lasts: sending resumes by itself."},
	} {
		text, advice := d.trouble(fmt.Errorf("ask: %w", test.err))
		if text.EN != test.text || advice.EN != test.advice {
			t.Errorf("%s: got %q, %q", test.name, text.EN, advice.EN)
		}
		for _, words := range []status.Words{text, advice} {
			if words.FR == "" || words.FR == words.EN || strings.Contains(words.FR+words.EN, "%!") {
				t.Errorf("%s: %+v", test.name, words)
			}
		}
	}
}

// What goes wrong on the way, for real: the errors of the network are those that have the sentences.
func TestDoorOnTheWay(t *testing.T) {
	t.Parallel()
	free := lab.FreeAddress(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	trusted := written(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	token := written(t, "token", "reads\n")
	for _, test := range []struct {
		name    string
		ctx     context.Context
		url, ca string
		text    string
	}{
		{"refused", t.Context(), "http://" + free, "", "Nothing listens at " + free + "."},
		{"silent", short, "http://" + silent.Addr().String(), "", silent.Addr().String() + " does not answer."},
		{"untrusted", t.Context(), secure.URL, "", "The certificate of " + secure.Listener.Addr().String() + " is not trusted."},
		{"trusted", t.Context(), secure.URL, trusted, "What answers at " + secure.Listener.Addr().String() + " is no Warp 10."},
		{"another name", t.Context(), strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), trusted, "The certificate of " + strings.Replace(secure.Listener.Addr().String(), "127.0.0.1", "localhost", 1) + " is that of another name."},
		{"no TLS", t.Context(), strings.Replace(plain.URL, "http:", "https:", 1), "", "What answers at " + plain.Listener.Addr().String() + " does not speak TLS."},
		{"TLS", t.Context(), strings.Replace(secure.URL, "https:", "http:", 1), "", "Warp 10 at " + secure.Listener.Addr().String() + " does not answer as it should."},
	} {
		t.Run(test.name, func(t *testing.T) {
			ends := endsOfWay(config.Config{}, config.Recipient{Way: config.ToPride{Pride: config.Pride{URL: test.url, TokenFile: token, CAFile: test.ca}}})
			if got := ends[0].Examine(test.ctx); got.Text.EN != test.text || got.State != status.Warning {
				t.Errorf("got %+v, want %s", got, test.text)
			}
		})
	}
}

// relayLines are the nodes of an examined configuration's relays as "state title: text → advice".
func relayLines(n status.Node, depth int) (lines []string) {
	line := fmt.Sprintf("%s%s %s", strings.Repeat("  ", depth), n.State, n.Name)
	for _, more := range []string{n.Text.EN, n.Advice.EN} {
		if more != "" {
			line += " | " + more
		}
	}
	lines = append(lines, line)
	for _, child := range n.Children {
		lines = append(lines, relayLines(child, depth+1)...)
	}
	return lines
}

// The doctor examines every relay of a configuration, end by end, in a folder of its own that nothing runs from. The systems have
// nothing more afterwards, and nobody's name and no secret is in what it says.
func TestDoctorExaminesRelays(t *testing.T) {
	t.Parallel()
	platform := &warp10.Platform{Write: "writes-secretly", Read: "reads-secretly"}
	warp := httptest.NewServer(platform)
	defer warp.Close()
	server, err := labbmhs.Start(labbmhs.Options{Zone: paris(t)})
	must(t, err)
	defer server.Close()
	server.AddUser(bmhsUser, bmhsKey)
	server.Grant(bmhsUser, "sen1", "data-secretly")
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			fmt.Fprint(w, `{"result":"7.0.22"}`)
			return
		}
		fmt.Fprint(w, `{"error":{"code":-32500,"message":"Application error.","data":"Not authorized."}}`)
	}))
	defer api.Close()
	free, point := lab.FreeAddress(t), "99123456789012"
	file := written(t, "releve.toml", fmt.Sprintf(`
[agent]
state = %[1]q
[status]
listen = ""
[[recipient]]
name = "warp"
kind = "pride"
url = "%[2]s/api"
token_file = %[3]q
[[recipient]]
name = "bmhs"
kind = "bmhs"
paused = true
url = %[4]q
username = %[5]q
application_key_file = %[6]q
mac = %[7]q
application = "sen1"
token_file = %[8]q
[[recipient]]
name = "zabbix"
kind = "lognact"
server = %[9]q
url = "%[10]s/api_jsonrpc.php"
token_file = %[11]q
[[recipient]]
name = "lost"
kind = "pride"
url = "%[2]s/api"
token_file = "%[1]s/none"
[[source]]
name = "enedis"
kind = "pride"
url = "%[2]s/api"
token_file = %[12]q
selectors = ["=pride.enedis.cdc{PRM=%[13]s}"]
`, t.TempDir(), warp.URL, written(t, "write", "writes-secretly\n"), server.URL(), bmhsUser, written(t, "key", bmhsKey+"\n"), bmhsMAC,
		written(t, "data", "data-secretly\n"), free, api.URL, written(t, "token", "zabbix-secretly\n"), written(t, "read", "reads-secretly\n"), point))
	before := []any{server.Agents(bmhsUser), server.Devices(), platform.All()}
	relays := node(examined(t, "--config", file), "relays")
	want := strings.Split(strings.TrimSpace(fmt.Sprintf(`
ok relays
  ok recipient warp | Answers, and takes the token.
  ok recipient bmhs | Paused: nothing is sent to it.
    ok account | Answers, and knows the account; the key and the activation show only on sending.
    ok data | Answers, and takes the token.
  ok recipient zabbix
    warning server | Nothing listens at %[1]s. | Correct the port in server, or have the server started.
    warning api | Zabbix answers, but refuses what token_file gives. | Correct token_file with whoever runs the server: what a file holds is read again at each attempt.
  fault recipient lost | A file that it needs is missing or wrong. | Mend the file named below.
  warning source enedis | Warp 10 answers, but lacks what takes or gives readings. | Correct selectors, or give a token that reads those series.`, free)), "\n")
	if diff := cmp.Diff(want, relayLines(relays, 0)); diff != "" {
		t.Errorf("relays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, []any{server.Agents(bmhsUser), server.Devices(), platform.All()}); diff != "" {
		t.Errorf("the systems have (-before +after):\n%s", diff)
	}
	said := typed(t, "", "doctor", "--lang", "fr", "--config", file).out
	for _, personal := range []string{"secretly", bmhsUser, bmhsKey, bmhsMAC, point} {
		if strings.Contains(said, personal) {
			t.Errorf("%s is in the report", personal)
		}
	}
	for _, want := range []string{
		"panne          Destinataire lost : Un fichier qu’il lui faut manque ou n’est pas bon.\n",
		"attention        Serveur : Rien n’écoute à " + free + ".\n",
		"bon              API de données : Répond, et prend le jeton.\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in the report\n%s", want, said)
		}
	}
}
