package access

import (
	"net/http"
	"strings"
)

// Need is what a request has to show before it reaches its route.
type Need int

// The needs, from the least.
const (
	Nothing Need = iota // everybody: how somebody gets in, and whether the device lives
	Glimpse             // who may look, and a screen with a pass
	Look                // who may look: everybody, or who has the password where the household wants it so
	Change              // who has the password
)

// needs lists the routes that need something else than the rest, each under its French and its English name. What ends in
// a slash stands for all below it. The rest needs Look to be read and Change for anything else, so that a route that nobody
// thought of here is not open to strangers.
var needs = [...]struct {
	paths       [2]string
	read, write Need
}{
	{[2]string{"/assets/"}, Nothing, Change},
	{[2]string{"/healthz"}, Nothing, Change},
	{[2]string{"/readyz"}, Nothing, Change},
	{[2]string{"/connexion", "/login"}, Nothing, Nothing},
	{[2]string{"/bienvenue", "/welcome"}, Nothing, Nothing},
	{[2]string{"/kiosk"}, Glimpse, Change},
	{[2]string{"/kiosk.png"}, Glimpse, Change},
	{[2]string{"/kiosk/"}, Glimpse, Change},
	{[2]string{"/kiosk/entree", "/kiosk/enter"}, Nothing, Nothing},
	{[2]string{"/mesdonnees/", "/mydata/"}, Change, Change}, // what is below the list of consents: proofs, the export
	{[2]string{"/config", "/settings"}, Change, Change},
	{[2]string{"/config/", "/settings/"}, Change, Change},
}

// NeedOf says what a request needs. The longest path that fits decides.
func NeedOf(method, path string) Need {
	reads := method == http.MethodGet || method == http.MethodHead
	longest, need := "", Change
	if reads {
		need = Look
	}
	for _, n := range needs {
		for _, known := range n.paths {
			if !fits(known, path) || len(known) < len(longest) {
				continue
			}
			if longest, need = known, n.write; reads {
				need = n.read
			}
		}
	}
	return need
}

// fits says whether a path is a known one, or below it.
func fits(known, path string) bool {
	return known != "" && path == known || strings.HasSuffix(known, "/") && strings.HasPrefix(path, known)
}
