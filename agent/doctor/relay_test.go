package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
)

// What is said of relays, whether their files can be read, they are paused, or have one end or more.
func TestRelays(t *testing.T) {
	t.Parallel()
	says := func(name, text string) End {
		return End{name, func(context.Context) status.Finding {
			return status.Finding{State: status.Warning, Text: status.Say(text+" (fr)", text)}
		}}
	}
	never := End{"server", func(context.Context) status.Finding {
		t.Error("examined without its files")
		return status.Finding{}
	}}
	tree := examine(t, usb(), "/dev/ttyUSB0", func(e *Exam) {
		e.Relays = []Relay{
			{Name: "recipient one", Ends: []End{says("server", "Silent.")}},
			{Name: "recipient two", Ends: []End{says("server", "Silent."), says("api", "Refused.")}},
			{Name: "recipient three", Paused: true, Ends: []End{says("server", "Silent.")}},
			{Name: "recipient four", Paused: true, Ends: []End{says("account", "Silent."), says("data", "Refused.")}},
			{Name: "source five", Files: fmt.Errorf("token_file: %w", os.ErrPermission), Ends: []End{never}},
			{Name: "recipient six", Files: fmt.Errorf("token_file: %w", os.ErrNotExist), Paused: true, Ends: []End{never, never}},
		}
	})
	relays, _ := find(tree, "relays")
	var report strings.Builder
	if err := Report(&report, status.Node{Children: []status.Node{relays}}, "en"); err != nil {
		t.Error(err)
	}
	want := `fault      Relays
warning      Recipient one: Silent.
warning      Recipient two
warning        Server: Silent.
warning        API: Refused.
warning      Recipient three: Silent. Paused: nothing is sent to it.
good         Recipient four: Paused: nothing is sent to it.
warning        Account: Silent.
warning        Data API: Refused.
waiting      Source five: You cannot read its secrets; that is as it should be, but nothing was checked.
               → To check it: sudo releve doctor
               → token_file: permission denied
fault        Recipient six: A file that it needs is missing or wrong. Paused: nothing is sent to it.
               → Mend the file named below.
               → token_file: file does not exist
waiting        not looked at as long as that is so: Server, Server
`
	if diff := cmp.Diff(want, report.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// All ends are examined at once: none answers before all are asked.
func TestRelaysAtOnce(t *testing.T) {
	t.Parallel()
	const ends = 20
	asked := make(chan bool, ends)
	last := make(chan bool)
	end := End{"server", func(ctx context.Context) status.Finding {
		if asked <- true; len(asked) == ends {
			close(last)
		}
		select {
		case <-last:
			return status.Finding{}
		case <-ctx.Done():
			return status.Finding{State: status.Fault}
		}
	}}
	e := Exam{Relays: make([]Relay, ends/2)}
	for i := range e.Relays {
		e.Relays[i] = Relay{Name: "recipient x", Ends: []End{end, end}}
	}
	if got := e.relays(t.Context()).Run().Worst(); got != status.OK {
		t.Errorf("the worst is %s", got)
	}
}
