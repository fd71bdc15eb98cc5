package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"releve/agent/status"
)

// clock says whether the time of readings can be trusted.
func (e Exam) clock() status.Finding {
	synced, err := e.Host.Synced()
	if err == nil && synced {
		return status.Finding{}
	}
	found := status.Finding{
		State:  status.Warning,
		Text:   status.Say("L'horloge n'est pas réglée par le réseau : les relevés peuvent porter une heure fausse.", "The clock is not set by the network: readings may carry a wrong time."),
		Advice: status.Say("Vérifiez le réseau, puis : timedatectl set-ntp true", "Check the network, then: timedatectl set-ntp true"),
	}
	if err != nil {
		found.Detail = err.Error()
	}
	return found
}

// power says whether a Raspberry Pi has lacked voltage since it was started, which damages cards and bytes.
func (e Exam) power() status.Finding {
	for _, file := range e.Host.list("/sys/class/hwmon/*/name") {
		if e.Host.read(file) == "rpi_volt" && e.Host.read(path.Dir(file)+"/in0_lcrit_alarm") == "1" {
			return status.Finding{
				State:  status.Warning,
				Text:   status.Say("La tension d'alimentation est trop basse.", "The supply voltage is too low."),
				Advice: status.Say("Prenez l'alimentation d'origine et un câble court.", "Use the original power supply and a short cable."),
			}
		}
	}
	return status.Finding{}
}

// Less room than this is trouble now, whatever the buffer may take.
const leastRoom = 16 << 20

// disk says whether there is room for what is kept, on a card that takes it.
func (e Exam) disk() status.Finding {
	folder := e.existing(e.State)
	space, err := e.Host.Space(e.Host.at(folder))
	switch {
	case err != nil:
		return status.Finding{State: status.Fault, Text: status.Sayf("La place qui reste dans %s ne peut pas être lue.", "The space left in %s cannot be read.", folder), Detail: err.Error()}
	case space.ReadOnly:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Sayf("%s ne peut être que lu : Linux protège ainsi une carte abîmée.", "%s can only be read: that is how Linux protects a damaged card.", folder),
			Advice: status.Say("Regardez ce que dit : dmesg | grep -i mmc ; remplacez la carte si elle est en cause, ou : sudo mount -o remount,rw /", "See what this says: dmesg | grep -i mmc; replace the card if it is at fault, or: sudo mount -o remount,rw /"),
		}
	case space.Free < leastRoom:
		return e.cramped(status.Fault, folder, space)
	case space.Free < uint64(max(e.Room, 0)):
		return e.cramped(status.Warning, folder, space)
	}
	return status.Finding{}
}

func (e Exam) cramped(state status.State, folder string, space Space) status.Finding {
	return status.Finding{
		State: state,
		Text: status.Sayf("Il reste %[1]d Mo pour %[2]s, et buffer.max_bytes en permet %[3]d.", "%[1]d MB are left for %[2]s, and buffer.max_bytes allows %[3]d.",
			space.Free>>20, folder, e.Room>>20),
		Advice: status.Say("Faites de la place, ou réduisez buffer.max_bytes.", "Make room, or lower buffer.max_bytes."),
	}
}

// existing is the folder, or the nearest one above it that there is.
func (e Exam) existing(folder string) string {
	for folder != "/" && folder != "." {
		if _, err := e.Host.stat(folder); err == nil {
			break
		}
		folder = path.Dir(folder)
	}
	return folder
}

// folder says whether Relève's user can write agent.state, and nobody else read it.
func (e Exam) folder(a account) status.Finding {
	f, err := e.Host.stat(e.State)
	switch {
	case errors.Is(err, fs.ErrNotExist) && (a.Service || a.may(e.parent())):
		return status.Finding{Text: status.Sayf("%s sera créé au premier démarrage.", "%s is made at the first start.", e.State)}
	case errors.Is(err, fs.ErrNotExist):
		return e.foreign(a, status.Sayf("%s n'existe pas, et %s ne peut pas le créer.", "%s does not exist, and %s cannot make it.", e.State, a.Name), "sudo mkdir -p "+e.State+" && ")
	case err != nil:
		return status.Finding{State: status.Fault, Text: status.Sayf("%s ne peut pas être examiné.", "%s cannot be examined.", e.State), Detail: err.Error()}
	case !f.Mode.IsDir():
		return status.Finding{State: status.Fault, Text: status.Sayf("%s n'est pas un dossier.", "%s is not a folder.", e.State), Advice: status.Say("Corrigez agent.state.", "Correct agent.state.")}
	case !a.may(f):
		return e.foreign(a, status.Sayf("%s n'appartient pas à %s, qui ne peut pas y écrire.", "%s does not belong to %s, who cannot write there.", e.State, a.Name), "")
	case f.Mode.Perm()&0o077 != 0:
		command := "sudo chmod 700 " + e.State
		return status.Finding{
			State:  status.Warning,
			Text:   status.Sayf("D'autres utilisateurs peuvent lire %s, qui contient des données personnelles.", "Other users can read %s, which holds personal data.", e.State),
			Advice: status.Say("Lancez : "+command, "Run: "+command),
		}
	}
	return status.Finding{}
}

func (e Exam) parent() File {
	f, err := e.Host.stat(e.existing(e.State))
	if err != nil {
		return File{}
	}
	return f
}

func (e Exam) foreign(a account, text status.Words, before string) status.Finding {
	command := fmt.Sprintf("%ssudo chown -R %s %s", before, a.Name, e.State)
	return status.Finding{State: status.Fault, Text: text, Advice: status.Say("Lancez : "+command, "Run: "+command)}
}

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
	if err == nil {
		return status.Finding{Text: status.Say("Le serveur répond et son certificat est bon ; personne ne s'est connecté.", "The server answers and its certificate is good; nobody logged in.")}
	}
	return status.Finding{
		State:  status.Warning,
		Text:   status.Say("Le serveur de la fédération ne peut pas être joint.", "The server of the federation cannot be reached."),
		Advice: status.Say("Les relevés attendent ici. Vérifiez le réseau, federation.jid, federation.address et federation.ca_file.", "Readings wait here. Check the network, federation.jid, federation.address and federation.ca_file."),
		Detail: err.Error(),
	}
}
