package equivalence_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"releve/agent/equivalence"
)

func TestSentences(t *testing.T) {
	t.Parallel()
	table, err := equivalence.Ready()
	if err != nil {
		t.Fatal(err)
	}
	said := func(all []equivalence.Told) (lines []string) {
		for _, told := range all {
			lines = append(lines, told.FR+" · "+told.EN)
		}
		return lines
	}
	for _, c := range []struct {
		name string
		got  []equivalence.Told
		want []string
	}{
		{"a power", table.Power(1240), []string{"31 réfrigérateurs-congélateurs · 31 fridge-freezers", "110 box Internet · 110 Internet routers"}},
		{"of one and a bit", table.Power(45), []string{"1,1 réfrigérateur-congélateur · 1.1 fridge-freezers", "3,9 box Internet · 3.9 Internet routers"}},
		{"an energy", table.Energy(9500), []string{
			"10 jours d'un réfrigérateur-congélateur · 10 days of a fridge-freezer", "19 jours d'un téléviseur · 19 days of a television set",
			"18 jours d'un lave-vaisselle · 18 days of a dishwasher", "12 jours d'un sèche-linge · 12 days of a tumble dryer",
			"1,2 jour d'une voiture électrique · 1.2 days of an electric car",
		}},
		{"trees, for who asks", table.Energy(500_000, "trees")[5:], []string{"1 arbre qui pousse un an · 1 tree growing for a year"}},
		{"of a factory", table.Power(2_000_000), []string{"51\u202f000 réfrigérateurs-congélateurs · 51,000 fridge-freezers", "180\u202f000 box Internet · 180,000 Internet routers"}},
		{"too little", table.Energy(1), nil},
		{"less than nothing", table.Power(-100), nil},
		{"no number", table.Power(math.NaN()), nil},
	} {
		if diff := cmp.Diff(c.want, said(c.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWrongRows(t *testing.T) {
	t.Parallel()
	const row = "[[row]]\nid = \"x\"\nkind = \"days\"\nkwh = 1\nfr = \"a\"\nen = \"b\"\nsource = \"s\"\n"
	for _, c := range []struct{ text, want string }{
		{strings.Replace(row, `"s"`, `" "`, 1), "e.toml: row 1 (x): it has no source: nobody can check it"},
		{strings.Replace(row, `id = "x"`, "", 1), "e.toml: row 1 (): it has no id"},
		{row + row, "e.toml: row 2 (x): there are two of that id"},
		{strings.Replace(row, "days", "weeks", 1), `e.toml: row 1 (x): kind "weeks" is not one of days, running, each`},
		{strings.Replace(row, "kwh = 1", "kwh = nan", 1), "e.toml: row 1 (x): kwh has to be more than 0"},
		{strings.Replace(row, `en = "b"`, "", 1), "e.toml: row 1 (x): it is to be said in French (fr) and in English (en)"},
		{strings.Replace(row, "days", "each", 1), "e.toml: row 1 (x): it is to be said of many too: fr_plural and en_plural"},
	} {
		if _, err := equivalence.Parse("e.toml", []byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%s\nerror %v\nwant  %s", c.text, err, c.want)
		}
	}
}
