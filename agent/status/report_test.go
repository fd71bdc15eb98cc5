package status_test

import (
	"net/http"
	"strings"
	"testing"

	"releve/agent/status"
)

// secrets are what no report may tell: an address, a delivery point, who somebody is in the federation.
var secrets = []string{"021728123456", "14999999999999", "conseiller.dupont", "maison-du-phare"}

// revealing is a device that has secrets wherever there is a text.
func revealing() status.Snapshot {
	s := household()
	all := strings.Join(secrets[:2], " ") + " conseiller.dupont@breizh-sen2.example"
	s.Meters[0].Port = "/dev/" + secrets[0]
	s.Meters[0].Diagnosis = status.Say(all, all)
	s.Meters[0].Wire = []status.Wire{{At: noon, Lines: []string{"ADSC     " + secrets[0], "PRM      " + secrets[1], "EAST     012345678", "SINSTS   01240"}}, {At: noon}}
	s.Recipients = append(s.Recipients, status.Recipient{Name: "conseiller.dupont@breizh-sen2.example", State: status.Warning, Text: status.Say(all, all)})
	s.Federation.JID = "maison-du-phare@breizh-sen1.example/releve"
	s.Federation.Text = status.Say(all, all)
	s.Buffer.Note = status.Say(all, all)
	s.Health.Children = append(s.Health.Children, status.Node{Name: "federation", State: status.Warning, Text: status.Say(all, all), Advice: status.Say(all, all), Detail: all})
	return s
}

// TestReportMasks looks for the secrets in the report, and in what the screen shows of frames.
func TestReportMasks(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/etat/rapport.txt?lang=fr", "/health/report.txt?lang=en"} {
		response := get(t, revealing, path, "")
		text := body(t, response)
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %s", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells %s:\n%s", path, secret, text)
			}
		}
		for _, helps := range []string{"0.1.0", "/dev/************", "EAST     012345678", "…@breizh-sen2.example", "…@breizh-sen1.example/releve", "standard"} {
			if !strings.Contains(text, helps) {
				t.Errorf("%s does not tell %s:\n%s", path, helps, text)
			}
		}
	}
	page := body(t, get(t, revealing, "/etat", "fr"))
	_, frames, _ := strings.Cut(page, `data-live="0.wires"`)
	for _, secret := range secrets[:2] {
		if strings.Contains(frames, secret) {
			t.Errorf("after the frames the screen tells %s", secret)
		}
	}
}

// TestDeviceSays is what the screen says of the machine and of the line, by what is so.
func TestDeviceSays(t *testing.T) {
	t.Parallel()
	degrees, ahead, behind, same := 81.4, 75.0, -8.0, 1.0
	for _, row := range []struct {
		name   string
		change func(*status.Snapshot)
		says   string
	}{
		{"disk", func(s *status.Snapshot) { s.Machine = status.Machine{DiskFree: 5e9, DiskTotal: 16e9} }, "place libre 5,0 Go sur 16,0 Go"},
		{"disk full", func(s *status.Snapshot) { s.Machine = status.Machine{DiskFree: 1e8, DiskTotal: 16e9} }, "à surveiller place libre 100 Mo sur 16,0 Go Faites de la place"},
		{"disk locked", func(s *status.Snapshot) {
			s.Machine = status.Machine{DiskFree: 5e9, DiskTotal: 16e9, ReadOnly: true}
		}, "place libre la carte ne peut plus être que lue"},
		{"hot", func(s *status.Snapshot) { s.Machine = status.Machine{Temperature: &degrees} }, "température 81 °C Aérez l’appareil"},
		{"strained", func(s *status.Snapshot) {
			s.Machine = status.Machine{Watched: true, Now: []status.Strain{status.Undervoltage, status.Slowed}, Before: []status.Strain{status.Hot}}
		}, "alimentation et chaleur tension d’alimentation trop basse Prenez l’alimentation d’origine"},
		{"strained before", func(s *status.Snapshot) {
			s.Machine = status.Machine{Watched: true, Before: []status.Strain{status.Hot}}
		}, "depuis le démarrage : trop chaud Aérez"},
		{"not strained", func(s *status.Snapshot) { s.Machine = status.Machine{Watched: true} }, "alimentation et chaleur rien ne le ralentit"},
		{"newer", func(s *status.Snapshot) { s.Machine = status.Machine{Newer: true} }, "version 0.1.0 ; une version plus récente est prête"},
		{"line silent", func(s *status.Snapshot) { s.Meters[0].Recent = status.Tally{} }, "Rien n’a été entendu dernièrement."},
		{"line clean", func(s *status.Snapshot) { s.Meters[0].Recent = status.Tally{Groups: 9} }, "tout a été lu sans faute"},
		{"line good", func(s *status.Snapshot) { s.Meters[0].Recent = status.Tally{Groups: 998, Rejected: 2} }, "0,2 % des groupes étaient faux : c’est courant"},
		{"line doubtful", func(s *status.Snapshot) { s.Meters[0].Recent = status.Tally{Groups: 98, Rejected: 2} }, "2,0 % des groupes étaient faux : rapprochez"},
		{"line bad", func(s *status.Snapshot) { s.Meters[0].Recent = status.Tally{Groups: 1, Rejected: 1} }, "50,0 % des groupes étaient faux : vérifiez"},
		{"clock fast", func(s *status.Snapshot) { s.Meters[0].ClockBy = &ahead }, "horloge du compteur avance de 1 min"},
		{"clock slow", func(s *status.Snapshot) { s.Meters[0].ClockBy = &behind }, "horloge du compteur retarde de 8 s"},
		{"clock right", func(s *status.Snapshot) { s.Meters[0].ClockBy = &same }, "horloge du compteur d’accord avec l’appareil"},
		{"no frame", func(*status.Snapshot) {}, "mot à mot. Son adresse et le numéro du point de livraison sont masqués. Pause aucune"},
		{"a part of a frame", func(s *status.Snapshot) { s.Meters[0].Wire = []status.Wire{{At: noon, Lines: []string{"ADPS 034"}}} }, "12:00:00 – incomplète ADPS 034"},
	} {
		text := words(t, body(t, get(t, with(row.change), "/etat", "fr")))
		plain := strings.Join(strings.Fields(strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)), " ")
		if !strings.Contains(plain, row.says) {
			t.Errorf("%s: the screen does not say %q, but:\n%s", row.name, row.says, plain)
		}
	}
}
