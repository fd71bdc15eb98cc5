package status

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Wire is a frame as a meter said it, a line a group. Whoever fills it leaves out what says whose meter it is; what looks
// like such a number is masked here once more.
type Wire struct {
	At       time.Time
	Complete bool
	Lines    []string
}

// identities are what may say whose meter it is: numbers as long as an address (12 digits, Enedis-NOI-CPT_54E §6.2.3) or
// a delivery point (14), and what is before the @ of an address of the federation.
var identities = regexp.MustCompile(`[0-9]{12,}|[^\s@<>"']+@`)

// mask hides identities in a text that is to be shown to strangers.
func mask(text string) string {
	return identities.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasSuffix(found, "@") {
			return "…@"
		}
		return strings.Repeat("*", len(found))
	})
}

// wireView is a frame of a meter.
type wireView struct{ At, Text string }

// wires words the last frames, the latest first.
func (c catalogue) wires(m Meter, now time.Time) []wireView {
	var views []wireView
	for _, w := range m.Wire {
		at := c.second(now, w.At)
		if !w.Complete {
			at += " – " + c.say("wire.part")
		}
		views = append(views, wireView{At: at, Text: mask(strings.Join(w.Lines, "\n"))})
	}
	return views
}

// reportPaths are where the report is.
var reportPaths = []string{"/etat/rapport.txt", "/health/report.txt"}

// reportPath is that of a language.
func reportPath(l language) string {
	if l == english {
		return reportPaths[1]
	}
	return reportPaths[0]
}

// report is what somebody who helps wants to know of the device, as plain text that may be shown to anybody: readings are
// left out but for those of the last frame, and identities are masked.
func (c catalogue) report(s Snapshot) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("Relève %s, %s", s.Version, s.Now.Format(time.RFC3339))
	if !s.Started.IsZero() {
		line("%s", c.say("footer.started", c.ago(s.Now, s.Started)))
	}
	line("\n# %s", c.say("health.title"))
	for _, node := range c.health(s.Health) {
		for _, told := range node.told(nil, 0) {
			line("%s", strings.TrimRight(fmt.Sprintf("%s%s: %s. %s", strings.Repeat("  ", told.Depth), told.Title, told.State, strings.Join(
				strings.Fields(told.Text+" "+told.Advice+" "+told.Detail), " ")), " "))
		}
	}
	line("\n# %s", c.say("machine.title"))
	for _, f := range c.machine(s) {
		line("%s: %s", f.Label, strings.TrimRight(f.Value+". "+f.Advice, ". "))
	}
	line("\n# %s", c.say("outgoing.title"))
	out := c.outgoing(s)
	for _, row := range append([]rowView{out.Federation, out.Buffer}, out.Recipients...) {
		line("%s: %s %s. %s", row.Name, row.Word, row.Fact, row.Note)
	}
	for _, m := range s.Meters {
		view := c.line(m, s.Now)
		line("\n# %s · %s", c.say("line.title"), m.Name)
		for _, f := range view.facts(c) {
			line("%s: %s", f.Label, f.Value)
		}
		for _, w := range c.wires(m, s.Now) {
			line("\n%s\n%s", w.At, w.Text)
		}
	}
	return mask(b.String())
}

func (s *site) serveReport(w http.ResponseWriter, r *http.Request) {
	e := s.speak(w, r)
	deliver(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte(e.report(s.snapshot())))
}
