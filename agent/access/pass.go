package access

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Pass lets a screen on a wall see one view at one resolution, and nothing else.
type Pass struct {
	ID         string    `json:"id"`         // to name it by, no secret
	Name       string    `json:"name"`       // where it hangs, as people say
	View       string    `json:"view"`       // now, history…: what /kiosk shows
	Resolution string    `json:"resolution"` // the finest: live, PT10M…
	Made       time.Time `json:"made,omitzero"`
	Hash       []byte    `json:"hash"` // SHA-256 of its token
}

// maxPasses bounds them.
const (
	maxPasses   = 32
	maxPassName = 64 // characters
)

// ErrName refuses the name of a pass.
var ErrName = fmt.Errorf("a pass has a name of 1 to %d characters", maxPassName)

// Issue makes a pass, of which view, resolution, name and date are given. Its token is told once, here.
func (a *Access) Issue(p Pass) (token string, err error) {
	p.Name = strings.TrimSpace(p.Name)
	if n := utf8.RuneCountInString(p.Name); n == 0 || n > maxPassName || strings.ContainsFunc(p.Name, unicode.IsControl) {
		return "", ErrName
	}
	token = text(secret())
	sum := sumOf(token)
	p.ID, p.Hash = hex.EncodeToString(secret()[:4]), sum[:]
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.state.Passes) >= maxPasses {
		return "", ErrFull
	}
	next := a.state
	next.Passes = append(slices.Clone(next.Passes), p)
	return token, a.keep(next)
}

// Passes lists those that there are, in the order in which they were made.
func (a *Access) Passes() []Pass {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.state.Passes)
}

// Revoke takes a pass back: its screen sees nothing from the next request on.
func (a *Access) Revoke(id string) (Pass, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.state.Passes, func(p Pass) bool { return p.ID == id })
	if i < 0 {
		return Pass{}, ErrNone
	}
	p := a.state.Passes[i]
	next := a.state
	next.Passes = slices.Delete(slices.Clone(next.Passes), i, i+1)
	return p, a.keep(next)
}

// Exchange gives a screen the cookie for its token, which it brings in the body of a request: no address has it.
func (a *Access) Exchange(w http.ResponseWriter, r *http.Request, token string) (Pass, error) {
	p, ok := a.passOf(strings.TrimSpace(token))
	if !ok {
		return p, ErrNone
	}
	setCookie(w, r, passCookie, strings.TrimSpace(token), browserAge)
	return p, nil
}

// passOf finds the pass of a token. Tokens are of 256 random bits: guesses need no bound.
func (a *Access) passOf(token string) (Pass, bool) {
	if token == "" {
		return Pass{}, false
	}
	sum := sumOf(token)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.state.Passes {
		if sum.is(p.Hash) {
			return p, true
		}
	}
	return Pass{}, false
}

// passToken is what a request shows: the cookie of a browser, or the header of a program (RFC 6750 §2.1).
func passToken(r *http.Request) string {
	if token := cookieOf(r, passCookie); token != "" {
		return token
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}
