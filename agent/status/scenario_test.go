package status_test

import (
	"math"
	"time"

	"releve/agent/status"
)

// noon is the instant of the tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func pointer[T any](v T) *T { return &v }

// household is a house where everything works.
func household() status.Snapshot {
	return status.Snapshot{
		Version: "0.1.0", Started: ago(26 * time.Hour), Now: noon,
		Meters: []status.Meter{{
			Name: "linky", Port: "/dev/ttyUSB0", Mode: "standard", LastFrame: ago(time.Second),
			Frames: 48210, Groups: 1930442, Rejected: 12,
			Power:  &status.Power{Apparent: 1240, Subscribed: 6000, At: ago(2 * time.Second)},
			Trend:  trend(1240),
			Tariff: status.Say("Heures creuses", "Off-peak"),
			Today:  &status.Today{Drawn: 8432},
			Indexes: []status.Index{
				{Label: status.Say("Total", "Total"), Value: 12345678, At: noon},
				{Label: status.Say("Heures creuses", "Off-peak"), Value: 4321000, Current: true, At: noon},
			},
			Readings: []status.Reading{
				{Series: "voltage/1", Label: status.Say("Tension", "Voltage"), Value: "234.5", Unit: "V", At: noon},
				{Series: "status/relay", Value: "0", At: noon},
			},
			Events: []status.Event{
				{At: ago(time.Hour), Kind: "over-power ended", Text: status.Say("Fin du dépassement", "The overrun is over")},
				{At: ago(49 * time.Hour), Kind: "meter-replaced", Text: status.Say("Le compteur a été remplacé", "The meter was replaced")},
			},
		}},
		Buffer:     status.Buffer{Packs: 18422, Bytes: 9_412_000, Oldest: ago(3 * time.Hour)},
		Recipients: []status.Recipient{{Name: "client@breizh-sen2.example", LastSent: ago(3 * time.Second)}},
		Federation: status.Federation{JID: "maison@breizh-sen1.example/releve", Since: ago(5 * time.Hour)},
		Health: status.Named("releve", nil).Then(
			status.Named("port", finds(status.OK, "open")).Required().Then(
				status.Named("frames", finds(status.OK, "one a second")).Required()),
			status.Named("buffer", finds(status.OK, "open")).Required()).Run(),
	}
}

// trend is ten minutes that end at a power.
func trend(last status.VoltAmpere) []status.Point {
	var points []status.Point
	for s := 600; s > 0; s -= 2 {
		wave := 100 * math.Sin(float64(s)/40)
		points = append(points, status.Point{At: ago(time.Duration(s) * time.Second), Apparent: last + status.VoltAmpere(wave)})
	}
	return append(points, status.Point{At: noon, Apparent: last})
}

// with is a household with something changed.
func with(change func(*status.Snapshot)) func() status.Snapshot {
	return func() status.Snapshot {
		s := household()
		change(&s)
		return s
	}
}

func stale() status.Snapshot {
	return with(func(s *status.Snapshot) {
		s.Meters[0].Power.At, s.Meters[0].LastFrame = ago(4*time.Minute), ago(4*time.Minute)
	})()
}

func unplugged() status.Snapshot {
	s := stale()
	s.Meters[0].Diagnosis = status.Say("Le port s’est débranché.", "The port was unplugged.")
	s.Health = status.Named("releve", nil).Then(
		status.Named("port", func() status.Finding {
			return status.Finding{
				State: status.Fault, Text: status.Say("le port série a disparu", "the serial port is gone"),
				Advice: status.Say("Rebranchez la clé USB.", "Plug the USB key back in."),
				Detail: "open /dev/ttyUSB0: no such file or directory",
			}
		}).Required().Then(status.Named("frames", nil).Required()),
		status.Named("buffer", nil).Required()).Run()
	return s
}

func threePhase() status.Snapshot {
	return with(func(s *status.Snapshot) {
		m := &s.Meters[0]
		m.Power = &status.Power{Apparent: 7450, Subscribed: 18000, At: noon}
		m.Phases = []status.Phase{
			{Name: "1", Apparent: pointer(status.VoltAmpere(900)), Current: pointer(4.0), Voltage: pointer(233.0)},
			{Name: "2", Apparent: pointer(status.VoltAmpere(6340)), Current: pointer(27.0)},
			{Name: "3", Current: pointer(1.0)},
		}
	})()
}

func producer() status.Snapshot {
	return with(func(s *status.Snapshot) {
		m := &s.Meters[0]
		m.Power = &status.Power{Injected: 380, Subscribed: 6000, At: ago(2 * time.Second)}
		m.Today.Injected = 3210
		last := &m.Trend[len(m.Trend)-1]
		last.Apparent, last.Injected = 0, 380
	})()
}

func cutOff() status.Snapshot {
	return with(func(s *status.Snapshot) {
		s.Federation.State, s.Federation.Since = status.Warning, ago(18*time.Minute)
		s.Federation.Text = status.Say("le serveur ne répond pas", "the server does not answer")
		r := &s.Recipients[0]
		r.State, r.Pending, r.LastSent = status.Waiting, 12, ago(18*time.Minute)
	})()
}

func starting() status.Snapshot {
	return status.Snapshot{
		Version: "0.1.0", Started: noon, Now: noon,
		Meters: []status.Meter{{Name: "linky", Port: "auto"}},
		Health: status.Named("frames", finds(status.Waiting, "nothing heard yet")).Required().Run(),
	}
}

func overrun() status.Snapshot {
	return with(func(s *status.Snapshot) { s.Meters[0].Power.Apparent = 6420 })()
}

// hostile is what a recipient, a meter or an error could try to write on the page.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' onload='`

func attacked() status.Snapshot {
	said := status.Say(hostile, hostile)
	return with(func(s *status.Snapshot) {
		s.Version = hostile
		m := &s.Meters[0]
		m.Name, m.Port, m.Mode, m.Diagnosis, m.Tariff = hostile, hostile, hostile, said, said
		m.Indexes[0].Label = said
		m.Readings[0] = status.Reading{Series: hostile, Label: said, Value: hostile, Unit: hostile, At: noon}
		m.Phases = []status.Phase{{Name: hostile}}
		m.Events[0] = status.Event{At: noon, Kind: hostile, Text: said}
		s.Buffer.Note = said
		s.Recipients[0] = status.Recipient{Name: hostile, Text: said, State: status.Fault}
		s.Federation = status.Federation{JID: hostile, Text: said}
		s.Health = status.Node{Name: hostile, State: status.Fault, Text: said, Advice: said, Detail: hostile}
	})()
}

// scenarios are all of them, by name.
func scenarios() map[string]func() status.Snapshot {
	return map[string]func() status.Snapshot{
		"household":   household,
		"stale":       stale,
		"unplugged":   unplugged,
		"three-phase": threePhase,
		"producer":    producer,
		"cut off":     cutOff,
		"starting":    starting,
		"overrun":     overrun,
		"attacked":    attacked,
		"no meter":    func() status.Snapshot { return status.Snapshot{Now: noon} },
		"empty":       func() status.Snapshot { return status.Snapshot{} },
		"two meters": with(func(s *status.Snapshot) {
			s.Meters = append(s.Meters, status.Meter{Name: "solaire", Port: "/dev/ttyUSB1"})
		}),
	}
}
