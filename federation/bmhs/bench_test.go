package bmhs

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	lab "releve/federation/lab/bmhs"
	"releve/senml"
)

// BenchmarkBacklog hands a day of a household's messages to the stand-in on this machine: as messages, as rows, and as rows
// over bare requests of the same size, which is the reference. A ratio is requests and disk of ours against those alone.
func BenchmarkBacklog(b *testing.B) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		b.Fatal(err)
	}
	begin := at("2026-11-22T00:00:00+01:00")
	const messages = 24 * 12
	var day []senml.Pack
	for n := range messages {
		now := begin.Add(time.Duration(n) * 5 * time.Minute)
		day = append(day, full(now, 1000+float64(n)*10, 700))
	}
	var bare time.Duration
	for _, way := range []string{"bare requests", "messages", "rows"} {
		b.Run(way, func(b *testing.B) {
			for b.Loop() {
				server, o := benched(b, paris, begin)
				if way == "rows" {
					withData(&o)
				}
				began := time.Now()
				if way == "bare requests" {
					bareRequests(b, o, messages)
					bare = time.Since(began)
				} else {
					inTurns(b, o, day)
					b.ReportMetric(float64(time.Since(began))/float64(bare), "x-bare")
				}
				b.ReportMetric(messages/time.Since(began).Seconds(), "messages/s")
				server.Close()
			}
		})
	}
}

func benched(b *testing.B, paris *time.Location, begin time.Time) (*lab.Server, Options) {
	b.Helper()
	server, err := lab.Start(lab.Options{Zone: paris})
	if err != nil {
		b.Fatal(err)
	}
	server.AddUser(foyer, key)
	server.Activate(foyer, mac)
	server.Grant(foyer, app, token)
	return server, Options{
		Name: "bmhs", Account: Account{server.URL(), foyer, secret(key), mac}, Zone: paris, Every: 5 * time.Minute,
		File: filepath.Join(b.TempDir(), "bmhs.json"), Client: client(), Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return begin.Add(36 * time.Hour) },
	}
}

// inTurns sends an hour at a time, as a delivery does after an outage.
func inTurns(b *testing.B, o Options, day []senml.Pack) {
	b.Helper()
	r, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for i := 0; i < len(day); i += 12 {
		var turn senml.Pack
		for _, p := range day[i : i+12] {
			turn = append(turn, p...)
		}
		if err := r.Send(b.Context(), turn); err != nil {
			b.Fatal(err)
		}
	}
}

func bareRequests(b *testing.B, o Options, messages int) {
	b.Helper()
	d := newDevice()
	for _, r := range full(at("2026-11-22T00:00:00+01:00"), 1000, 700) {
		_, p := placeOf(r.Name)
		d.take(p.Path, r)
	}
	p, err := d.pend(d.Tick, (&Recipient{Options: o}).message("m", d.metavalues(), d.Tick))
	if err != nil {
		b.Fatal(err)
	}
	text, err := plain(body{foyer, key, mac, privateIP, agentModel, json.RawMessage(p.Message)})
	if err != nil {
		b.Fatal(err)
	}
	for range messages {
		answer, err := o.Client.Post(o.Account.URL+"/device/publicChangeValueFromAgent", "application/json", bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			b.Fatal(answer.Status, err)
		}
		answer.Body.Close()
	}
}
