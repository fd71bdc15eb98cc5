package doctor

import (
	"path"
	"slices"
	"strings"

	"releve/agent/status"
)

// console says whether Linux itself uses the port, to print messages on it or to offer a login.
func (p *patient) console() status.Finding {
	word, printed := p.consoleWord(p.host.read("/proc/cmdline"))
	file, text := p.host.first("/boot/firmware/cmdline.txt", "/boot/cmdline.txt")
	configured, again := p.consoleWord(text)
	login := slices.ContainsFunc(p.host.processes(), func(one process) bool { return p.host.getty(one, p.terminal()) })
	var commands []string
	if again {
		word = configured
		commands = append(commands, "sudo sed -i 's/"+configured+" *//' "+file)
	}
	if login {
		commands = append(commands, "sudo systemctl disable --now serial-getty@"+p.terminal()+".service")
	}
	if printed || again {
		commands = append(commands, "sudo reboot")
	}
	if len(commands) == 0 {
		return status.Finding{}
	}
	p.taken = p.taken || login
	command := strings.Join(commands, " && ")
	return status.Finding{
		State:  status.Fault,
		Text:   p.consoleText(word, login, printed || again),
		Advice: status.Say("Lancez : "+command, "Run: "+command),
	}
}

func (p *patient) consoleText(word string, login, printed bool) status.Words {
	name := p.terminal()
	switch {
	case login && printed:
		return status.Sayf("Linux propose une connexion sur %[1]s et y écrit ses messages (%[2]s).", "Linux offers a login on %[1]s and prints its messages there (%[2]s).", name, word)
	case login:
		return status.Sayf("Linux propose une connexion sur %s (getty).", "Linux offers a login on %s (getty).", name)
	}
	return status.Sayf("Linux écrit ses messages sur %[1]s (%[2]s).", "Linux prints its messages on %[1]s (%[2]s).", name, word)
}

// consoleWord finds the word of a kernel command line that makes the port a console.
//
//	Format:  console=TERMINAL[,options]
//	Example: "console=serial0,115200"
func (p *patient) consoleWord(cmdline string) (string, bool) {
	for word := range strings.FieldsSeq(cmdline) {
		device, found := strings.CutPrefix(word, "console=")
		device, _, _ = strings.Cut(device, ",")
		if found && path.Base(p.host.resolve("/dev/"+device)) == p.terminal() {
			return word, true
		}
	}
	return "", false
}
