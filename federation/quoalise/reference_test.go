package quoalise

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	"releve/federation/lab"
	"releve/senml"
)

// stranger is a client written with another library, in another language, on the other domain. It needs Debian's
// python3-slixmpp.
type stranger struct {
	t          *testing.T
	python     string
	host, port string
	ca         string
}

func newStranger(t *testing.T, f *lab.Federation) stranger {
	t.Helper()
	host, port, err := net.SplitHostPort(f.Server(conseil.Domainpart()).Addr())
	if err != nil {
		t.Fatal(err)
	}
	return stranger{t, "/usr/bin/python3", host, port, f.CAFile()}
}

// needSlixmpp skips the test where the other client cannot run.
func needSlixmpp(t *testing.T) {
	t.Helper()
	if err := exec.Command("/usr/bin/python3", "-c", "import slixmpp").Run(); err != nil {
		const reason = "the other client needs the Debian package python3-slixmpp"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
}

// start runs a command with fields, each name=value, and returns what the client prints until it has had so many pushes.
func (s stranger) start(pushes int, node string, fields ...string) (lines *bufio.Scanner, wait func() error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	s.t.Cleanup(cancel)
	args := append([]string{
		"testdata/reference.py", conseil.String(), secret, s.host, s.port, s.ca, maison.String(), fmt.Sprint(pushes), node,
	}, fields...)
	cmd := exec.CommandContext(ctx, s.python, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return bufio.NewScanner(out), cmd.Wait
}

// says runs a command and returns all the client prints.
func (s stranger) says(node string, fields ...string) string {
	s.t.Helper()
	lines, wait := s.start(0, node, fields...)
	said := rest(lines)
	if err := wait(); err != nil {
		s.t.Fatalf("%s %v: %v", node, fields, err)
	}
	s.t.Logf("%s %s\n%s", node, strings.Join(fields, " "), said)
	return said
}

func rest(lines *bufio.Scanner) string {
	var all strings.Builder
	for lines.Scan() {
		fmt.Fprintln(&all, lines.Text())
	}
	return all.String()
}

// brokenSource is an archive some of whose series come from further up, where they cannot be had.
type brokenSource struct{ *archive }

func (b brokenSource) History(ctx context.Context, local string, from, to time.Time, limit int) (senml.Pack, bool, error) {
	if local == "linky/voltage/1" {
		return nil, false, fmt.Errorf("ask SGE: %w", &UpstreamError{Issuer: "enedis-sge-tiers", Code: "SGT570", Text: "no such contract"})
	}
	return b.archive.History(ctx, local, from, to, limit)
}

// A client that is not ours, on the other domain, reads what we answer and what we push, on both servers.
func TestIntegrationReferenceClient(t *testing.T) {
	t.Parallel()
	needSlixmpp(t)
	for _, kind := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f := startServers(t, kind)
			h := newHouse(t)
			h.archive.put("linky/current/1", record("linky/current/1", 2.5, 1_700_000_001.125), record("linky/current/1", 3, 1_700_000_002))
			h.archive.periods = map[Resolution][]Period{Day: days(2)}
			h.Archive = brokenSource{h.archive}
			client := newClient(t, f, maison)
			h.Session = client
			h.Offer()
			runClient(t, client)
			s := newStranger(t, f)
			checkAnswers(t, s)
			checkStrangerIsPushed(t, s, h, client)
		})
	}
}

func checkAnswers(t *testing.T, s stranger) {
	t.Helper()
	const start, end = "start_time=2023-11-14T23:13:20+01:00", "end_time=2023-11-14T23:14:00+01:00"
	const meta = "meta name=current-1 quantity=current type=electrical unit=A\n"
	tests := []struct {
		name   string
		fields []string
		want   string
	}{
		{
			"a series", []string{"identifier=" + current, start, end},
			"record " + current + " 1.0 A 1700000000.0\nrecord " + current + " 2.5 A 1700000001.125\nrecord " + current + " 3.0 A 1700000002.0\n" + meta,
		},
		{"nothing in the last quarter of an hour", []string{"identifier=" + current}, meta},
		{
			"days, by the identifier", []string{"identifier=" + current + "/mean/P1D", "start_time=2023-01-01T00:00:00Z", "end_time=2024-01-01T00:00:00Z"},
			"record " + current + "/mean/P1D 0.333 A 1672531200.0\nrecord " + current + "/mean/P1D 1.333 A 1672617600.0\n" +
				"meta aggregation=mean name=current-1 quantity=current sampling-interval=P1D type=electrical unit=A\n",
		},
		{"not granted", []string{"identifier=" + device + "_tariff/label", start, end}, "error not-authorized no consent covers this series, or it does not exist\n"},
		{"a bad time", []string{"identifier=" + current, start, "end_time=soon"}, `error bad-request end_time "soon" is not an ISO 8601 time with offset, such as 2020-03-01T00:00:00+01:00` + "\n"},
		{"a source that fails", []string{"identifier=" + voltage, start, end}, "error undefined-condition enedis-sge-tiers SGT570 no such contract\n"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, s.says("get_history", tt.fields...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := s.says("format_disk"); !strings.HasPrefix(got, "error item-not-found ") {
		t.Errorf("an unknown command: %s", got)
	}
}

// checkStrangerIsPushed lets the stranger subscribe with a dead-band, sends it a batch, and lets it unsubscribe.
func checkStrangerIsPushed(t *testing.T, s stranger, h house, client Poster) {
	t.Helper()
	if got, want := s.says("subscribe", "identifier="+current, "dead_band=much"), "error bad-request dead_band is not a number from 0 on, in the unit of the series, such as 50\n"; got != want {
		t.Errorf("got %s", got)
	}
	in := &line{archive: h.archive, more: make(chan struct{}, 1)}
	lines, wait := s.start(1, "subscribe", "identifier="+current, "dead_band=10")
	if !lines.Scan() || lines.Text() != "Success" {
		t.Fatalf("subscribe: %s", lines.Text())
	}
	one := h.Subscriptions.All()[0]
	d := &federation.Delivery{
		Recipient: &Subscriber{Session: client, JID: conseil.Bare(), Receipts: one.Receipts, Describe: describe},
		Cursor:    in, Log: quiet,
		Gate: &Sieve{
			Next: granted{h}, Log: quiet,
			Wanted: func(local string) Thinning { return one.Thinning(device + "_" + strings.TrimPrefix(local, "linky/")) },
			History: func(ctx context.Context, local string, from, to time.Time) (senml.Pack, error) {
				p, _, err := h.archive.History(ctx, local, from, to, math.MaxInt)
				return p, err
			},
		},
	}
	follow(t, d, h)
	var batch senml.Pack
	for i := range 5 {
		batch = append(batch, record("linky/current/1", 1_000_000+float64(i*5), 1_710_000_000.5+float64(i)))
	}
	in.put(batch...)
	got := rest(lines)
	want := "pushed " + current + " 1000000.0 A 1710000000.5\npushed " + current + " 1000010.0 A 1710000002.5\npushed " + current + " 1000020.0 A 1710000004.5\n" +
		"meta name=current-1 quantity=current type=electrical unit=A\n"
	err := wait()
	if rest := strings.ReplaceAll(got, want, ""); rest != "" || got == "" || err != nil { // what may not have arrived is sent again, as it was
		t.Errorf("pushed, %v (-want +got):\n%s", err, cmp.Diff(want, got))
	}
	t.Logf("subscribe identifier=%s dead_band=10\nSuccess\n%s", current, got)
	if one.Receipts {
		t.Error("the stranger announced no receipts, and is waited for")
	}
	if got := s.says("unsubscribe", "identifier="+device); got != "Success\n" || len(h.Subscriptions.All()) != 0 {
		t.Errorf("unsubscribe: %s, left %v", got, h.Subscriptions.All())
	}
}
