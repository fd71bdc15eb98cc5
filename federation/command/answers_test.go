package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/federation/xmpp"
)

func every() []Field {
	return []Field{
		{Name: "line", Kind: Line, Values: []string{"held"}, Required: true},
		{Name: "free", Kind: Line, Values: []string{"held"}, Bytes: 8},
		{Name: "time", Kind: Line, Pattern: "[0-9]+[smh]", Hint: said("written like 10s.")},
		{Name: "lines", Kind: Lines},
		{Name: "secret", Kind: Secret},
		{Name: "choice", Kind: Choice, Options: []Option{{"a", nil}, {"b", nil}}},
		{Name: "open", Kind: Choice, Options: []Option{{"a", nil}}, Open: true},
		{Name: "choices", Kind: Choices, Options: []Option{{"a", nil}, {"b", nil}}},
		{Name: "switch", Kind: Switch, Values: []string{"1"}},
		{Name: "address", Kind: Address},
		{Name: "addresses", Kind: Addresses},
		{Name: "fixed", Kind: Fixed, Values: []string{"f", "g"}},
		{Name: "hidden", Kind: Hidden, Values: []string{"h"}},
		{Name: "number", Kind: Number, Least: -1, Most: 10},
		{Name: "any", Kind: Number},
		{Name: "even", Kind: Line, Check: func(v string) Text {
			if len(v)%2 == 1 {
				return said("has an odd length.")
			}
			return nil
		}},
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	many := slices.Repeat([]string{"lines=x"}, maxLines+1)
	for _, tt := range []struct {
		name   string
		fields []string
		want   Answers // besides line, switch, fixed and hidden as they were
		err    string
	}{
		{"what is left out is empty, or as it was", nil, Answers{}, ""},
		{"what is emptied is empty", []string{"free", "switch"}, Answers{"switch": nil}, ""},
		{"required and emptied", []string{"line= "}, nil, "line: has to be filled in."},
		{"white space goes", []string{"free= x\n", "choice=a ", "number= 7"}, Answers{"free": {"x"}, "choice": {"a"}, "number": {"7"}}, ""},
		{"a secret keeps it", []string{"secret= x "}, Answers{"secret": {" x "}}, ""},
		{"several", []string{"lines=a", "lines=", "lines=b", "choices=b", "choices=a"}, Answers{"lines": {"a", "b"}, "choices": {"b", "a"}}, ""},
		{"yes and no", []string{"switch=false"}, Answers{"switch": {"0"}}, ""},
		{"neither", []string{"switch=maybe"}, nil, "switch: neither yes (1) nor no (0)."},
		{"several of one", []string{"free=a", "free=b"}, nil, "free: only one value is possible."},
		{"too many", many, nil, "lines: at most 64 values."},
		{"too long", []string{"free=123456789"}, nil, "free: at most 8 bytes."},
		{"not offered", []string{"choice=c", "choices=a", "choices=d"}, nil, `choice: "c" is not among the choices.; choices: "d" is not among the choices.`},
		{"suggested only", []string{"open=c"}, Answers{"open": {"c"}}, ""},
		{"an address", []string{"address=A@B.example"}, Answers{"address": {"a@b.example"}}, ""},
		{"no address", []string{"addresses=a@b", "addresses=@"}, nil, `addresses: "@" is not an XMPP address.`},
		{"a number out of range", []string{"number=11"}, nil, `number: "11" is not a whole number from -1 to 10.`},
		{"no number", []string{"any=1e3"}, nil, `any: "1e3" is not a whole number.`},
		{"written otherwise", []string{"time=10"}, nil, "time: written like 10s."},
		{"a pattern holds for the whole", []string{"time=10s or so"}, nil, "time: written like 10s."},
		{"a check of its own", []string{"even=xyz"}, nil, "even: has an odd length."},
		{"fixed is fixed", []string{"fixed=other"}, Answers{}, ""},
		{"a forged hidden field", []string{"hidden=other"}, nil, "hidden: this field is not to be changed."},
		{"an unknown field", []string{"odd=1"}, nil, `the form has no field "odd".`},
		{"twice", []string{"free=a", "time=1s", "free=b"}, nil, "free: this field is given twice."},
		{"its type", []string{"FORM_TYPE=x"}, Answers{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, wrong := answers(every(), form(tt.fields...))
			err := ""
			if wrong != nil {
				err, got = wrong.Error(), nil
			}
			var want Answers
			if tt.want != nil {
				want = Answers{"line": {"held"}, "switch": {"1"}, "fixed": {"f", "g"}, "hidden": {"h"}}
				for _, f := range every() {
					if values, given := tt.want[f.Name]; given || want[f.Name] == nil {
						want[f.Name] = values
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || err != tt.err {
				t.Errorf("error %q, want %q\n%s", err, tt.err, diff)
			}
		})
	}
}

// FuzzAnswers: whatever a stranger's form says, what is taken of it is what the page would offer, and what is not is told.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`<x xmlns="jabber:x:data" type="submit"><field var="line"><value>x</value></field><field var="hidden"><value>h</value></field></x>`,
		`<x xmlns="jabber:x:data"><field var="choices"><value>a</value><value>b</value></field><field var="switch"><value>true</value></field></x>`,
		`<x><field var="number"><value>00009</value></field><field var="address"><value>a@b/c</value></field><field/></x>`,
		`<x><field var="time"><value>1s</value></field><field var="time"/><field var="any"><value>9999999999999999999</value></field></x>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := xmpp.ParseElement(raw)
		if err != nil {
			return
		}
		got, wrong := answers(every(), xmpp.ParseForm(x))
		for name, text := range wrong {
			if text.In(french) == "" || text.In(english) == "" || len(text.In(english)) > 1000 {
				t.Errorf("%q: %q is wrong, and told as %q", raw, name, text.In(english))
			}
		}
		if wrong != nil {
			return
		}
		for _, field := range every() {
			values := got[field.Name]
			if len(values) > 1 && !field.many() && field.Kind != Fixed || len(values) == 0 && field.Required {
				t.Errorf("%q: %s has %d values", raw, field.Name, len(values))
			}
			again, text := field.read(append([]string{}, values...))
			if diff := cmp.Diff(values, again); (diff != "" || text != nil) && field.Kind != Fixed && strings.Join(values, "") != "" {
				t.Errorf("%q: %s is taken and would not be again: %v\n%s", raw, field.Name, text, diff)
			}
		}
	})
}
