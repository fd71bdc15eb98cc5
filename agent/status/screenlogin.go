package status

import (
	"net/http"
	"net/url"
)

// loginView is the way in, or out again.
type loginView struct {
	In, New bool
	Welcome string // where the first visit is
	Form    form
	Out     form
}

// showLogin asks for the password.
func (s *site) showLogin(v *visit) (any, error) {
	view := loginView{In: s.entry.IsIn(v.request), New: s.entry.IsNew(), Welcome: s.screenNamed("welcome").routes[0].in(v.language)}
	view.Form = v.newForm("login", "login", field{Name: "password", Kind: "password", Complete: "current-password", Required: true})
	if to := ownPath(v.request.FormValue("to")); to != "/" {
		view.Form.Hidden = []hidden{{"to", to}}
	}
	view.Out = v.newForm("logout", "logout")
	return view, nil
}

// takeLogin lets in and out.
func (s *site) takeLogin(w http.ResponseWriter, v *visit) {
	s.takes(w, v, func(values url.Values) (string, error) {
		if values.Get("do") == "logout" {
			s.entry.LogOut(w, v.request)
			return v.done("logout"), nil
		}
		return ownPath(values.Get("to")), s.entry.LogIn(w, v.request, values.Get("password"))
	})
}

// welcomeView is the first visit.
type welcomeView struct {
	New   bool
	Login string
	Form  form
}

// showWelcome asks for the code of the device and for a password.
func (s *site) showWelcome(v *visit) (any, error) {
	return welcomeView{
		New: s.entry.IsNew(), Login: s.screenNamed("login").routes[0].in(v.language),
		Form: v.newForm("welcome", "welcome",
			field{Name: "code", Kind: "text", Complete: "one-time-code", Required: true},
			field{Name: "choose", Kind: "password", Complete: "new-password", Required: true},
			field{Name: "again", Kind: "password", Complete: "new-password", Required: true}),
	}, nil
}

// takeWelcome keeps the password and lets its owner in, who goes on to set up the device.
func (s *site) takeWelcome(w http.ResponseWriter, v *visit) {
	s.takes(w, v, func(values url.Values) (string, error) {
		if err := sameTwice(values); err != nil {
			return "", err
		}
		return "/", s.entry.Settle(w, v.request, values.Get("code"), values.Get("choose"))
	})
}

// sameTwice holds who chooses a password to typing the same twice.
func sameTwice(values url.Values) error {
	if values.Get("choose") == values.Get("again") {
		return nil
	}
	return &Refusal{Field: "again", Text: Say("Ce n'est pas le même mot de passe que juste au-dessus.", "This is not the same password as just above.")}
}
