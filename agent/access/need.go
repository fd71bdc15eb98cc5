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

// needs lists the routes that need something else than the rest. What ends in a slash stands for all below it. The rest
// needs Look to be read and Change for anything else, so that a route that nobody thought of here is not open to strangers.
var needs = [...]struct {
	path        string
	read, write Need
}{
	{"/assets/", Nothing, Change},
	{"/healthz", Nothing, Change},
	{"/readyz", Nothing, Change},
	{"/connexion", Nothing, Nothing},
	{"/bienvenue", Nothing, Nothing},
	{"/deconnexion", Nothing, Nothing}, // it ends at most the session that asks
	{"/kiosk", Glimpse, Change},
	{"/kiosk.png", Glimpse, Change},
	{"/kiosk/", Glimpse, Change},
	{"/kiosk/entree", Nothing, Nothing},
	{"/mesdonnees/", Change, Change}, // what is below the list of consents: forms, proofs, the export
	{"/config", Change, Change},
	{"/config/", Change, Change},
}

// NeedOf says what a request needs. The longest path that fits decides.
func NeedOf(method, path string) Need {
	reads := method == http.MethodGet || method == http.MethodHead
	longest, need := "", Change
	if reads {
		need = Look
	}
	for _, n := range needs {
		fits := path == n.path || strings.HasSuffix(n.path, "/") && strings.HasPrefix(path, n.path)
		if !fits || len(n.path) < len(longest) {
			continue
		}
		if longest, need = n.path, n.write; reads {
			need = n.read
		}
	}
	return need
}
