package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"releve/agent/status"
)

// clock says whether the time of readings can be trusted.
func (e Exam) clock() status.Finding {
	if e.TrustClock {
		return status.Finding{Text: status.Say("Celle de la machine, telle qu'elle est (agent.clock).", "The machine's, as it is (agent.clock).")}
	}
	synced, err := e.Host.Synced()
	if err == nil && synced {
		return status.Finding{}
	}
	found := status.Finding{
		State:  status.Warning,
		Text:   status.Say("L'horloge n'est pas réglée par le réseau : les relevés attendent leur date, sauf si un compteur en mode standard dit l'heure.", "The clock is not set by the network: readings wait for their date, unless a meter in standard mode tells the time."),
		Advice: status.Say("Vérifiez le réseau, puis : timedatectl set-ntp true ; pour une machine dont l'horloge est juste par elle-même, agent.clock = \"system\"", "Check the network, then: timedatectl set-ntp true; for a machine whose own clock is right, agent.clock = \"system\""),
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
	return status.Finding{Text: status.Sayf("%[1]d Mo libres pour %[2]s", "%[1]d MB free for %[2]s", space.Free>>20, folder)}
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

// pins says whether a light or a button can be had. Relève measures without them.
func (e Exam) pins(a account) status.Finding {
	chips := e.Host.list("/dev/gpiochip*")
	for _, chip := range chips {
		if f, err := e.Host.stat(chip); err == nil && a.may(f) {
			return status.Finding{Text: status.Sayf("%s peut utiliser les broches.", "%s can use the pins.", a.Name)}
		}
	}
	if len(chips) == 0 {
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Cet appareil n'a pas de broches pour le voyant ou le bouton ; Relève s'en passe.", "This device has no pins for the light or the button; Relève does without."),
			Advice: status.Say("Retirez led.pin et button.pin.", "Remove led.pin and button.pin."),
		}
	}
	command := "sudo usermod -aG gpio " + a.Name
	return status.Finding{
		State:  status.Warning,
		Text:   status.Sayf("L'utilisateur %s ne peut pas utiliser les broches ; Relève se passe du voyant et du bouton.", "The user %s cannot use the pins; Relève does without the light and the button.", a.Name),
		Advice: status.Say("Lancez : "+command, "Run: "+command),
	}
}
