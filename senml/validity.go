package senml

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// check refuses what no format can carry: numbers that are not finite, text that is not UTF-8, an unknown version.
// It never shows a text: names identify people's meters, and errors end up in logs.
func (r *Record) check() error {
	if err := r.checkNumbers(); err != nil {
		return err
	}
	if err := r.checkTexts(); err != nil {
		return err
	}
	if r.BaseVersion == 0 {
		return nil
	}
	return checkVersion(float64(r.BaseVersion))
}

func (r *Record) checkNumbers() error {
	value, _ := r.Value.Number()
	for _, field := range [...]struct {
		label  string
		number float64
	}{
		{"bt", r.BaseTime}, {"bv", orZero(r.BaseValue)}, {"bs", orZero(r.BaseSum)},
		{"t", r.Time}, {"ut", r.UpdateTime}, {"v", value}, {"s", orZero(r.Sum)},
	} {
		if !isFinite(field.number) {
			return fmt.Errorf("%s is %v, and SenML has finite numbers only", field.label, field.number)
		}
	}
	return nil
}

func (r *Record) checkTexts() error {
	text, _ := r.Value.Text()
	for _, field := range [...]struct{ label, text string }{
		{"bn", r.BaseName}, {"bu", r.BaseUnit}, {"n", r.Name}, {"u", r.Unit}, {"vs", text},
	} {
		if !utf8.ValidString(field.text) {
			return fmt.Errorf("%s is not valid UTF-8", field.label)
		}
	}
	return nil
}

func orZero(n *float64) float64 {
	if n == nil {
		return 0
	}
	return *n
}

// Validate says what RFC 8428 forbids in p, as it was sent: an empty pack, a record without name, value
// or sum, a name with other characters than §4.5.1 allows, versions that differ or are unknown, numbers
// that are not finite. The error names the record, counting from 1. Unknown units are legal: see Pack.UnknownUnits.
func (p Pack) Validate() error {
	if len(p) == 0 {
		return errors.New("pack is empty; RFC 8428 wants one record or more")
	}
	if len(p) > MaxRecords {
		return errTooMany(len(p))
	}
	var base bases
	for i := range p {
		if _, _, err := base.resolve(&p[i]); err != nil {
			return recordError(i, err)
		}
	}
	return nil
}

// checkName holds a concatenated name against RFC 8428 §4.5.1.
func checkName(name string) error {
	if name == "" {
		return errors.New("has no name; give it n, or bn before it")
	}
	for i, c := range []byte(name) {
		switch {
		case isAlphanumeric(c):
		case i == 0:
			return fmt.Errorf("name starts with %q; it must start with a letter or a digit (RFC 8428 §4.5.1)", firstRune(name))
		case !isNamePunctuation(c):
			return fmt.Errorf("name holds %q; only letters, digits and - : . / _ may stand there (RFC 8428 §4.5.1)",
				firstRune(name[i:]))
		}
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isNamePunctuation(c byte) bool {
	return c == '-' || c == ':' || c == '.' || c == '/' || c == '_'
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
