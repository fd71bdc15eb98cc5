package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"releve/agent/access"
	"releve/agent/pairing"
	"releve/agent/status"
)

// byPage is who changes something on the page, with its password.
const byPage = "page"

// pageEntry is the entry, as the page asks for it: what happens is in the ledger, and what is wrong in sentences.
type pageEntry struct {
	*entry
	notary *notary
}

// pageEntry is how people get in at the page; nil when nobody can.
func (a *agent) pageEntry() status.Entry {
	if a.entry == nil {
		return nil
	}
	return pageEntry{a.entry, a.notary}
}

// IsIn says whether who asks has the password.
func (pageEntry) IsIn(r *http.Request) bool { return access.IsIn(r) }

// Settle is the first visit.
func (e pageEntry) Settle(w http.ResponseWriter, r *http.Request, code, password string) error {
	return e.after("password chosen", e.entry.Settle(w, r, code, password))
}

// LogIn lets somebody in.
func (e pageEntry) LogIn(w http.ResponseWriter, r *http.Request, password string) error {
	return e.after("login", e.entry.LogIn(w, r, password))
}

// LogOutEverywhere ends all sessions.
func (e pageEntry) LogOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	return e.after("logged out everywhere", e.entry.LogOutEverywhere(w, r))
}

// ChangePassword chooses another password.
func (e pageEntry) ChangePassword(w http.ResponseWriter, r *http.Request, old, next string) error {
	return e.after("password changed", e.entry.ChangePassword(w, r, old, next))
}

// Exchange gives a screen its cookie.
func (e pageEntry) Exchange(w http.ResponseWriter, r *http.Request, token string) error {
	_, err := e.entry.Exchange(w, r, token)
	return e.refusal(err)
}

// after notes what was done or that somebody has to wait, and words what went wrong. That the ledger cannot be written
// keeps nobody out of their own page: it is said there.
func (e pageEntry) after(what string, err error) error {
	var wait *access.Wait
	switch {
	case err == nil:
		e.note(what)
	case errors.As(err, &wait) && wait.Locked:
		e.note("too many wrong passwords")
	}
	return e.refusal(err)
}

func (e pageEntry) note(what string) {
	e.log.Info("page", "event", what)
	if err := e.notary.Changed(byPage, "page: "+what, "", ""); err != nil {
		e.log.Warn("what happened on the page is not in the ledger", "event", what, "error", err)
	}
}

// refusal puts an error that a person can do something about beside its field; others are returned as they are.
func (e pageEntry) refusal(err error) error {
	var wait *access.Wait
	if errors.As(err, &wait) {
		return &status.Refusal{Field: "password", Text: status.Sayf("Trop de mots de passe faux : attendez %s, puis réessayez.", "Too many wrong passwords: wait %s, then try again.", waitText(wait.For))}
	}
	for _, known := range refusals {
		if errors.Is(err, known.err) {
			return &status.Refusal{Field: known.field, Text: known.text}
		}
	}
	return err
}

// refusals are what is said of errors.
var refusals = []struct {
	err   error
	field string
	text  status.Words
}{
	{access.ErrWrong, "password", status.Say("Ce n'est pas le mot de passe de cette page.", "This is not the password of this page.")},
	{access.ErrBusy, "", status.Say("L'appareil vérifie un autre mot de passe : réessayez dans un instant.", "The device is checking another password: try again in a moment.")},
	{access.ErrNew, "", status.Say("Personne n'a encore choisi de mot de passe pour cette page.", "Nobody has chosen a password for this page yet.")},
	{access.ErrSet, "", status.Say("Cette page a déjà un mot de passe.", "This page has a password already.")},
	{access.ErrShort, "choose", status.Sayf("Il faut au moins %d caractères.", "At least %d characters are needed.", access.MinPassword)},
	{access.ErrLong, "choose", status.Sayf("Il y a %d caractères au plus.", "There are at most %d characters.", access.MaxPassword)},
	{access.ErrPlain, "choose", status.Say("C'est un des premiers mots de passe que l'on essaie : choisissez-en un autre.", "This is one of the first passwords that are tried: choose another one.")},
	{pairing.ErrWrong, "code", status.Say("Ce n'est pas le code que montre l'appareil.", "This is not the code that the device shows.")},
	{pairing.ErrTooMany, "code", status.Say("Trop d'essais : attendez une heure.", "Too many tries: wait an hour.")},
	{pairing.ErrClaimed, "code", status.Say("Ce code a déjà servi : l'appareil en montre bientôt un autre.", "This code was used: the device shows another one soon.")},
	{access.ErrNone, "token", status.Say("Ce code d'écran n'est pas connu, ou il a été retiré.", "This code of a screen is not known, or was taken back.")},
	{access.ErrName, "name", status.Say("Donnez un nom de 1 à 64 caractères.", "Give a name of 1 to 64 characters.")},
	{access.ErrFull, "", status.Say("Il y a déjà autant d'écrans que possible : retirez-en un.", "There are as many screens as there can be: take one back.")},
}

// waitText rounds a pause up to what people count in.
func waitText(d time.Duration) string {
	if d <= time.Minute {
		return fmt.Sprintf("%d s", max(1, (d+time.Second-1)/time.Second))
	}
	return fmt.Sprintf("%d min", (d+time.Minute-1)/time.Minute)
}
