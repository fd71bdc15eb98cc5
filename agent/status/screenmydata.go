package status

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mydataView is who may see what, what left, and what can be done about it.
type mydataView struct {
	In        bool
	Login     string
	Trouble   string
	Waiting   []termsView // that a person has to answer
	Standing  []termsView
	Over      []termsView
	Transfers []transferView
	Ledger    ledgerView
	Erase     eraseView
	Unerased  []string // sentences
	Base      string   // of what is downloaded
}

// termsView is one consent in words.
type termsView struct {
	ID, To string
	Chip   stateView
	Rows   []rowOfTerms
	Last   string
	Proof  string // address; empty for who may not have it, or when the ledger has no word of it
	Accept *form
	Again  bool // it was answered before: its form is folded
	Others []form
}

type rowOfTerms struct{ Label, Value string }

type transferView struct{ Day, To, Purpose, Readings, Proof string }

type ledgerView struct {
	Entries, Key, Trouble string
	Verify                string // address
	Verdict               *verdictView
}

type verdictView struct {
	stateView
	Text string
}

// showMyData shows it; what can be changed, to who has the password only.
func (s *site) showMyData(v *visit) (any, error) {
	view := mydataView{In: s.entry.IsIn(v.request), Login: s.loginTo(v), Base: "/mesdonnees/"}
	if s.house == nil {
		view.Trouble = v.say("mydata.none")
		return view, nil
	}
	ctx := v.request.Context()
	data, err := s.house.MyData(ctx)
	if err != nil {
		view.Trouble = v.say("form.failed", err)
		return view, nil
	}
	for _, t := range data.Terms {
		shown := v.terms(t, view.In, v.snapshot.Now)
		switch {
		case t.State == Waiting:
			view.Waiting = append(view.Waiting, shown)
		case slices.Contains(t.Answers, "withdraw") || t.State == Warning:
			view.Standing = append(view.Standing, shown)
		default:
			view.Over = append(view.Over, shown)
		}
	}
	for _, t := range data.Transfers {
		view.Transfers = append(view.Transfers, v.transfer(t))
	}
	view.Ledger = s.ledgerShown(ctx, v, data.Ledger, view.In)
	if data.Unerased.State == Warning {
		view.Unerased = []string{data.Unerased.Text.in(v.language), data.Unerased.Advice.in(v.language)}
	}
	if view.In {
		view.Erase = s.eraseShown(ctx, v, data.Series)
	}
	return view, nil
}

// loginTo is where somebody logs in who then comes back here.
func (s *site) loginTo(v *visit) string {
	return s.screenNamed("login").routes[0].in(v.language) + "?" + url.Values{"to": {v.path(v.language, nil)}}.Encode()
}

// terms words a consent, with its forms for who may answer.
func (v *visit) terms(t Terms, in bool, now time.Time) termsView {
	view := termsView{ID: t.ID, To: t.To, Chip: stateView{t.State, t.Text.in(v.language)}, Last: v.say("terms.never"), Again: t.State != Waiting}
	if in {
		view.Proof = proofOf(t.Entry)
	}
	if t.Name != "" {
		view.To = t.Name + " (" + t.To + ")"
	}
	if t.Forgotten {
		view.Last = v.say("terms.forgotten")
	}
	if !t.Sent.IsZero() {
		view.Last = v.say("terms.last", v.clock(now, t.Sent))
	}
	for _, row := range []rowOfTerms{
		{"terms.purpose", t.Purpose.in(v.language)}, {"terms.series", v.seriesOf(t)}, {"terms.finest", v.say("resolution." + t.Finest)},
		{"terms.identity", v.say("terms.identity." + strconv.FormatBool(t.Identity))}, {"terms.from", v.day(t.From)}, {"terms.until", v.until(t.Until)},
		{"terms.retention", t.Retention}, {"terms.role", t.Role.in(v.language)}, {"terms.contact", t.Contact}, {"terms.notice", t.Notice},
	} {
		if row.Value != "" {
			view.Rows = append(view.Rows, rowOfTerms{v.say(row.Label), row.Value})
		}
	}
	for _, do := range t.Answers {
		if !in {
			break
		}
		v.answer(&view, t, do)
	}
	return view
}

// answer adds the form of one answer.
func (v *visit) answer(view *termsView, t Terms, do string) {
	id := do + "-" + t.ID
	hide := []hidden{{"consent", t.ID}}
	if do != "accept" {
		f := v.newForm(id, do)
		f.Hidden, f.Danger, f.Second = hide, do == "withdraw", do == "refuse" || do == "pause" || do == "resume"
		if do == "pause" || do == "resume" {
			f.Button = v.say("form."+do, t.Recipient)
		}
		if do == "told" {
			f.Button = v.say("form.told", t.Untold)
		}
		view.Others = append(view.Others, f)
		return
	}
	finest := field{Name: "finest", Kind: "choice"}
	for _, r := range t.Choices {
		finest.Options = append(finest.Options, choice{Value: r, Label: v.say("resolution." + r), Chosen: r == t.Finest})
	}
	until := field{Name: "until", Kind: "date"}
	if !t.Until.IsZero() {
		until.Value = t.Until.Format(time.DateOnly)
	}
	f := v.newForm(id, do, finest, until)
	f.Hidden = hide
	view.Accept = &f
}

// seriesOf says which series a consent is about. What stands for all is said so.
func (v *visit) seriesOf(t Terms) string {
	what := strings.Join(t.Series, ", ")
	if slices.Equal(t.Series, []string{"*"}) {
		what = v.say("terms.series.all")
	}
	if len(t.Sources) > 0 {
		return v.say("terms.series.of", what, strings.Join(t.Sources, ", "))
	}
	return what
}

func (v *visit) day(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(v.say("date.layout"))
}

func (v *visit) until(at time.Time) string {
	if at.IsZero() {
		return v.say("terms.until.never")
	}
	return v.day(at)
}

func proofOf(entry int64) string {
	if entry < 0 {
		return ""
	}
	return fmt.Sprintf("/mesdonnees/preuve/%d", entry)
}

func (v *visit) transfer(t Transfer) transferView {
	return transferView{Day: v.day(t.Day), To: t.To, Purpose: t.Purpose.in(v.language), Readings: v.whole(float64(t.Readings)), Proof: proofOf(t.Entry)}
}

// ledgerShown words the ledger. To read all of it takes seconds: that is done for who has the password, and when asked.
func (s *site) ledgerShown(ctx context.Context, v *visit, l Ledger, in bool) ledgerView {
	view := ledgerView{Entries: v.whole(float64(l.Entries)), Key: l.Key, Trouble: l.Trouble, Verify: v.path(v.language, url.Values{"verify": {"1"}}) + "#ledger"}
	if !in || v.request.URL.Query().Get("verify") == "" {
		return view
	}
	v.patience(ledgerPatience)
	verdict := s.house.Verify(ctx)
	view.Verdict = &verdictView{v.state(Fault), verdict.Reason}
	if verdict.Good {
		view.Verdict = &verdictView{v.state(OK), v.say("ledger.good", v.whole(float64(verdict.Entries)), v.whole(float64(verdict.Erased)))}
	}
	return view
}

// ledgerPatience is how long a ledger of many years may take to be read.
const ledgerPatience = 2 * time.Minute

// takeMyData answers a consent, or erases.
func (s *site) takeMyData(w http.ResponseWriter, v *visit) {
	s.takes(w, v, func(values url.Values) (string, error) {
		switch do := values.Get("do"); {
		case s.house == nil:
			return "", nobody{}.refuse()
		case do == "erase":
			return s.eraseSent(v, values)
		default:
			until, err := v.dayIn(values, "until")
			if err != nil {
				return "", err
			}
			return v.done(do) + "#terms-" + values.Get("consent"), s.house.Answer(Answer{
				Consent: values.Get("consent"), Do: do, Finest: values.Get("finest"), Until: until,
			})
		}
	})
}

// dayIn reads a day as a browser sends it, as its midnight; zero when none was given.
func (v *visit) dayIn(values url.Values, name string) (time.Time, error) {
	text := strings.TrimSpace(values.Get(name))
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, v.snapshot.Now.Location())
	if err != nil || day.Year() < 1970 || day.Year() > 2200 {
		return day, &Refusal{Field: name, Text: Say("Ce n'est pas un jour comme 2027-12-31.", "This is not a day such as 2027-12-31.")}
	}
	return day, nil
}

// downloads are the files below My data.
func (s *site) downloads(mux *http.ServeMux) {
	if s.house == nil {
		return
	}
	mux.HandleFunc("GET /mesdonnees/export.zip", func(w http.ResponseWriter, r *http.Request) {
		name := "releve-" + s.snapshot().Now.Format(time.DateOnly) + ".zip"
		s.serveFile(w, r, name, "application/zip", func(out io.Writer) error { return s.house.Export(r.Context(), out) })
	})
	mux.HandleFunc("GET /mesdonnees/registre.txt", func(w http.ResponseWriter, r *http.Request) {
		s.serveFile(w, r, "releve-checkpoint.txt", "text/plain; charset=utf-8", whole(s.house.Checkpoint))
	})
	mux.HandleFunc("GET /mesdonnees/preuve/{entry}", func(w http.ResponseWriter, r *http.Request) {
		entry, err := strconv.ParseInt(r.PathValue("entry"), 10, 64)
		if err != nil {
			s.refuse(w, r, http.StatusNotFound)
			return
		}
		s.serveFile(w, r, fmt.Sprintf("releve-proof-%d.txt", entry), "text/plain; charset=utf-8", whole(func(out io.Writer) error { return s.house.Prove(out, entry) }))
	})
}

// whole holds back what is small until all of it is there.
func whole(write func(io.Writer) error) func(io.Writer) error {
	return func(out io.Writer) error {
		var all bytes.Buffer
		if err := write(&all); err != nil {
			return err
		}
		_, err := all.WriteTo(out)
		return err
	}
}
