package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Card is what the node tells of itself in the directory of the federation's members, to everybody who asks. The zero Card
// tells nothing: a home has none.
type Card struct {
	Organisation string   // who stands behind the node
	Role         string   // what it does in the federation, in its own words
	Commune      string   // name or INSEE code; of the organisation, never finer
	Services     []string // what it offers
}

// Shown says whether there is a card.
func (c Card) Shown() bool { return c.Organisation != "" }

type rawCard struct {
	Organisation string   `toml:"organisation" afar:"owner"`
	Role         string   `toml:"role" afar:"owner"`
	Commune      string   `toml:"commune" afar:"owner"`
	Services     []string `toml:"services" afar:"owner"`
}

const (
	maxCardTerm     = 120 // letters
	maxCardServices = 16
)

// card checks that a card names an organisation, and nobody's home.
func (f *findings) card(d document) Card {
	raw := d.Card
	c := Card(raw)
	switch {
	case c.Organisation == "" && raw.Role+raw.Commune == "" && len(raw.Services) == 0:
		return c
	case c.Organisation == "":
		f.addf("card.organisation is missing: a card is of an organisation, a home has none")
	case d.Federation.JID == "":
		f.addf("card: it is shown in the federation, and there is no [federation]")
	}
	f.cardTerm("organisation", raw.Organisation)
	f.cardTerm("role", raw.Role)
	f.cardTerm("commune", raw.Commune)
	if raw.Commune != "" && !communeName.MatchString(raw.Commune) {
		f.addf("card.commune: %q is not the name or the INSEE code of a commune, such as Lorient or 56121", raw.Commune)
	}
	if len(raw.Services) > maxCardServices {
		f.addf("card.services: at most %d fit on a card", maxCardServices)
	}
	for i, service := range raw.Services {
		f.cardTerm(fmt.Sprintf("services %d", i+1), service)
	}
	return c
}

// communeName is a name, or a code of INSEE, which has 2A and 2B in Corsica.
var communeName = regexp.MustCompile(`^(\p{L}[\p{L}' -]*|[0-9][0-9AB][0-9]{3})$`)

// cardTerm refuses what would tell where somebody lives, or whose meter it is.
func (f *findings) cardTerm(key, text string) {
	switch {
	case len([]rune(text)) > maxCardTerm:
		f.addf("card.%s: it has more than %d letters", key, maxCardTerm)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) || r == unicode.ReplacementChar }):
		f.addf("card.%s: it has characters that cannot be shown", key)
	case longNumber.MatchString(text):
		f.addf("card.%s: it has a number as long as a delivery point's, a meter's or a telephone's; a card tells of nobody's home", key)
	case streetAddress.MatchString(text):
		f.addf("card.%s: it reads like the address of a street; a card tells the commune, and nothing finer", key)
	case coordinates.MatchString(text):
		f.addf("card.%s: it reads like coordinates; a card tells the commune, and nothing finer", key)
	}
}

var (
	// longNumber is ten digits or more, however they are grouped: a telephone, the address of a meter, a delivery point.
	longNumber = regexp.MustCompile(`[0-9]([ .\x{a0}\x{202f}-]?[0-9]){9}`)
	// streetAddress is a number before a word for a street, or a word that only homes are named by.
	streetAddress = regexp.MustCompile(`(?i)(^|[^\pL\pN])([0-9]{1,4} ?(bis|ter|quater|[a-d])?[, ]+(rue|r\.|avenue|av\.?|boulevard|bd\.?|blvd|place|pl\.|chemin|ch\.|route|rte|impasse|all[ée]e|quai|cours|square|passage|sentier|venelle|ruelle|street|st\.|road|lane)|(lieu[ -]dit|hameau|lotissement|impasse|appartement|appt\.?|apt\.?|b[âa]timent|[ée]tage|digicode|straed|banell)|(rue|avenue|boulevard|chemin|all[ée]e) (de|du|des|d'|la|le|les|l'))([^\pL\pN]|$)`)
	// coordinates are two numbers with decimals, or degrees.
	coordinates = regexp.MustCompile(`-?[0-9]{1,3}[.,][0-9]{2,}°?\s*[NSEWO]?[,; ]+-?[0-9]{1,3}[.,][0-9]{2,}|[0-9]°`)
)
