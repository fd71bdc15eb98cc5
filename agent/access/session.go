package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// hash stands for a token wherever it is kept: who reads memory or the card has no token.
type hash [sha256.Size]byte

// session is somebody who has the password, on one browser.
type session struct {
	began, used time.Duration
}

// How long a session lasts, and how many there are.
const (
	IdleEnd     = 30 * time.Minute // after its last request
	AbsoluteEnd = 12 * time.Hour
	maxSessions = 32
)

// The cookies. None has a domain, so that only this device gets them back.
const (
	sessionCookie = "releve-session"
	browserCookie = "releve-browser" // the mark of a browser that once had the password: it opens nothing
	passCookie    = "releve-kiosk"

	browserAge = 400 * 24 * time.Hour // the most that browsers grant
)

// admit begins a session, in place of the one that the browser may have.
func (a *Access) admit(w http.ResponseWriter, r *http.Request) {
	token := text(secret())
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, sumOf(sessionToken(r)))
	a.sweep()
	now := a.o.Now()
	a.sessions[sumOf(token)] = &session{began: now, used: now}
	setCookie(w, r, sessionCookie, token, AbsoluteEnd)
	setCookie(w, r, browserCookie, a.mark(), browserAge)
}

// sweep forgets sessions that are over, and the one that was longest idle where there are too many.
func (a *Access) sweep() {
	now := a.o.Now()
	var idlest hash
	for h, s := range a.sessions {
		switch {
		case s.over(now):
			delete(a.sessions, h)
		case a.sessions[idlest] == nil || s.used < a.sessions[idlest].used:
			idlest = h
		}
	}
	if len(a.sessions) >= maxSessions {
		delete(a.sessions, idlest)
	}
}

func (s *session) over(now time.Duration) bool {
	return now-s.used >= IdleEnd || now-s.began >= AbsoluteEnd
}

// isIn says whether a request is of a session, which it keeps alive.
func (a *Access) isIn(r *http.Request) bool {
	token := sessionToken(r)
	if token == "" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, now := a.sessions[sumOf(token)], a.o.Now()
	if s == nil || s.over(now) {
		return false
	}
	s.used = now
	return true
}

// LogOut ends the session of a request.
func (a *Access) LogOut(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, sumOf(sessionToken(r)))
	setCookie(w, r, sessionCookie, "", -1)
}

// LogOutEverywhere ends all sessions, and makes strangers of all browsers.
func (a *Access) LogOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.sessions)
	setCookie(w, r, sessionCookie, "", -1)
	next := a.state
	next.Browsers = secret()
	return a.keep(next)
}

// laneName says whose tries are counted together.
type laneName struct {
	text  string
	known bool // a browser that once had the password
}

// lane finds the lane of a request: that of the browser's mark, or of the address it comes from.
func (a *Access) lane(r *http.Request) laneName {
	if c, err := r.Cookie(browserCookie); err == nil && a.knows(c.Value) {
		return laneName{"browser " + c.Value, true}
	}
	return laneName{"address " + source(r), false}
}

// mark makes the value of a browser's cookie: a number, and a proof that we gave it.
func (a *Access) mark() string {
	number := text(secret()[:16])
	return number + "." + text(a.proof(number))
}

func (a *Access) knows(mark string) bool {
	number, proof, ok := strings.Cut(mark, ".")
	given, err := base64.RawURLEncoding.DecodeString(proof)
	return ok && err == nil && len(a.state.Browsers) == secretBytes && hmac.Equal(given, a.proof(number))
}

func (a *Access) proof(number string) []byte {
	mac := hmac.New(sha256.New, a.state.Browsers)
	mac.Write([]byte("browser " + number)) // never fails
	return mac.Sum(nil)
}

// source is where a request comes from: an IPv4 address, or the /64 of an IPv6 address, whose other half is free to choose.
func source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		prefix, _ := addr.Prefix(64) // of an address: it is never too long
		return prefix.String()
	}
	return addr.String()
}

func sessionToken(r *http.Request) string { return cookieOf(r, sessionCookie) }

func cookieOf(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// setCookie has a browser keep a value; a negative age takes it away.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, age time.Duration) {
	seconds := int(age / time.Second)
	if age < 0 {
		seconds = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: isSecure(r),
	})
}

// isSecure says whether the browser came by TLS, to us or to a server of ours before us. Who lies about it harms only their
// own cookie.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func sumOf(token string) hash { return sha256.Sum256([]byte(token)) }

func (h hash) is(other []byte) bool { return subtle.ConstantTimeCompare(h[:], other) == 1 }
