package status_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/status"
)

// finds makes a check that always finds the same.
func finds(state status.State, text string) func() status.Finding {
	return func() status.Finding { return status.Finding{State: state, Text: status.Words{EN: text}} }
}

func never(t *testing.T) func() status.Finding {
	return func() status.Finding {
		t.Error("a check was run although what it depends on does not work")
		return status.Finding{}
	}
}

func text(n status.Node) string {
	var out strings.Builder
	if _, err := n.WriteTo(&out); err != nil {
		return err.Error()
	}
	return out.String()
}

func TestFailedParentExplainsItsChildren(t *testing.T) {
	t.Parallel()
	table := []struct {
		name string
		tree *status.Check
		want string
	}{
		{
			name: "all is well",
			tree: status.Named("releve", nil).Then(
				status.Named("port", finds(status.OK, "open")).Then(status.Named("frames", finds(status.OK, "one a second"))),
				status.Named("buffer", finds(status.OK, ""))),
			want: `
ok       releve: ok
ok         port: open
ok           frames: one a second
ok         buffer: ok
`,
		},
		{
			name: "a fault explains children and grandchildren, not siblings",
			tree: status.Named("releve", nil).Then(
				status.Named("port", finds(status.Fault, "gone")).Then(
					status.Named("frames", never(t)).Then(status.Named("checksums", never(t)))),
				status.Named("buffer", finds(status.OK, "open"))),
			want: `
fault    releve: fault
fault      port: gone
waiting      frames: depends on port
waiting        checksums: depends on port
ok         buffer: open
`,
		},
		{
			name: "waiting explains children too",
			tree: status.Named("frames", finds(status.Waiting, "nothing heard yet")).Then(status.Named("checksums", never(t))),
			want: `
waiting  frames: nothing heard yet
waiting    checksums: depends on frames
`,
		},
		{
			name: "a warning does not stop its children",
			tree: status.Named("frames", finds(status.Warning, "slow")).Then(status.Named("checksums", finds(status.OK, "good"))),
			want: `
warning  frames: slow
ok         checksums: good
`,
		},
		{
			name: "detail and advice share the line, whatever spaces an error brings",
			tree: status.Named("port", func() status.Finding {
				return status.Finding{
					State: status.Fault, Text: status.Say("le port est pris.", "the port is in use."),
					Detail: "open /dev/ttyUSB0:\n\tbusy", Advice: status.Say("Arrêtez l’autre.", "Stop the other reader."),
				}
			}),
			want: `
fault    port: the port is in use (open /dev/ttyUSB0: busy). Stop the other reader.
`,
		},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(strings.TrimPrefix(row.want, "\n"), text(row.tree.Run())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadyAndWorst(t *testing.T) {
	t.Parallel()
	frames := func(state status.State) *status.Check {
		return status.Named("port", finds(status.OK, "open")).Required().Then(
			status.Named("frames", finds(state, "none for 12 s")).Required())
	}
	table := []struct {
		name  string
		node  status.Node
		ready string
		worst status.State
	}{
		{name: "nothing checked", ready: "health: nothing has been checked yet"},
		{name: "all required work", node: frames(status.OK).Run()},
		{name: "a warning is still ready", node: frames(status.Warning).Run(), worst: status.Warning},
		{name: "waiting is not ready", node: frames(status.Waiting).Run(), worst: status.Waiting, ready: "frames: none for 12 s"},
		{
			name: "a required fault", node: frames(status.Fault).Run(), worst: status.Fault,
			ready: "frames: none for 12 s",
		},
		{
			name: "the federation may be away",
			node: status.Named("releve", nil).Then(frames(status.OK),
				status.Named("federation", finds(status.Fault, "no answer"))).Run(),
			worst: status.Fault,
		},
		{
			name: "the first of two",
			node: status.Named("releve", nil).Then(
				status.Named("federation", finds(status.Fault, "no answer")),
				status.Named("buffer", finds(status.Fault, "the card is full")).Required()).Run(),
			worst: status.Fault, ready: "buffer: the card is full",
		},
		{
			name: "a required child of a fault",
			node: status.Named("usb", finds(status.Fault, "no device")).Then(
				status.Named("frames", never(t)).Required()).Run(),
			worst: status.Fault, ready: "frames: depends on usb",
		},
	}
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := message(row.node.Ready()); got != row.ready {
				t.Errorf("Ready = %q, want %q", got, row.ready)
			}
			if got := row.node.Worst(); got != row.worst {
				t.Errorf("Worst = %s, want %s", got, row.worst)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestStateInJSON(t *testing.T) {
	t.Parallel()
	for _, state := range []status.State{status.OK, status.Waiting, status.Warning, status.Fault} {
		encoded, err := json.Marshal(status.Node{Name: "port", State: state})
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"name":"port","state":"` + state.String() + `"}`; string(encoded) != want {
			t.Errorf("encoded %s, want %s", encoded, want)
		}
		var back status.Node
		if err := json.Unmarshal(encoded, &back); err != nil || back.State != state {
			t.Errorf("decoded %s, %v; want %s", back.State, err, state)
		}
	}
	var state status.State
	err := state.UnmarshalText([]byte("fine"))
	if want := `read state "fine": want ok, waiting, warning or fault`; message(err) != want {
		t.Errorf("UnmarshalText = %q, want %q", message(err), want)
	}
	if got := status.State(7).String(); got != "state 7" {
		t.Errorf("State(7) = %q", got)
	}
}

func TestWriteToStopsAtTheFirstFailure(t *testing.T) {
	t.Parallel()
	tree := status.Named("a", nil).Then(status.Named("b", nil), status.Named("c", nil)).Run()
	w := &shortWriter{left: 2}
	written, err := tree.WriteTo(w)
	if want := int64(len("ok       a: ok\n") + len("ok         b: ok\n")); message(err) != "full" || written != want {
		t.Errorf("WriteTo = %d, %v; want %d, full", written, err, want)
	}
}

// shortWriter takes some writes and then none.
type shortWriter struct{ left int }

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, errFull
	}
	w.left--
	return len(p), nil
}

var errFull = fullError{}

type fullError struct{}

func (fullError) Error() string { return "full" }

func TestWords(t *testing.T) {
	t.Parallel()
	table := []struct {
		words status.Words
		want  string
		zero  bool
	}{
		{words: status.Say("bonjour", "hello"), want: "hello"},
		{words: status.Words{FR: "bonjour"}, want: "bonjour"},
		{words: status.Words{}, want: "", zero: true},
		{words: status.Sayf("%d sur %s", "%[2]s has %[1]d", 3, "port"), want: "port has 3"},
	}
	for _, row := range table {
		if row.words.String() != row.want || row.words.IsZero() != row.zero {
			t.Errorf("%#v = %q, zero %t; want %q, %t", row.words, row.words.String(), row.words.IsZero(), row.want, row.zero)
		}
	}
	if got := status.Sayf("%d sur %s", "%[2]s has %[1]d", 3, "port").FR; got != "3 sur port" {
		t.Errorf("French = %q", got)
	}
}
