package command

import (
	"fmt"
	"strings"
)

// Text is a sentence that knows the languages it can be said in: fr and en.
type Text interface{ In(lang string) string }

// words are the sentences of this package.
type words struct{ fr, en string }

// In returns the sentence.
func (w words) In(lang string) string {
	if lang == french {
		return w.fr
	}
	return w.en
}

func sayf(fr, en string, args ...any) words {
	return words{fmt.Sprintf(fr, args...), fmt.Sprintf(en, args...)}
}

const (
	french  = "fr"
	english = "en"
)

// language is what to speak to who says xml:lang: French to those who ask for it, and English to all others.
func language(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if primary == french {
		return french
	}
	return english
}
