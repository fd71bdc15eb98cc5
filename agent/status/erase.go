package status

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// eraseView is how readings are erased: first what is asked for, then how much that is, and a word to type.
type eraseView struct {
	Ask     form   // sent by GET: it changes nothing
	Found   string // how much would go
	Wrong   string
	Confirm *form
}

// eraseShown asks what is to go, and shows how much that is once it was said.
func (s *site) eraseShown(ctx context.Context, v *visit, series []string) eraseView {
	asked := v.request.URL.Query()
	if v.sent.form == "erase" {
		asked = v.sent.values
	}
	view := eraseView{Ask: v.eraseForm(asked, series)}
	if asked.Get("what") == "" {
		return view
	}
	what, err := v.erasure(asked)
	var sum Erased
	if err == nil {
		v.patience(ledgerPatience)
		sum, err = s.house.Erasable(ctx, what)
	}
	if err != nil {
		view.Wrong = v.wrongLine(err)
		return view
	}
	view.Found = v.say("erase.found", v.whole(float64(sum.Readings)), v.whole(float64(sum.RollUps)), v.whole(float64(len(sum.Series))))
	confirm := v.newForm("erase", "erase", field{Name: "word", Kind: "text", Complete: "off", Required: true, Hint: v.say("erase.word", v.say("erase.word.is"))})
	confirm.Danger = true
	for _, name := range []string{"what", "series", "since", "to"} {
		confirm.Hidden = append(confirm.Hidden, hidden{name, asked.Get(name)})
	}
	view.Confirm = &confirm
	return view
}

func (v *visit) eraseForm(asked url.Values, series []string) form {
	what := field{Name: "what", Kind: "choice"}
	for _, one := range []string{"period", "series", "all"} {
		what.Options = append(what.Options, choice{one, v.say("erase.what." + one), asked.Get("what") == one})
	}
	which := field{Name: "series", Kind: "choice", Options: []choice{{Label: v.say("erase.series.none")}}}
	for _, name := range series {
		which.Options = append(which.Options, choice{name, name, asked.Get("series") == name})
	}
	return v.newForm("erasable", "erasable", what, which,
		field{Name: "since", Kind: "date", Value: asked.Get("since")}, field{Name: "to", Kind: "date", Value: asked.Get("to")})
}

// erasure is what a form says. What does not go with what was chosen is refused: too much would be gone.
func (v *visit) erasure(asked url.Values) (Erasure, error) {
	var e Erasure
	var err error
	if e.From, err = v.dayIn(asked, "since"); err != nil {
		return e, err
	}
	if e.To, err = v.dayIn(asked, "to"); err != nil {
		return e, err
	}
	if !e.To.IsZero() {
		e.To = e.To.AddDate(0, 0, 1) // the day itself goes
	}
	if name := asked.Get("series"); name != "" {
		e.Series = []string{name}
	}
	bounded := !e.From.IsZero() || !e.To.IsZero()
	switch what := asked.Get("what"); {
	case !slices.Contains([]string{"all", "period", "series"}, what):
		return e, &Refusal{Text: Say("Choisissez ce qui doit être effacé.", "Choose what is to be erased.")}
	case what == "all" && (bounded || e.Series != nil):
		return e, &Refusal{Text: Say("« Tout » ne va pas avec une série ou des jours : videz-les, ou choisissez autre chose.", "“Everything” does not go with a series or days: leave them empty, or choose something else.")}
	case what == "period" && e.Series != nil:
		return e, &Refusal{Text: Say("Pour une période, laissez la série vide ; pour une série, choisissez « une série ».", "For a period leave the series empty; for a series choose “one series”.")}
	case what == "period" && !bounded:
		return e, &Refusal{Text: Say("Donnez un premier ou un dernier jour.", "Give a first or a last day.")}
	case what == "series" && e.Series == nil:
		return e, &Refusal{Text: Say("Choisissez la série.", "Choose the series.")}
	case bounded && !e.From.IsZero() && !e.To.IsZero() && !e.From.Before(e.To):
		return e, &Refusal{Text: Say("Le dernier jour est avant le premier.", "The last day is before the first.")}
	}
	return e, nil
}

// eraseTime is how long an erasure may take.
const eraseTime = 10 * time.Minute

// eraseSent erases once the word was typed.
func (s *site) eraseSent(v *visit, values url.Values) (string, error) {
	if word := v.say("erase.word.is"); !strings.EqualFold(strings.TrimSpace(values.Get("word")), word) {
		return "", &Refusal{Field: "word", Text: Sayf("Tapez « %s » pour effacer.", "Type “%s” to erase.", word)}
	}
	what, err := v.erasure(values)
	if err != nil {
		return "", err
	}
	v.patience(eraseTime)
	_, err = s.house.Erase(v.request.Context(), what)
	return v.done("erase"), err
}
