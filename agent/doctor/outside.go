package doctor

import (
	"context"
	"errors"
	"os"

	"releve/agent/status"
)

// page says whether the local page answers, or could.
func (e Exam) page(ctx context.Context) status.Finding {
	if _, err := e.Page.Ask(ctx); err == nil {
		return status.Finding{Text: status.Sayf("La page répond : http://%s/", "The page answers: http://%s/", e.Page.Address)}
	}
	err := e.Page.Free(ctx)
	if err == nil {
		return status.Finding{Text: status.Say("Relève ne tourne pas ; l'adresse de sa page est libre.", "Relève does not run; the address of its page is free.")}
	}
	return status.Finding{
		State:  status.Fault,
		Text:   status.Sayf("La page ne peut pas s'ouvrir à %s.", "The page cannot be served at %s.", e.Page.Address),
		Advice: status.Say("Un autre programme tient peut-être cette adresse (sudo ss -ltnp) : donnez-en une autre à status.listen.", "Another program may hold that address (sudo ss -ltnp): give status.listen another one."),
		Detail: err.Error(),
	}
}

func (e Exam) secrets() status.Finding {
	err := e.Secrets()
	switch {
	case err == nil:
		return status.Finding{}
	case errors.Is(err, os.ErrPermission):
		return status.Finding{
			State:  status.Waiting,
			Text:   status.Say("Le mot de passe n'est pas lisible par vous ; c'est bien ainsi, mais il n'a pas été vérifié.", "You cannot read the password; that is as it should be, but it was not checked."),
			Advice: status.Say("Pour le vérifier : sudo releve doctor", "To check it: sudo releve doctor"),
			Detail: err.Error(),
		}
	}
	return status.Finding{
		State:  status.Fault,
		Text:   status.Say("Ce qu'il faut pour se connecter à la fédération manque.", "What a login to the federation needs is missing."),
		Advice: status.Say("Corrigez le fichier nommé ci-dessous.", "Mend the file named below."),
		Detail: err.Error(),
	}
}

func (e Exam) federation(ctx context.Context) status.Finding {
	err := e.Federation(ctx)
	if err == nil && e.LoggedIn {
		return status.Finding{Text: status.Say("La connexion au serveur a réussi.", "Logging in to the server succeeded.")}
	}
	if err == nil {
		return status.Finding{Text: status.Say("Le serveur répond et son certificat est bon ; personne ne s'est connecté.", "The server answers and its certificate is good; nobody logged in.")}
	}
	text, advice := e.Trouble(err)
	return status.Finding{State: status.Warning, Text: text, Advice: advice, Detail: err.Error()}
}
