package doctor

import (
	"context"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"releve/agent/status"
)

// patient is one meter under examination.
type patient struct {
	Meter
	host     Host
	account  account
	page     *Page
	board    board
	firmware firmware
	ctx      context.Context // of the whole examination

	heard *Hearing // nil when the line was not listened to
	taken bool     // another program reads the port: listening would say nothing
}

func (e Exam) patient(ctx context.Context, m Meter, a account) *patient {
	p := &patient{Meter: m, host: e.Host, account: a, page: e.Page, board: e.Host.board(), ctx: ctx}
	p.firmware = e.Host.firmware(p.board)
	return p
}

// checks are in the order of what explains what. A line of the network has no device, and a file no line.
func (p *patient) checks() *status.Check {
	root := status.Named(p.Name, nil)
	signal := status.Named("signal", p.signal).Then(status.Named("offer", p.offer))
	if !p.isDevice() {
		return root.Then(signal)
	}
	return root.Then(status.Named("port", p.port).Then(
		status.Named("uart", p.uart).Then(
			status.Named("console", p.console),
			status.Named("holder", p.holder),
			status.Named("modem", p.modem),
			status.Named("permission", p.permission).Then(signal))))
}

func (p *patient) isDevice() bool {
	if p.Port == "auto" || strings.Contains(p.Port, "://") {
		return false
	}
	f, err := p.host.stat(p.Port)
	return err != nil || !f.Mode.IsRegular()
}

// terminal is the kernel's name of the port, such as ttyAMA0.
func (p *patient) terminal() string { return path.Base(p.host.resolve(p.Port)) }

// onBoard tells the UART of a Raspberry Pi, whatever its links.
func (p *patient) onBoard() bool {
	if !p.board.isPi() {
		return false
	}
	name := p.terminal()
	return name == "serial0" || name == "serial1" || name == "ttyS0" || name == upstreamUART || strings.HasPrefix(name, "ttyAMA")
}

// port says whether the device is there.
func (p *patient) port() status.Finding {
	f, err := p.host.stat(p.Port)
	switch {
	case err == nil && f.Mode&fs.ModeCharDevice != 0:
		return p.plugged()
	case err == nil:
		return status.Finding{
			State:  status.Fault,
			Text:   status.Sayf("%s n'est pas un port série.", "%s is not a serial port.", p.Port),
			Advice: status.Say("Donnez à port un périphérique comme /dev/ttyUSB0 ou /dev/serial0.", "Give port a device such as /dev/ttyUSB0 or /dev/serial0."),
		}
	case !os.IsNotExist(err):
		return status.Finding{State: status.Fault, Text: status.Sayf("Le port %s ne peut pas être examiné.", "The port %s cannot be examined.", p.Port), Detail: err.Error()}
	}
	return status.Finding{
		State:  status.Fault,
		Text:   status.Sayf("Le port %s n'existe pas.", "The port %s does not exist.", p.Port),
		Advice: p.missing(),
	}
}

// plugged tells which adapter it is, and warns of a name that may become another adapter's.
func (p *patient) plugged() status.Finding {
	found := status.Finding{Text: status.Say(p.Port, p.Port)}
	others := p.host.list("/dev/" + strings.TrimRight(p.terminal(), "0123456789") + "[0-9]*")
	if strings.HasPrefix(p.Port, "/dev/tty") && !p.onBoard() && len(others) > 1 {
		if lasting := p.lastingName(); lasting != "" {
			found.State = status.Warning
			found.Text = status.Sayf("Il y a plusieurs adaptateurs, et %s peut devenir le nom d'un autre.", "There are several adapters, and %s can become the name of another.", p.Port)
			found.Advice = status.Sayf("Donnez à port le nom qui reste : %s", "Give port the name that lasts: %s", lasting)
		}
	}
	return found
}

func (p *patient) lastingName() string {
	names := p.host.list("/dev/serial/by-id/*")
	i := slices.IndexFunc(names, func(name string) bool { return p.host.resolve(name) == p.host.resolve(p.Port) })
	if i < 0 {
		return ""
	}
	return names[i]
}

// missing says how the port comes into being.
func (p *patient) missing() status.Words {
	plugged := p.host.list("/dev/serial/by-id/*")
	switch {
	case p.onBoard() && p.board.Generation == 5:
		return p.configure("dtparam=uart0=on", "ttyAMA0")
	case p.onBoard() && p.firmware.Settings["enable_uart"] != "1":
		return p.configure("enable_uart=1", "serial0")
	case p.onBoard():
		return status.Sayf("%s met déjà le port en service : redémarrez (sudo reboot).", "%s already turns the port on: restart (sudo reboot).", p.firmware.File)
	case p.braille():
		const command = "sudo apt remove brltty"
		return status.Say("brltty prend les adaptateurs CH340 pour des afficheurs braille et les retire ; sans un tel afficheur : "+command, "brltty takes CH340 adapters for Braille displays and removes them; without such a display: "+command)
	case len(plugged) > 0:
		list := strings.Join(plugged, " ")
		return status.Sayf("Corrigez port ; sont branchés : %s", "Correct port; plugged in are: %s", list)
	}
	return status.Say("Branchez l'adaptateur ; dmesg dit ensuite son nom. Aucun adaptateur USB n'est branché.", "Plug the adapter in; dmesg then says its name. No USB adapter is plugged in.")
}

// braille tells that brltty is there to take an adapter away as soon as it is plugged in.
func (p *patient) braille() bool {
	return strings.HasPrefix(p.Port, "/dev/ttyUSB") && len(p.host.list("/usr/lib/udev/rules.d/*brltty*.rules")) > 0
}

// configure says how to add a line to config.txt, in a section that applies whatever the file ends with.
func (p *patient) configure(line, device string) status.Words {
	command := `printf '\n[all]\n` + line + `\n' | sudo tee -a ` + p.firmware.File + ` && sudo reboot`
	return status.Sayf("Lancez : %s ; puis port = \"/dev/%s\"", "Run: %s; then port = \"/dev/%s\"", command, device)
}

// modem says whether ModemManager may talk to the adapter, which it does with AT commands for half a minute after it was
// plugged in.
func (p *patient) modem() status.Finding {
	runs := slices.ContainsFunc(p.host.processes(), func(one process) bool { return one.Name == "ModemManager" })
	if name := p.terminal(); !runs || !strings.HasPrefix(name, "ttyACM") && !strings.HasPrefix(name, "ttyUSB") {
		return status.Finding{}
	}
	const command = "sudo systemctl disable --now ModemManager"
	return status.Finding{
		State:  status.Warning,
		Text:   status.Say("ModemManager cherche un modem sur chaque adaptateur branché, et lui prend des octets.", "ModemManager looks for a modem on each adapter that is plugged in, and takes bytes from it."),
		Advice: status.Say("Sans modem mobile, arrêtez-le : "+command, "Without a mobile modem, stop it: "+command),
	}
}
