package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"releve/agent/series"
	"releve/federation/bmhs"
	lab "releve/federation/lab/bmhs"
	"releve/senml"
	"releve/tic"
	"releve/tic/linky"
)

// TestBMHSWear wants what a BMHS server has of a meter in standard mode, each message written down before it goes and after
// it was answered, to wear the card by no more than 2 MB a day. A file that is replaced each time would by 38.
func TestBMHSWear(t *testing.T) {
	const hours, minutesAPack, messagesADay = 4, 1, 24 * 12
	c := newCard(t)
	meter, err := linky.New(linky.Scenario{Seed: 3, Start: talkStart})
	must(t, err)
	server, err := lab.Start(lab.Options{Zone: paris(t), Now: meter.Now})
	must(t, err)
	t.Cleanup(server.Close)
	server.AddUser(bmhsUser, bmhsKey)
	server.Activate(bmhsUser, bmhsMAC)
	dir := filepath.Join(c.dir, "recipients")
	must(t, os.Mkdir(dir, 0o700))
	r, err := bmhs.Open(bmhs.Options{
		Name: "bmhs", Zone: paris(t), Every: 5 * time.Minute, File: filepath.Join(dir, "bmhs.json"), Client: webClient(""), Now: meter.Now, Log: quiet,
		Account: bmhs.Account{URL: server.URL(), Username: bmhsUser, MAC: bmhsMAC, Key: func() (string, error) { return bmhsKey, nil }},
	})
	must(t, err)
	t.Cleanup(func() { _ = r.Close() }) // before the card goes
	recorder, gathered := series.NewRecorder("linky", 10*time.Minute), senml.Pack(nil)
	decoder := tic.NewDecoder(tic.Standard, func(f *tic.Frame) { gathered = append(gathered, recorder.Record(f, meter.Now())...) })
	talk := func(long time.Duration) (messages, bytes int64) {
		c.flushed()
		system, commits := c.written()
		before := r.Stats().Messages
		last := meter.Now()
		for end := last.Add(long); meter.Now().Before(end); {
			_, err := decoder.Write(meter.Frame(nil))
			must(t, err)
			if meter.Now().Sub(last) < minutesAPack*time.Minute {
				continue
			}
			for i := range gathered {
				gathered[i].Name = "urn:dev:org:60060-1f2e3d4c5b6a7988_" + strings.TrimPrefix(gathered[i].Name, "linky/")
			}
			must(t, r.Send(t.Context(), gathered))
			last, gathered = meter.Now(), nil
		}
		c.flushed()
		system2, commits2 := c.written()
		return int64(r.Stats().Messages - before), system2 - system + commits2 - commits
	}
	talk(30 * time.Minute) // a new journal is no daily matter
	messages, bytes := talk(hours * time.Hour)
	day := float64(bytes) / 1e6 / float64(messages) * messagesADay
	t.Logf("%d messages in %d hours: %d bytes each, %.2f MB a day", messages, hours, bytes/messages, day)
	if messages < hours*11 || day > 2 {
		t.Errorf("%d messages, %.2f MB a day are written, 2 allowed", messages, day)
	}
}
