package quoalise

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/lab"
)

// A client written with another library, in another language, reads what we answer. It needs Debian's python3-slixmpp.
func TestIntegrationReferenceClient(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import slixmpp").Run(); err != nil {
		const reason = "the other client needs the Debian package python3-slixmpp"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	f := startServers(t, lab.Ejabberd)
	h := newHouse(t)
	h.archive.put("linky/current/1", record("linky/current/1", 2.5, 1_700_000_001.125), record("linky/current/1", 3, 1_700_000_002))
	client := newClient(t, f, maison)
	h.Session = client
	h.Offer()
	runClient(t, client)
	host, port, err := net.SplitHostPort(f.Server(conseil.Domainpart()).Addr())
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "2023-11-14T23:13:20+01:00", "2023-11-14T23:14:00+01:00"
	tests := []struct{ name, identifier, end, want string }{
		{
			"a series", current, end,
			current + " 1.0 A 1700000000.0\n" + current + " 2.5 A 1700000001.125\n" + current + " 3.0 A 1700000002.0\nmeta current-1\n",
		},
		{"not granted", device + "_tariff/label", end, "error not-authorized no consent covers this series, or it does not exist\n"},
		{"a bad time", current, "soon", `error bad-request end_time "soon" is not an ISO 8601 time with offset, such as 2020-03-01T00:00:00+01:00` + "\n"},
	}
	for _, tt := range tests {
		cmd := exec.CommandContext(patience(t), python, "testdata/reference.py",
			conseil.String(), secret, host, port, f.CAFile(), maison.String(), tt.identifier, start, tt.end)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, string(out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
