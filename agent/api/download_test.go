package api_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

func read(t *testing.T, path string) (kind, disposition, text string) {
	t.Helper()
	response := get(t, house(t), path)
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header.Get("Content-Type"), response.Header.Get("Content-Disposition"), string(body)
}

func TestCSV(t *testing.T) {
	t.Parallel()
	_, disposition, text := read(t, "/api/v1/history?span=week&step=P1D&format=csv")
	if want := `attachment; filename="releve-energy-week-2026-03-02.csv"`; disposition != want {
		t.Errorf("disposition %s, want %s", disposition, want)
	}
	lines := strings.SplitAfter(text, "\n")
	want := []string{
		"from,to,meter,quantity,number,unit,value,min,max,readings,whole,final\n",
		"2026-03-02T00:00:00+01:00,2026-03-03T00:00:00+01:00,linky,energy,,Wh,1440,,,1440,true,true\n",
		"2026-03-03T00:00:00+01:00,2026-03-04T00:00:00+01:00,linky,energy,,Wh,1440,,,1440,true,true\n",
		"2026-03-04T00:00:00+01:00,2026-03-05T00:00:00+01:00,linky,energy,,Wh,719,,,720,true,false\n",
		"2026-03-05T00:00:00+01:00,2026-03-06T00:00:00+01:00,linky,energy,,Wh,,,,0,false,false\n",
	}
	if diff := cmp.Diff(want, lines[:5]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSenML(t *testing.T) {
	t.Parallel()
	_, _, text := read(t, "/api/v1/history?span=week&step=P1D&format=senml")
	pack, err := senml.Decode(senml.JSON, []byte(text))
	if err == nil {
		pack, err = pack.Resolve(noon(t))
	}
	if err != nil {
		t.Fatal(err, text)
	}
	var got []string
	for _, r := range pack {
		got = append(got, r.Name+"="+r.Value.String()+r.Unit)
	}
	if diff := cmp.Diff([]string{"linky/energy/P1D=1440Wh", "linky/energy/P1D=1440Wh", "linky/energy/P1D=719Wh"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTimesAreOfTheHousehold(t *testing.T) {
	t.Parallel()
	_, _, text := read(t, "/api/v1/meters")
	want := `{"meters":[{"name":"linky","title":"Maison","own":true,"mode":"standard","last_frame":"2026-03-04T11:59:59+01:00"},{"name":"voisins.abc","own":false}]}`
	if diff := cmp.Diff(want, strings.TrimSpace(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	kind, _, text := read(t, "/metrics")
	if kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("as %s", kind)
	}
	var samples []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if !strings.HasPrefix(line, "#") {
			samples = append(samples, line)
		}
	}
	want := []string{
		`releve_build_info{version="1.2.3"} 1`,
		`releve_start_time_seconds 1772618400`,
		`releve_ready 1`,
		`releve_health_worst_state 2`,
		`releve_buffer_packs 7`,
		`releve_buffer_disk_bytes 4096`,
		`releve_federation_up 1`,
		`releve_recipients{state="ok"} 1`,
		`releve_recipients{state="waiting"} 0`,
		`releve_recipients{state="warning"} 1`,
		`releve_recipients{state="fault"} 0`,
		`releve_recipients_pending_packs 7`,
		`releve_frames_total{meter="linky"} 100`,
		`releve_groups_total{meter="linky"} 3000`,
		`releve_groups_rejected_total{meter="linky"} 2`,
		`releve_last_frame_timestamp_seconds{meter="linky"} 1772621999`,
		`releve_subscribed_voltamperes{meter="linky"} 6000`,
		`releve_energy_watthours_total{meter="linky",direction="import",register="all"} 4320`,
		`releve_energy_watthours_total{meter="linky",direction="import",register="provider-1"} 4320`,
		`releve_apparent_power_voltamperes{meter="linky",direction="import",phase="all"} 66`,
		`releve_apparent_power_voltamperes{meter="linky",direction="import",phase="2"} 12`,
		`releve_current_amperes{meter="linky",phase="1"} 1`,
	}
	if diff := cmp.Diff(want, samples); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, personal := range []string{"alice", "breizh", "voisins", "maison@"} {
		if strings.Contains(text, personal) {
			t.Errorf("%s is somebody's, and in the metrics", personal)
		}
	}
}
