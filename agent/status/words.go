package status

import (
	"fmt"
	"regexp"
)

// Words is one sentence in the languages of the page. A language left empty is
// read in the other, so a sentence that exists only in English still shows.
type Words struct {
	FR string `json:"fr,omitempty"`
	EN string `json:"en,omitempty"`
}

// Say pairs a French sentence with its English twin.
func Say(fr, en string) Words { return Words{FR: fr, EN: en} }

// Sayf is [Say] with the same arguments formatted into both sentences; use
// indexed verbs (%[2]s) where the order differs.
func Sayf(fr, en string, args ...any) Words {
	return Words{FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...)}
}

// String returns the English sentence: the language of logs and terminals.
func (w Words) String() string { return w.in(english) }

// IsZero reports whether nothing is said in any language.
func (w Words) IsZero() bool { return w == Words{} }

// In returns the sentence in the language of a tag such as "fr" or "en-GB", in French for one that is not spoken.
func (w Words) In(tag string) string {
	l, ok := known(tag)
	if !ok {
		l = french
	}
	return w.in(l)
}

func (w Words) in(l language) string {
	first, second := w.FR, w.EN
	if l == english {
		first, second = second, first
	}
	if first == "" {
		first = second
	}
	if l == french {
		first = elision.ReplaceAllString(first, "$1’$2")
	}
	return first
}

// elision is an apostrophe between letters: a keyboard has another than print.
var elision = regexp.MustCompile(`(\pL)'(\pL)`)
