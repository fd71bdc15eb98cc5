package federation

import "regexp"

// identity is what may be a delivery point (14 digits) or the address of a meter (12 digits).
var identity = regexp.MustCompile(`[0-9]{12,}`)

// Discreet takes the numbers out of a text that say whose meter it is about: what others say of a fault often repeats
// what they were sent or asked for.
func Discreet(text string) string { return identity.ReplaceAllString(text, "…") }

// discreet is an error as it may be logged and shown.
type discreet struct{ error }

func (d discreet) Error() string { return Discreet(d.error.Error()) }
func (d discreet) Unwrap() error { return d.error }
