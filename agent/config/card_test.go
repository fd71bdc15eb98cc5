package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A card tells of an organisation; what would tell of a home is refused in a sentence.
func TestCardTellsNoHome(t *testing.T) {
	t.Parallel()
	const (
		street      = "it reads like the address of a street; a card tells the commune, and nothing finer"
		number      = "it has a number as long as a delivery point's, a meter's or a telephone's; a card tells of nobody's home"
		coordinates = "it reads like coordinates; a card tells the commune, and nothing finer"
	)
	for text, want := range map[string]string{
		"SCIC Lucioles Énergies":        "",
		"Ville de Lorient":              "",
		"ALOEN, agence locale":          "",
		"Place des énergies":            "",
		"Quai 9":                        "",
		"Maison de l'énergie 2030":      "",
		"3 places solaires":             "",
		"12 rue du Port":                street,
		"12, rue du Port":               street,
		"12bis avenue Foch":             street,
		"7 ter, bd. Joffre":             street,
		"rue de la Paix":                street,
		"Allée des Tilleuls":            street,
		"lieu-dit Kerjean":              street,
		"lieu dit Kerjean":              street,
		"Hameau de Kerlois":             street,
		"Résidence du Port, bâtiment C": street,
		"2 place Alsace":                street,
		"3e étage":                      street,
		"12 High Street":                "",
		"12 street":                     street,
		"PRM 01234567890123":            number,
		"01 234 567 890 123":            number,
		"compteur 041876097767":         number,
		"02 97 00 00 00":                number,
		"02.97.00.00.00":                number,
		"47.7482, -3.3702":              coordinates,
		"47,7482 N 3,3702 O":            coordinates,
		"47°44":                         coordinates,
		"a\x1b[2Jb":                     "it has characters that cannot be shown",
		"56121":                         "",
	} {
		var f findings
		f.cardTerm("role", text)
		got := ""
		if len(f.errs) > 0 {
			got = f.errs[0].Error()
		}
		if want != "" {
			want = "card.role: " + want
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCard(t *testing.T) {
	t.Parallel()
	const joined = "[[meter]]\n[federation]\njid = \"maison@a\"\npassword_file = \"p\"\n"
	for _, row := range []struct {
		name, text string
		want       Card
		err        string
	}{
		{"off by default", joined, Card{}, ""},
		{"an organisation", joined + "[card]\norganisation = \"Ville\"\nrole = \"relais\"\ncommune = \"56121\"\nservices = [\"conseil\"]\n",
			Card{"Ville", "relais", "56121", []string{"conseil"}}, ""},
		{"no organisation", joined + "[card]\ncommune = \"Lorient\"\n", Card{}, "card.organisation is missing: a card is of an organisation, a home has none"},
		{"no federation", "[[meter]]\n[card]\norganisation = \"Ville\"\n", Card{}, "card: it is shown in the federation, and there is no [federation]"},
		{"no commune", joined + "[card]\norganisation = \"Ville\"\ncommune = \"56100 Lorient (Keryado)\"\n", Card{},
			`card.commune: "56100 Lorient (Keryado)" is not the name or the INSEE code of a commune, such as Lorient or 56121`},
		{"a home", joined + "[card]\norganisation = \"Famille Le Goff\"\nservices = [\"12 rue du Port\"]\n", Card{},
			"card.services 1: it reads like the address of a street; a card tells the commune, and nothing finer"},
	} {
		var d document
		if err := d.parse("releve.toml", []byte(row.text)); err != nil {
			t.Fatal(err)
		}
		c, err := check(d)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(row.want, c.Card); diff != "" || got != row.err {
			t.Errorf("%s: %q, want %q (-want +got):\n%s", row.name, got, row.err, diff)
		}
	}
}
