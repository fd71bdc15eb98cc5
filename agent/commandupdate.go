package main

import (
	"context"
	"errors"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/agent/update"
	"releve/buffer/statefile"
	"releve/federation/command"
)

// updateTime bounds the download of a package, over a slow line.
const updateTime = 10 * time.Minute

func updateTitle() status.Words {
	return status.Say("Installer une version plus récente", "Install a newer version")
}

// commandUpdate says which version there is, and asks whether it is meant.
func (a *agent) commandUpdate(ctx context.Context, _ command.Caller) (command.Turn, error) {
	if a.cfg.Update == (config.Update{}) {
		return command.Refused(updateTitle(), status.Say("Aucune mise à jour n'est configurée ici : [update] nomme d'où elles viennent (from) et qui les a signées (key_file).",
			"No updates are configured here: [update] names where they come from (from) and who has signed them (key_file).")), nil
	}
	offer, has, err := a.offered(ctx)
	if err != nil {
		return a.noUpdate(err), nil
	}
	return &command.Page{
		Title: updateTitle(), Final: true,
		Instructions: status.Sayf("La version %s est installée, la version %s est signée et disponible. Le téléchargement peut prendre quelques minutes.",
			"Version %s is installed, version %s is signed and available. The download can take some minutes.", has.Version, offer.Version),
		Then: func(ctx context.Context, c command.Caller, _ command.Answers) (command.Turn, error) {
			return a.update(ctx, c, offer.Version)
		},
	}, nil
}

// update places the version that was agreed to, for releve-update.path to find.
func (a *agent) update(ctx context.Context, c command.Caller, version string) (command.Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, updateTime)
	defer cancel()
	offer, has, err := a.offered(ctx)
	if err == nil && offer.Version != version {
		return command.Refused(updateTitle(), status.Sayf("Entre-temps la version %s est sortie : recommencez.", "Meanwhile version %s has come out: begin again.", offer.Version)), nil
	}
	if err != nil {
		return a.noUpdate(err), nil
	}
	if err := a.changed(c, "update of the software", has.Version, version); err != nil {
		return nil, err
	}
	a.edition.fetching.Store(true)
	defer a.edition.fetching.Store(false)
	if err := a.askFor(c.Bare(), has.Version, version); err != nil {
		return nil, err
	}
	channel, err := a.channel()
	if err == nil {
		err = channel.Place(ctx, offer, a.state(update.Folder))
	}
	if err != nil {
		none := update.Outcome{From: has.Version, To: version, Why: err.Error(), Refused: true}
		return a.noUpdate(err), errors.Join(a.recordReturn(c.Bare(), none), statefile.Remove(a.state(update.AskedFile)))
	}
	rouse(a.edition.placed)
	a.log.Info("update placed", "version", version, "by", c.Bare())
	return command.Done(updateTitle(), status.Sayf("La version %s est là et vérifiée. releve-update.path l'installe s'il est actif sur cette machine (systemctl enable --now releve-update.path) ; sinon elle attend. Si elle ne fait pas ses preuves en quelques minutes, la version d'avant revient ; un message dira laquelle reste.",
		"Version %s is here and verified. releve-update.path installs it if it is enabled on this machine (systemctl enable --now releve-update.path); else it waits. If it does not prove itself within minutes, the version before returns; a message will say which one stays.", version)), nil
}

func (a *agent) channel() (update.Channel, error) {
	key, err := update.ReadKey(a.cfg.Update.KeyFile)
	return update.Channel{From: a.cfg.Update.From, Key: key, Client: webClient(a.cfg.Update.CAFile)}, err
}

// offered is what there is, and what it would take the place of.
func (a *agent) offered(ctx context.Context) (o update.Offer, has update.Installed, err error) {
	channel, err := a.channel()
	if err != nil {
		return o, has, err
	}
	if has, err = update.ReadInstalled(a.edition.dpkg); err != nil {
		return o, has, err
	}
	o, err = channel.Look(ctx, has)
	return o, has, err
}

// noUpdate says why there is none.
func (a *agent) noUpdate(err error) *command.Result {
	if errors.Is(err, update.ErrNotNewer) {
		return command.Done(updateTitle(), status.Sayf("Rien à installer : %s.", "Nothing to install: %s.", err))
	}
	a.log.Warn("update refused", "error", err)
	return command.Refused(updateTitle(), status.Sayf("La mise à jour est refusée, rien n'a changé : %s.", "The update is refused, nothing has changed: %s.", err))
}
