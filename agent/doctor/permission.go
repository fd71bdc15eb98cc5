package doctor

import (
	"fmt"
	"strings"

	"releve/agent/status"
	"releve/tic/port"
)

// program is what the kernel calls a running Relève.
const program = "releve"

// holder says who else reads the port. Relève itself may: then its page tells how the meter is.
func (p *patient) holder() status.Finding {
	var names []string
	found := status.Finding{}
	for _, one := range (port.Machine{Root: p.host.Root}).Holders(p.host.at(p.host.resolve(p.Port))) {
		if isGetty(one.Command) {
			continue // the console's affair
		}
		p.taken = true
		if one.Command == program {
			found.Text = status.Sayf("Relève lit ce port (processus %d).", "Relève reads this port (process %d).", one.PID)
			continue
		}
		names = append(names, fmt.Sprintf("%s (%d)", one.Command, one.PID))
	}
	if len(names) == 0 {
		return found
	}
	list := strings.Join(names, ", ")
	return status.Finding{
		State:  status.Fault,
		Text:   status.Sayf("Un autre programme lit le port : %s. Deux lecteurs se volent les octets.", "Another program reads the port: %s. Two readers take bytes from each other.", list),
		Advice: status.Say("Arrêtez-le, ou faites-le lire à travers Relève : share sous [[meter]].", "Stop it, or let it read through Relève: share under [[meter]]."),
	}
}

// permission says whether Relève's user may open the port.
func (p *patient) permission() status.Finding {
	f, err := p.host.stat(p.Port)
	if err != nil || p.account.may(f) {
		return status.Finding{Text: status.Sayf("%s peut ouvrir le port.", "%s can open the port.", p.account.Name)}
	}
	group := p.host.groupName(f.GID)
	owner := fmt.Sprintf("%s, %v", group, f.Mode.Perm())
	found := status.Finding{
		State: status.Fault,
		Text:  status.Sayf("L'utilisateur %[1]s ne peut pas ouvrir %[2]s (groupe %[3]s).", "The user %[1]s cannot open %[2]s (group %[3]s).", p.account.Name, p.Port, owner),
	}
	const forGroup = 0o060
	if strings.HasPrefix(p.host.resolve(p.Port), "/dev/pts/") {
		found.Advice = status.Say("C'est un pseudo-terminal : seul l'utilisateur qui l'a ouvert peut le lire.", "It is a pseudo-terminal: only the user who opened it can read it.")
		return found
	}
	if f.Mode&forGroup != forGroup || group == "root" || group == "tty" {
		rule := fmt.Sprintf(`echo 'KERNEL=="%s", GROUP="dialout", MODE="0660"' | sudo tee /etc/udev/rules.d/60-releve.rules && sudo udevadm trigger`, p.terminal())
		found.Advice = status.Say("Donnez le port au groupe dialout : "+rule, "Give the port to the group dialout: "+rule)
		return found
	}
	command := fmt.Sprintf("sudo usermod -aG %s %s", group, p.account.Name)
	switch joined, known := p.host.user(p.account.Name); {
	case p.account.Service:
		found.Advice = status.Sayf("Lancez : %s && sudo systemctl restart releve", "Run: %s && sudo systemctl restart releve", command)
	case known && joined.may(f):
		found.Advice = status.Sayf("%s est du groupe %s depuis peu : fermez la session et rouvrez-la.", "%s has joined the group %s lately: log out and in again.", p.account.Name, group)
	default:
		found.Advice = status.Sayf("Lancez : %s ; puis fermez la session et rouvrez-la.", "Run: %s; then log out and in again.", command)
	}
	return found
}
