package status

import (
	"net/http"
	"strings"
)

// Entry is how people get in, and what belongs to that. Its errors are a [*Refusal] where something was wrong with what
// was sent.
type Entry interface {
	IsNew() bool               // nobody has chosen a password yet
	IsIn(r *http.Request) bool // who asks has the password
	Settle(w http.ResponseWriter, r *http.Request, code, password string) error
	LogIn(w http.ResponseWriter, r *http.Request, password string) error
	LogOut(w http.ResponseWriter, r *http.Request)
	LogOutEverywhere(w http.ResponseWriter, r *http.Request) error
	ChangePassword(w http.ResponseWriter, r *http.Request, old, next string) error
	Exchange(w http.ResponseWriter, r *http.Request, token string) error // a screen's token for its cookie
}

// Refusal says why something was not done, and beside which field of its form; "" for the form as a whole.
type Refusal struct {
	Field string
	Text  Words
}

// Error says it in English.
func (r *Refusal) Error() string { return r.Text.String() }

// Refusals are several, each beside its field.
type Refusals []Refusal

// Error says all of them in English.
func (r Refusals) Error() string {
	var lines []string
	for _, one := range r {
		lines = append(lines, one.Text.String())
	}
	return strings.Join(lines, "\n")
}

// nobody lets nobody in: the entry of a page that was given none.
type nobody struct{}

func (nobody) refuse() error {
	return &Refusal{Text: Say("Sur cet appareil, la page ne fait que montrer.", "On this device the page only shows.")}
}

func (nobody) IsNew() bool                                                       { return false }
func (nobody) IsIn(*http.Request) bool                                           { return false }
func (n nobody) Settle(http.ResponseWriter, *http.Request, string, string) error { return n.refuse() }
func (n nobody) LogIn(http.ResponseWriter, *http.Request, string) error          { return n.refuse() }
func (nobody) LogOut(http.ResponseWriter, *http.Request)                         {}
func (n nobody) LogOutEverywhere(http.ResponseWriter, *http.Request) error       { return n.refuse() }
func (n nobody) ChangePassword(http.ResponseWriter, *http.Request, string, string) error {
	return n.refuse()
}
func (n nobody) Exchange(http.ResponseWriter, *http.Request, string) error { return n.refuse() }
