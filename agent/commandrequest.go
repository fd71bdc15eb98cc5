package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"releve/agent/status"
	"releve/federation/command"
	"releve/federation/consent"
)

func requestTitle() status.Words { return status.Say("Demander un accord", "Request a consent") }

// mostYears is for how long a consent may be asked for, as where Enedis asks its customers (Data Connect).
const mostYears = 3

// commandRequest lets everybody ask for a consent, for themselves. It waits until a person of the household answers. Who has
// asked before is shown how that stands.
func (a *agent) commandRequest(_ context.Context, c command.Caller) (command.Turn, error) {
	return &command.Page{
		Title: requestTitle(), Final: true,
		Instructions: status.Say("La maison lira ces termes et répondra ; rien ne part d'ici là. Demandez un accord par usage et par résolution.",
			"The household reads these terms and answers; nothing leaves until then. Ask for one consent a purpose and a resolution."),
		Fields: append(a.askedField(c), requestFields()...),
		Then:   a.requested,
	}, nil
}

// askedField is what the caller asked for, and how it stands.
func (a *agent) askedField(c command.Caller) []command.Field {
	f := command.Field{Name: "standing", Label: status.Say("Déjà demandé", "Asked for already"), Kind: command.Fixed}
	for _, one := range a.notary.consents.AskedBy(c.Bare()) {
		one = one.At(a.grantTime())
		state := stateShown(one.State)
		if one.State == consent.Pending {
			state = status.Say("attend une réponse", "waits for an answer")
		}
		f.Values = append(f.Values, fmt.Sprintf("%s · %s · %s", one.ID, c.Say(state), one.Grant.Resolution))
	}
	if len(f.Values) == 0 {
		return nil
	}
	return []command.Field{f}
}

func requestFields() []command.Field {
	line := func(name, fr, en string, required bool, bytes int) command.Field {
		return command.Field{Name: name, Label: status.Say(fr, en), Kind: command.Line, Required: required, Bytes: bytes, Check: plain}
	}
	resolution := command.Field{Name: "resolution", Label: status.Say("Au plus fin", "The finest"), Kind: command.Choice, Required: true, Values: []string{string(consent.Day)}}
	for _, r := range consent.Resolutions() {
		resolution.Options = append(resolution.Options, command.Option{Value: string(r)})
	}
	until := line("until", "Dernier jour, tel que 2027-12-31", "Last day, such as 2027-12-31", true, 10)
	until.Pattern = `[0-9]{4}-[0-9]{2}-[0-9]{2}`
	retention := line("retention", "Durée de conservation chez vous, telle que P1Y", "How long you keep it, such as P1Y", true, 32)
	retention.Pattern = `P([1-9][0-9]{0,3}[YMWD])+`
	return []command.Field{
		line("name", "Nom légal de qui reçoit", "Legal name of who receives", true, 200),
		line("contact", "À qui s'adresser chez vous pour ses données", "Whom to ask there about one's data", true, 200),
		{Name: "role", Label: status.Say("Votre rôle (RGPD)", "Your role (GDPR)"), Kind: command.Choice, Required: true, Values: []string{string(consent.Independent)}, Options: []command.Option{
			{Value: string(consent.Independent), Label: status.Say("responsable indépendant", "independent controller")},
			{Value: string(consent.JointController), Label: status.Say("responsable conjoint", "joint controller")},
			{Value: string(consent.Processor), Label: status.Say("sous-traitant", "processor")},
		}},
		{Name: "series", Label: status.Say("Séries, une par ligne ; * vaut n'importe quoi", "Series, one a line; * stands for anything"), Kind: command.Lines, Required: true, Bytes: 64, Check: path},
		resolution,
		line("purpose", "Usage, en français", "Purpose, in French", true, 500),
		line("purpose_en", "Usage, en anglais", "Purpose, in English", false, 500),
		line("code", "Code de l'usage", "Code of the purpose", false, 64),
		until, retention,
		line("notice", "Version de votre notice d'information", "Version of your privacy notice", false, 64),
		{Name: "identity", Label: status.Say("Voir aussi le numéro du point de livraison (PRM)", "See the delivery point number (PRM) as well"), Kind: command.Switch, Values: []string{"0"}},
	}
}

// plain refuses what a terminal would obey, or show otherwise than it is: a stranger wrote it, and a person decides by it.
func plain(value string) command.Text {
	if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsGraphic(r) || r == unicode.ReplacementChar }) {
		return status.Say("des caractères ne s'affichent pas.", "some characters cannot be shown.")
	}
	return nil
}

var pathPattern = regexp.MustCompile(`^[A-Za-z0-9/*_.+-]+$`)

func path(value string) command.Text {
	if !pathPattern.MatchString(value) {
		return status.Sayf("%.64q n'est pas une série telle que power/apparent ou derived/*.", "%.64q is not a series such as power/apparent or derived/*.", value)
	}
	return nil
}

// requested puts what was asked for on the list. The same terms again say how they stand.
func (a *agent) requested(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
	g, err := a.requestedGrant(c, answers)
	if err != nil {
		return nil, err
	}
	one, err := a.notary.Request(g, a.ownerAddresses())
	switch {
	case errors.Is(err, consent.ErrCrowded):
		return command.Refused(requestTitle(), status.Say("Trop de demandes attendent déjà une réponse ; redemandez plus tard.", "Too many requests wait for an answer already; ask again later.")), nil
	case err != nil: // seen on the page as the ledger's trouble
		a.log.Warn("consent not asked for", "recipient", g.To, "error", err)
		return command.Refused(requestTitle(), status.Say("La demande n'a pas pu être inscrite ; redemandez plus tard.", "The request could not be written down; ask again later.")), nil
	}
	one = one.At(a.grantTime())
	said := stateShown(one.State)
	if one.State == consent.Pending {
		said = status.Say("La demande attend la réponse de la maison ; un message vous la dira.", "The request waits for the household's answer; you will be told by a message.")
	}
	r := command.Done(requestTitle(), said)
	r.Fields = []command.Field{
		answerField("consent", "Accord", "Consent", one.ID),
		answerField("state", "État", "State", string(one.State)),
	}
	return r, nil
}

// requestedGrant is what was filled in, for the caller and nobody else.
func (a *agent) requestedGrant(c command.Caller, answers command.Answers) (consent.Grant, error) {
	now, known := a.notary.time()
	if !known {
		return consent.Grant{}, command.Invalid{"": status.Say("cet appareil ne sait pas encore l'heure ; redemandez plus tard.", "this device does not know the time yet; ask again later.")}
	}
	g := consent.Grant{
		To: c.Bare(), Series: answers["series"], Purpose: answers.One("purpose"), Identity: answers.Yes("identity"),
		Details: consent.Details{
			PurposeEN: answers.One("purpose_en"), Code: answers.One("code"), Retention: answers.One("retention"), Notice: answers.One("notice"),
			Name: answers.One("name"), Contact: answers.One("contact"), Role: consent.Role(answers.One("role")),
		},
	}
	terms := termFlags{Resolution: answers.One("resolution"), Until: answers.One("until")}
	if err := terms.apply(&g, a.cfg.Agent.Location); err != nil {
		return g, command.Invalid{"until": status.Say("n'est pas un jour.", "is not a day.")}
	}
	if g.Over(now) || g.Until.After(now.AddDate(mostYears, 0, 1)) {
		return g, command.Invalid{"until": status.Sayf("doit être à venir, et d'ici à %d ans.", "has to be ahead, and within %d years.", mostYears)}
	}
	if err := g.Check(); err != nil {
		return g, command.Invalid{"": text("%s.", err)}
	}
	return g, nil
}

// ownerAddresses are the owners that the configuration names one by one.
func (a *agent) ownerAddresses() []string {
	var all []string
	for _, owner := range a.cfg.Federation.Roles.Owners {
		if !strings.HasPrefix(owner, "@") {
			all = append(all, owner)
		}
	}
	return all
}

// consentNews is what a person is told of a consent: an owner that it was asked for, who asked how it was answered.
func consentNews(one consent.Consent, location *time.Location) string {
	g := one.Grant
	last := g.Until.In(location).Add(-time.Second).Format(time.DateOnly)
	english := g.PurposeEN
	if english == "" {
		english = g.Purpose
	}
	switch one.State {
	case consent.Pending:
		return fmt.Sprintf("Relève : %[1]s (%[2]s) demande un accord : %[3]s ; %[5]s au plus fin, jusqu'au %[6]s. Rien ne part avant votre réponse : commande « Accords », ou releve consent accept %[7]s.\n"+
			"Relève: %[1]s (%[2]s) asks for a consent: %[4]s; %[5]s at the finest, until %[6]s. Nothing leaves before your answer: command \"Consents\", or releve consent accept %[7]s.",
			g.To, g.Name, g.Purpose, english, g.Resolution, last, one.ID)
	case consent.InForce:
		return fmt.Sprintf("Relève : l'accord %[1]s est donné, %[2]s au plus fin, jusqu'au %[3]s.\nRelève: consent %[1]s is in force, %[2]s at the finest, until %[3]s.", one.ID, g.Resolution, last)
	}
	return fmt.Sprintf("Relève : l'accord %[1]s est refusé.\nRelève: consent %[1]s is refused.", one.ID)
}
