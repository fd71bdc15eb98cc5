package api

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"releve/agent/series"
	"releve/agent/status"
)

// exposition is what Prometheus reads, in its text format 0.0.4. No label holds anything of a person: meters are there under the
// names that the household gave them, recipients by their number only.
type exposition struct{ bytes.Buffer }

// family begins the samples of one name.
func (x *exposition) family(name, kind, help string) {
	fmt.Fprintf(x, "# HELP releve_%s %s\n# TYPE releve_%[1]s %[3]s\n", name, help, kind)
}

// sample adds one of them; labels are pairs of name and value.
func (x *exposition) sample(name string, value float64, labels ...string) {
	x.WriteString("releve_" + name)
	for i := 0; i+1 < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(x, "%s%s=\"%s\"", separator, labels[i], labelEscapes.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		x.WriteString("}")
	}
	x.WriteString(" " + strconv.FormatFloat(value, 'f', -1, 64) + "\n")
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// moment is a sample of a Unix time; none of a time that is not known.
func (x *exposition) moment(name string, at time.Time, labels ...string) {
	if !at.IsZero() {
		x.sample(name, float64(at.UnixMilli())/1000, labels...)
	}
}

// gauge is a family of one sample.
func (x *exposition) gauge(name, help string, value float64) {
	x.family(name, "gauge", help)
	x.sample(name, value)
}

func (s *server) metrics(*http.Request, parameters) (reply, error) {
	var x exposition
	shown := s.Snapshot()
	x.agent(shown)
	x.meters(shown.Meters)
	x.readings(shown.Meters, s.Latest())
	return reply{kind: "text/plain; version=0.0.4; charset=utf-8", body: x.Bytes()}, nil
}

func (x *exposition) agent(s status.Snapshot) {
	x.family("build_info", "gauge", "The version that runs.")
	x.sample("build_info", 1, "version", s.Version)
	x.family("start_time_seconds", "gauge", "Unix time since which it runs.")
	x.moment("start_time_seconds", s.Started)
	x.gauge("ready", "1 while every required check passes, as /readyz.", oneIf(s.Health.Ready() == nil))
	x.gauge("health_worst_state", "Worst state of all checks: 0 ok, 1 waiting, 2 warning, 3 fault.", float64(s.Health.Worst()))
	x.gauge("buffer_packs", "Packs of readings in the store.", float64(s.Buffer.Packs))
	x.gauge("buffer_disk_bytes", "What the store takes on the disk.", float64(s.Buffer.Bytes))
	x.family("buffer_oldest_timestamp_seconds", "gauge", "Unix time of the oldest pack that is kept.")
	x.moment("buffer_oldest_timestamp_seconds", s.Buffer.Oldest)
	if s.Federation.JID != "" {
		x.gauge("federation_up", "1 while the session with the federation is up.", oneIf(s.Federation.State == status.OK))
	}
	x.recipients(s.Recipients)
}

// recipients are counted: their names are addresses of people.
func (x *exposition) recipients(list []status.Recipient) {
	states, pending := map[status.State]int{}, uint64(0)
	for _, r := range list {
		states[r.State]++
		pending += r.Pending
	}
	x.family("recipients", "gauge", "Recipients by how it goes with them.")
	for state := status.OK; state <= status.Fault; state++ {
		x.sample("recipients", float64(states[state]), "state", state.String())
	}
	x.gauge("recipients_pending_packs", "Packs that recipients have not acknowledged, of all together.", float64(pending))
}

func (x *exposition) meters(list []status.Meter) {
	for _, f := range []struct {
		name, help string
		count      func(status.Meter) uint64
	}{
		{"frames_total", "Complete frames since the start.", func(m status.Meter) uint64 { return m.Frames }},
		{"groups_total", "Groups with a good checksum since the start.", func(m status.Meter) uint64 { return m.Groups }},
		{"groups_rejected_total", "Groups that were refused since the start.", func(m status.Meter) uint64 { return m.Rejected }},
	} {
		x.family(f.name, "counter", f.help)
		for _, m := range list {
			x.sample(f.name, float64(f.count(m)), "meter", m.Name)
		}
	}
	x.family("last_frame_timestamp_seconds", "gauge", "Unix time of the last frame.")
	for _, m := range list {
		x.moment("last_frame_timestamp_seconds", m.LastFrame, "meter", m.Name)
	}
	x.family("subscribed_voltamperes", "gauge", "The subscribed power.")
	for _, m := range list {
		if m.Power != nil && m.Power.Subscribed > 0 {
			x.sample("subscribed_voltamperes", float64(m.Power.Subscribed), "meter", m.Name)
		}
	}
}

// measure is a family that series of the meter feed.
type measure struct {
	name, kind, help string
	// labels are those of a path, beside the meter; nil when it does not feed the family.
	labels func(path string) []string
}

// measures follow the practice of the field, which counts energy in Wh as meters do and not in joules.
func measures() []measure {
	return []measure{
		{"energy_watthours_total", "counter", "Indexes of active energy: direction import or export, register all or that of the supplier or the distributor.", energyLabels},
		{"apparent_power_voltamperes", "gauge", "Apparent power: direction import or export, phase all or its number.", powerLabels},
		{"current_amperes", "gauge", "Current of a phase.", phaseLabels("current/")},
		{"voltage_volts", "gauge", "Voltage of a phase.", phaseLabels("voltage/")},
	}
}

func (x *exposition) readings(meters []status.Meter, latest []Value) {
	own := map[string]bool{}
	for _, m := range meters {
		own[m.Name] = true
	}
	for _, f := range measures() {
		x.family(f.name, f.kind, f.help)
		for _, v := range latest {
			n, isNumber := v.Value.(float64)
			if labels := f.labels(v.Path); labels != nil && isNumber && own[v.Meter] {
				x.sample(f.name, n, append([]string{"meter", v.Meter}, labels...)...)
			}
		}
	}
}

func energyLabels(path string) []string {
	switch {
	case path == series.PathDrawn:
		return []string{"direction", "import", "register", "all"}
	case path == series.PathInjectedIndex:
		return []string{"direction", "export", "register", "all"}
	}
	register, below := strings.CutPrefix(path, series.PathDrawn+"/")
	if !below {
		return nil
	}
	return []string{"direction", "import", "register", strings.ReplaceAll(register, "/", "-")}
}

func powerLabels(path string) []string {
	switch path {
	case series.PathPower:
		return []string{"direction", "import", "phase", "all"}
	case series.PathInjected:
		return []string{"direction", "export", "phase", "all"}
	}
	if phase, of := strings.CutPrefix(path, series.PathPower+"/"); of {
		return []string{"direction", "import", "phase", phase}
	}
	return nil
}

func phaseLabels(prefix string) func(string) []string {
	return func(path string) []string {
		if phase, of := strings.CutPrefix(path, prefix); of && len(phase) == 1 {
			return []string{"phase", phase}
		}
		return nil
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
