package sen1

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

func TestName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        Name
		text, senml string
	}{
		{
			Name{"lognact", "breizh-sen1.example", "linky", "breizh-sen2.example", "consumption/power/apparent/raw"},
			"lognact@breizh-sen1.example/linky@breizh-sen2.example/consumption/power/apparent/raw",
			"lognact:breizh-sen1.example/linky:breizh-sen2.example/consumption/power/apparent/raw",
		},
		{
			Name{"a_b", "s1", "jean@home/é", "s2", "p_q @x"},
			`a_b@s1/jean\40home\2fé@s2/p_q @x`, "a_5Fb:s1/jean_40home_2F_C3_A9:s2/p_5Fq_20_40x",
		},
		{Name{`d\5c`, "s1", " ", "s2", "/"}, `d\5c5c@s1/\20@s2//`, "d_5C5c:s1/_20:s2//"},
	} {
		if got := tt.name.String(); got != tt.text {
			t.Errorf("got %s, want %s", got, tt.text)
		}
		if got := tt.name.SenML(); got != tt.senml {
			t.Errorf("in SenML: got %s, want %s", got, tt.senml)
		}
		for text, parse := range map[string]func(string) (Name, error){tt.text: Parse, tt.senml: ParseSenML} {
			if got, err := parse(text); err != nil || got != tt.name {
				t.Errorf("%s: got %+v, %v", text, got, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":             "want <app>@<server>/<user or sensor>@<server>/<path>",
		"a@s/b@t":      "want <app>@<server>/<user or sensor>@<server>/<path>",
		"@s/b@t/p":     "the application must begin with a letter or a digit",
		"-@s/b@t/p":    "the application must begin with a letter or a digit",
		"a@s/@t/p":     "there is no user or sensor",
		"a@s/b@t/":     "there is no path",
		"a/b@t/p":      "a server must be a domain of small letters, digits, hyphens and dots",
		"a@s/b@T/p":    "a server must be a domain of small letters, digits, hyphens and dots",
		"a@s@u/b@t/p":  "a server must be a domain of small letters, digits, hyphens and dots",
		`a\41@s/b@t/p`: `\ is not followed by the code of a byte that is escaped`,
		`a@s/b\4@t/p`:  `\ is not followed by the code of a byte that is escaped`,
		`a@s/b\@t/p`:   `\ is not followed by the code of a byte that is escaped`,
		`a@s/b\2F@t/p`: `\ is not followed by the code of a byte that is escaped`,
		`a@s/b c@t/p`:  "the byte 0x20 must be escaped",
		"a@s/b:c@t/p":  "the byte 0x3a must be escaped",
	} {
		if _, err := Parse(text); fmt.Sprint(err) != "read a SEN1 name: "+want {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// FuzzName: what is accepted has one way to be written in each of the two forms, and is a name of SenML in one.
func FuzzName(f *testing.F) {
	f.Add("lognact@s1.example/linky@s2.example/a/b")
	f.Add(`a@s/jean\40home@t/é`)
	f.Add("a:s/b_40c:t/p_2E")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			if n, err = ParseSenML(text); err != nil {
				return
			}
			if got := n.SenML(); got != text {
				t.Errorf("%q was read and is written %q", text, got)
			}
		} else if got := n.String(); got != text {
			t.Errorf("%q was read and is written %q", text, got)
		}
		if again, err := Parse(n.String()); err != nil || again != n {
			t.Errorf("%+v comes back as %+v, %v", n, again, err)
		}
		if again, err := ParseSenML(n.SenML()); err != nil || again != n {
			t.Errorf("%+v comes back from SenML as %+v, %v", n, again, err)
		}
		if err := (senml.Pack{{Name: n.SenML(), Value: senml.NumberValue(1)}}).Validate(); err != nil {
			t.Errorf("%q: %v", n.SenML(), err)
		}
	})
}

type through struct{}

func (through) Pass(p senml.Pack) senml.Pack                  { return p }
func (through) Settled(bool)                                  {}
func (through) Leaving(senml.Pack, func(string) string) error { return nil }
func (through) Scope() string                                 { return "" }

func TestGate(t *testing.T) {
	t.Parallel()
	g := &Gate{Gate: through{}, App: "maison", Server: "breizh-sen1.example"}
	got := g.Pass(senml.Pack{
		{Name: "urn:dev:prm:01234567890123_voltage/1"}, {Name: "urn:dev:org:60060-1f2e3d4c5b6a7988_current/1"},
		{Name: "urn:dev:prm:01234567890123_voltage/1"},
	})
	want := senml.Pack{
		{Name: "maison:breizh-sen1.example/01234567890123:breizh-sen1.example/voltage/1"},
		{Name: "maison:breizh-sen1.example/1f2e3d4c5b6a7988:breizh-sen1.example/current/1"},
		{Name: "maison:breizh-sen1.example/01234567890123:breizh-sen1.example/voltage/1"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(senml.Value{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
