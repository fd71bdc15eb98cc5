package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/agent/config"
	"releve/federation/consent"
	"releve/federation/lab"
	"releve/senml"
)

const (
	askedPRM = "01234567890123" // invented
	asked    = houseJID + "/releve"
)

// asker is a person at a terminal, with an account on the other domain, who may see the voltage and the tariff of a house.
type asker struct {
	t      *testing.T
	house  house
	server *lab.Server
	ca     string
}

// newAsker starts both servers, and a house without a meter that keeps records of the night the clocks went back.
func newAsker(t *testing.T) *asker {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out with -short")
	}
	account := func(user string) lab.Account { return lab.Account{User: user, Password: "pw"} }
	f := lab.New(t, lab.Options{Domains: []lab.Domain{
		{Name: houseDomain, Kind: lab.Prosody, Accounts: []lab.Account{account("maison")}},
		{Name: consumerDomain, Kind: lab.Ejabberd, Accounts: []lab.Account{account("conseil"), account("voisin")}},
	}})
	a := &asker{t: t, server: f.Server(consumerDomain), ca: f.CAFile()}
	a.house = newHouse(t, func(c *config.Config) {
		c.Meters[0].PRM = askedPRM
		c.Buffer.MaxAge = 20 * 365 * 24 * time.Hour
		c.Federation.JID = jid.MustParse(asked)
		c.Federation.Address, c.Federation.CAFile = f.Server(houseDomain).Addr(), f.CAFile()
		c.Grants = []consent.Grant{{
			To: "conseil@" + consumerDomain, Series: []string{"voltage/*", "tariff/label"}, Resolution: consent.Live, Purpose: "test", Identity: true,
		}}
	})
	a.keeps(night...)
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = a.house.session.Run(ctx) })
	tasks.Go(func() { _ = a.house.subscribers.Run(ctx) })
	t.Cleanup(func() { cancel(); tasks.Wait() })
	until(t, "a session of the house", func() bool { return a.house.session.State().Up })
	return a
}

// night is what the house keeps: the hour from 2 to 3 of that night came twice.
var night = senml.Pack{
	{Name: "linky/current/1", Unit: "A", Value: senml.NumberValue(2), Time: 1_729_987_200}, // not granted
	{Name: "linky/tariff/label", Value: senml.TextValue("HEURE  CREUSE"), Time: 1_729_987_200},
	{Name: "linky/voltage/1", Unit: "V", Value: senml.NumberValue(230), Time: 1_729_987_200},
	{Name: "linky/voltage/1", Unit: "V", Value: senml.NumberValue(231.5), Time: 1_729_990_800.25},
}

func (a *asker) keeps(records ...senml.Record) {
	a.t.Helper()
	if _, err := a.house.buffer.Put(records); err != nil {
		a.t.Fatal(err)
	}
}

// until waits for something to become true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// config writes the configuration of a user of the other domain and returns its file.
func (a *asker) config(user, password string) string {
	a.t.Helper()
	return written(a.t, user+".toml", session(user+"@"+consumerDomain, written(a.t, "password", password+"\n"), a.server.Addr(), a.ca))
}

// says runs releve and returns how it ended, what it printed, and what it said beside that but for the log.
func says(ctx context.Context, args ...string) string {
	var out, talk bytes.Buffer
	code := execute(ctx, args, terminal{out: &out, err: &talk})
	said := fmt.Sprintf("%d\n%s", code, &out)
	for line := range strings.Lines(talk.String()) {
		if !strings.HasPrefix(line, "time=") {
			said += line
		}
	}
	return said
}

// What a person who asks a provider gets, over two real servers.
func TestIntegrationCall(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	t.Run("get-history", func(t *testing.T) { askHistory(t, a) })
	t.Run("listen", func(t *testing.T) { listenSince(t, a) })
}

// askHistory gets the records in every format, with times of the household's zone, and the list of what there is; and
// otherwise a sentence, and an exit code that scripts can go by.
func askHistory(t *testing.T, a *asker) {
	nowhere := filepath.Join(t.TempDir(), "none.toml")
	granted, stranger := a.config("conseil", "pw"), a.config("voisin", "pw")
	const (
		device  = "urn:dev:prm:" + askedPRM
		tariff  = device + "_tariff/label"
		voltage = device + "_voltage/1"
		both    = voltage + " V 230 2024-10-27T02:00:00.000+02:00\n" + voltage + " V 231.5 2024-10-27T02:00:00.250+01:00\n"
		unheard = "releve: " + asked + " lists nothing for voisin@" + consumerDomain + ": a consent may be missing\n"
		pack    = `{"bn":"` + voltage + `","bt":1729987200,"bu":"V","v":230},{"t":3600.25,"v":231.5}`
	)
	for _, tt := range []struct {
		name, config string
		args         []string
		out, talk    string
		code         int
	}{
		{
			"as text, everything that is listed", granted, []string{asked},
			tariff + ` - "HEURE  CREUSE" 2024-10-27T02:00:00.000+02:00` + "\n" + both, "", exitDone,
		},
		{
			"as CSV, a device", granted, []string{"--format", "csv", asked, device},
			"time,series,unit,value,text\n2024-10-27T02:00:00+02:00," + tariff + ",,,HEURE  CREUSE\n" +
				"2024-10-27T02:00:00+02:00," + voltage + ",V,230,\n2024-10-27T02:00:00.25+01:00," + voltage + ",V,231.5,\n", "", exitDone,
		},
		{"as SenML, one series", granted, []string{"--format", "senml-json", asked, voltage}, "[" + pack + "]\n", "", exitDone},
		{"as --json", granted, []string{"--json", asked, voltage}, "[" + pack + "]\n", "", exitDone},
		{"as CBOR", granted, []string{"--format", "senml-cbor", asked, voltage}, inCBOR(t, "["+pack+"]"), "", exitDone},
		{"the end is excluded, and local", granted, []string{"--to", "2024-10-27T02:00:00.25+01:00", asked, voltage}, voltage + " V 230 2024-10-27T02:00:00.000+02:00\n", "", exitDone},
		{"nothing in that time", granted, []string{"--to", "2024-10-26", asked}, "", "", exitDone},
		{
			"the list", granted, []string{"--list", asked},
			tariff + " Current tariff\n" + voltage + " Voltage, phase 1\n", "", exitDone,
		},
		{
			"the list as JSON", granted, []string{"--list", "--json", asked},
			`[
  {
    "identifier": "` + tariff + `",
    "title": "Current tariff"
  },
  {
    "identifier": "` + voltage + `",
    "title": "Voltage, phase 1"
  }
]
`, "", exitDone,
		},
		{"nothing is listed", stranger, []string{"--list", asked}, "", unheard, exitDone},
		{"nothing is listed, as JSON", stranger, []string{"--list", "--json", asked}, "[]\n", unheard, exitDone},
		{"no consent", stranger, []string{asked}, "", "releve: the provider lists no series for us: a consent may be missing, or nothing has been read yet\n", exitFailed},
		{"one of two is refused", granted, []string{asked, device + "_current/1", voltage}, both, "releve: " + device + "_current/1: " + asked + " has no consent in force to show this to us: no consent covers this series, or it does not exist\n", exitFailed},
		{"nobody there", granted, []string{"maison@" + houseDomain + "/other", voltage}, "", "releve: " + voltage + ": maison@" + houseDomain + "/other is not connected\n", exitFailed},
		{"wrong password", a.config("conseil", "wrong"), []string{asked}, "", "releve: log in as conseil@" + consumerDomain + ": not-authorized: Invalid username or password\n", exitFailed},
		{"not a full address", granted, []string{houseJID}, "", `releve: get-history: "` + houseJID + `" is not a full address such as maison@breizh-sen1.example/releve; see releve --help` + "\n", exitUsage},
		{"not a time", granted, []string{"--from", "soon", asked}, "", "releve: get-history: --from: " + unreadable("soon").Error() + "; see releve --help\n", exitUsage},
		{"ends before it begins", granted, []string{"--to", "2024-01-01", asked}, "", "releve: get-history: --from 2024-10-01 is not before --to 2024-01-01; see releve --help\n", exitUsage},
		{"not a format", granted, []string{"--format", "xml", asked}, "", `releve: --format must be one of "text","csv","senml-json","senml-cbor" but got "xml"; see releve --help` + "\n", exitUsage},
		{"no configuration", nowhere, []string{asked}, "", "releve: configuration refused:\nread configuration: open " + nowhere + ": no such file or directory; --config FILE names another, and releve probe prints what a first one needs\n", exitRefused},
		{"no federation", written(t, "empty.toml", "[agent]\n"), []string{asked}, "", "releve: configuration refused:\n[federation] is missing: as whom should it be asked?\n", exitRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"get-history", "--config", tt.config, "--from", "2024-10-01"}, tt.args...)
			if diff := cmp.Diff(fmt.Sprintf("%d\n%s%s", tt.code, tt.out, tt.talk), says(t.Context(), args...)); diff != "" {
				t.Errorf("releve %s (-want +got):\n%s", strings.Join(args, " "), diff)
			}
		})
	}
}

func inCBOR(t *testing.T, json string) string {
	t.Helper()
	pack, err := senml.DecodeJSON([]byte(json))
	must(t, err)
	text, err := senml.EncodeCBOR(pack)
	must(t, err)
	return string(text)
}

// listenSince prints what was kept since a time first, then what comes, each record once.
func listenSince(t *testing.T, a *asker) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, talk, ended := &printed{}, &printed{}, make(chan int, 1)
	go func() {
		args := []string{"listen", "--config", a.config("conseil", "pw"), "--since", "2024-10-01", asked, "urn:dev:prm:" + askedPRM + "_voltage/1"}
		ended <- execute(ctx, args, terminal{out: out, err: talk})
	}()
	until(t, "two records, and nothing more to ask for", func() bool {
		return out.lines() == 2 && strings.Contains(talk.String(), "in step with a provider")
	})
	now := time.Now().Truncate(time.Second)
	for i := range 2 {
		a.keeps(senml.Record{Name: "linky/voltage/1", Unit: "V", Value: senml.NumberValue(float64(240 + i)), Time: float64(now.Unix() + int64(i))})
	}
	until(t, "what was pushed", func() bool { return out.lines() >= 4 })
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("listen ended with %d", code)
	}
	line := "urn:dev:prm:" + askedPRM + "_voltage/1 V %s %s\n"
	const format = "2006-01-02T15:04:05.000Z07:00"
	want := fmt.Sprintf(line+line+line+line, "230", "2024-10-27T02:00:00.000+02:00", "231.5", "2024-10-27T02:00:00.250+01:00",
		"240", now.In(paris(t)).Format(format), "241", now.Add(time.Second).In(paris(t)).Format(format))
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// printed is what a verb that runs has printed until now.
type printed struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// String is all of it.
func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *printed) lines() int { return strings.Count(p.String(), "\n") }
