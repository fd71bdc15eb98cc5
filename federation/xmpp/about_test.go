package xmpp

import (
	"context"
	"encoding/xml"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	mellium "mellium.im/xmpp"
	"mellium.im/xmpp/jid"

	"releve/federation/lab"
)

// The complex example of XEP-0115 §5.3: two identities, and a form.
func TestVerificationOfForms(t *testing.T) {
	t.Parallel()
	info, err := ParseElement([]byte(`<query xmlns="` + nsDiscoInfo + `" node="http://psi-im.org#q07IKJEyjvHSyhy//CH0CxmKi8w=">
<identity xml:lang="en" category="client" name="Psi 0.11" type="pc"/><identity xml:lang="el" category="client" name="Ψ 0.11" type="pc"/>
<feature var="http://jabber.org/protocol/caps"/><feature var="http://jabber.org/protocol/disco#info"/>
<feature var="http://jabber.org/protocol/muc"/><feature var="http://jabber.org/protocol/disco#items"/>
<x xmlns="jabber:x:data" type="result">
<field var="FORM_TYPE" type="hidden"><value>urn:xmpp:dataforms:softwareinfo</value></field>
<field var="ip_version" type="text-multi"><value>ipv6</value><value>ipv4</value></field>
<field var="os"><value>Mac</value></field><field var="software_version"><value>0.11</value></field>
<field var="os_version"><value>10.5.1</value></field><field var="software"><value>Psi</value></field>
</x></query>`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := verificationOf(info), "q07IKJEyjvHSyhy//CH0CxmKi8w="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Forms are told and counted in the order of their types, whenever they were added.
func TestDescribe(t *testing.T) {
	t.Parallel()
	form := func(kind string) *Form {
		return &Form{Type: "result", Fields: []Field{{Var: formType, Type: "hidden", Values: []string{kind}}}}
	}
	one, other := idle(), idle()
	one.Describe(form("urn:a"))
	one.Describe(form("urn:z"))
	other.Describe(form("urn:z"))
	other.Describe(form("urn:a"))
	if one.disco.verification() != other.disco.verification() || one.disco.verification() == idle().disco.verification() {
		t.Error("the order shows, or the forms do not")
	}
	answer := inquire(t, one, nsDiscoInfo, "")
	if a, z := strings.Index(answer, "urn:a"), strings.Index(answer, "urn:z"); a < 0 || z < a || !strings.Contains(answer, `type="result"`) {
		t.Error(answer)
	}
}

func TestUptime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := idle()
		time.Sleep(90*time.Minute + 400*time.Millisecond)
		q := IQ{Type: "get", Payload: NewElement(nsLast, "query")}
		answer, err := c.router.handle(context.Background(), q)
		if err != nil || answer.Attr("seconds") != "5400" {
			t.Errorf("got %v, %v", answer, err)
		}
	})
}

// A clock that is not known answers nothing that could be taken for the time.
func TestTime(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 7, 14, 12, 0, 0, 250_000_000, time.FixedZone("", 2*60*60))
	for _, tt := range []struct {
		name  string
		known bool
		want  string
	}{
		{"known", true, "<tzo>+02:00</tzo>\n<utc>2026-07-14T10:00:00.250Z</utc>"},
		{"not known", false, "service-unavailable: the time is not known yet"},
	} {
		cfg := idleConfig()
		cfg.Now = func() (time.Time, bool) { return noon, tt.known }
		answer, err := New(cfg).router.handle(context.Background(), IQ{Type: "get", Payload: NewElement(nsTime, "time")})
		got := text(err)
		if err == nil {
			got = answer.Children[0].String() + "\n" + answer.Children[1].String()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// A client written with another library, in the other domain, asks everything that can be asked of us. It needs Debian's
// python3-slixmpp.
func TestIntegrationPeer(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import slixmpp").Run(); err != nil {
		const reason = "the other client needs the Debian package python3-slixmpp"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := start(t, kind)
			cfg := config(t, f, maison.String())
			noon := time.Date(2026, 7, 14, 12, 0, 0, 0, time.FixedZone("", 2*60*60))
			var known atomic.Bool
			cfg.Now = func() (time.Time, bool) { return noon, known.Load() }
			house := New(cfg)
			house.Offer(Command{Node: "greet", Name: "Greet", Run: greet}, Command{Node: "leave", Name: "Leave", Run: greet})
			house.HandleMessage("urn:test", "data", func(context.Context, Message) error { known.Store(true); return nil })
			run(t, house)
			uptime := map[lab.Kind]string{lab.Ejabberd: "uptime service-unavailable ", lab.Prosody: "uptime True"}
			features := []string{nsCaps, nsCommands, nsDiscoInfo, nsDiscoItems, nsLast, nsVersion, nsForm, nsValidate, nsPing, NSReceipts, nsTime}
			slices.Sort(features)
			want := []string{
				"identity client bot None Relève",
				"features " + strings.Join(features, " "),
				"form result FORM_TYPE=['" + nsSoftware + "'] os=" + runtime.GOOS + " software=Relève software_version=test",
				"verification " + house.disco.verification(),
				"commands greet=Greet leave=Leave",
				"version Relève test " + runtime.GOOS,
				uptime[kind], // ejabberd asks nobody for strangers
				"ping True",
				"receipt True " + maison.String(),
				"time 2026-07-14T10:00:00.000Z +02:00",
			}
			out := asPeer(t, f, "testdata/peer.py", maison.String())
			if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(out, "\n"), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// asPeer runs the other client.
func asPeer(t *testing.T, f *lab.Federation, script string, args ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(f.Server(conseil.Domainpart()).Addr())
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{script, conseil.String(), secret, host, port, f.CAFile()}, args...)
	out, err := exec.CommandContext(within(t, 2*time.Minute), "/usr/bin/python3", args...).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// Our string of what Prosody tells of itself is the one that it announces (XEP-0115 §6.3). ejabberd 23.01 announces the
// string of another list than the one it answers with.
func TestIntegrationCapabilities(t *testing.T) {
	t.Parallel()
	f, s := single(t, lab.Prosody)
	cfg := config(t, f, maison.String())
	announced := announcedBy(t, cfg)
	house := New(cfg)
	run(t, house)
	question := NewElement(nsDiscoInfo, "query", "node", announced.Attr("node")+"#"+announced.Attr("ver"))
	info, err := house.Query(within(t, 60*time.Second), "get", jid.MustParse(s.Domain()), question)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := verificationOf(info), announced.Attr("ver"); got != want || announced.Attr("hash") != "sha-1" {
		t.Errorf("got %s, want %s of %s", got, announced, info)
	}
}

// announcedBy logs in and returns the capabilities that the server announces to those who have.
func announcedBy(t *testing.T, cfg Config) (caps *Element) {
	t.Helper()
	note := mellium.StreamFeature{
		Name: xml.Name{Space: nsCaps, Local: "c"},
		Parse: func(_ context.Context, d *xml.Decoder, start *xml.StartElement) (_ bool, _ any, err error) {
			caps, err = readElement(d, *start)
			return false, nil, err
		},
	}
	end := leave()
	end.Name, end.Necessary = xml.Name{Space: nsBind, Local: "bind"}, mellium.Authn
	ctx := within(t, 60*time.Second)
	security, err := tlsConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := dialServer(ctx, cfg, security)
	if err != nil {
		t.Fatal(err)
	}
	features := append(authenticate(cfg.JID.Localpart(), secret, &terms{}), note, end)
	if _, err := begin(ctx, cfg, security, opened, features...); !errors.Is(err, errReached) || caps == nil {
		t.Fatalf("the server announces %v, %v", caps, err)
	}
	return caps
}
