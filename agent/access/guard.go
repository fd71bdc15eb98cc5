package access

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Rules are what the household has set for its page.
type Rules struct {
	Open  bool     // everybody who reaches the page may look
	Hosts []string // further names under which the page may be reached
}

// Guard stands before every route.
type Guard struct {
	access *Access
	open   bool
	hosts  hosts
	origin *http.CrossOriginProtection
}

// Guard returns one with these rules.
func (a *Access) Guard(r Rules) *Guard {
	return &Guard{access: a, open: r.Open, hosts: newHosts(r.Hosts), origin: http.NewCrossOriginProtection()}
}

// visitor is who sends a request.
type visitor struct {
	in     bool // has the password
	pass   Pass
	screen bool // has the pass
}

type visitorKey struct{}

// Judge says whether a request may go on, as the request that is returned, which tells who sends it. The code is 0, or 421
// for a host name that is not ours (DNS rebinding), 403 for another origin, 401 for who has to log in.
func (g *Guard) Judge(r *http.Request) (*http.Request, int) {
	switch {
	case !g.hosts.allow(r.Host):
		return r, http.StatusMisdirectedRequest
	case g.isForeign(r):
		return r, http.StatusForbidden
	}
	v := g.access.visitor(r)
	r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
	if !g.allows(NeedOf(r.Method, r.URL.Path), v) {
		return r, http.StatusUnauthorized
	}
	return r, 0
}

func (a *Access) visitor(r *http.Request) visitor {
	v := visitor{in: a.isIn(r)}
	v.pass, v.screen = a.passOf(passToken(r))
	return v
}

func (g *Guard) allows(n Need, v visitor) bool {
	switch n {
	case Nothing:
		return true
	case Glimpse:
		return v.in || g.open || v.screen
	case Look:
		return v.in || g.open
	case Change:
		return v.in
	}
	return false
}

// isForeign tells a request that a page of another origin makes. What changes nothing is judged too, unless somebody only
// follows a link: what this device says is for its own page.
func (g *Guard) isForeign(r *http.Request) bool {
	if g.origin.Check(r) != nil {
		return true
	}
	if origin := r.Header.Get("Origin"); origin != "" && !isSame(origin, r.Host) {
		return true
	}
	site, mode := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Mode")
	return (site == "cross-site" || site == "same-site") && mode != "navigate"
}

func isSame(origin, host string) bool {
	o, err := url.Parse(origin)
	return err == nil && o.Host != "" && strings.EqualFold(o.Host, host)
}

// IsIn says whether a request that passed a guard is of somebody who has the password.
func IsIn(r *http.Request) bool { return of(r).in }

// Kiosk returns the pass of a screen that sent a request, unless somebody with the password did.
func Kiosk(r *http.Request) (Pass, bool) {
	v := of(r)
	return v.pass, v.screen && !v.in
}

func of(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}
