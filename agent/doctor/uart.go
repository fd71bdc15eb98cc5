package doctor

import (
	"path"
	"slices"

	"releve/agent/status"
)

// upstreamUART is the mini-UART as Linux itself names it, such as Debian's kernel; that of Raspberry Pi OS says ttyS0.
const upstreamUART = "ttyS1"

// uart says whether the on-board port is the one at pins 8 and 10, and a good one.
//
// A Raspberry Pi has a good UART, PL011, and a poor one, the mini-UART. Where there is Bluetooth it has the good one
// unless told otherwise. On a Pi 5, serial0 leads to a connector of its own.
func (p *patient) uart() status.Finding {
	if !p.onBoard() {
		return status.Finding{Text: status.Say("non concerné", "not concerned")}
	}
	switch name := p.terminal(); {
	case p.board.Generation == 5 && name == "ttyAMA10":
		return p.debugConnector()
	case name == "ttyAMA0" && p.board.Generation < 5 && p.bluetoothHas(name):
		return p.bluetooth()
	case name == "ttyS0" || name == upstreamUART:
		return p.miniUART()
	}
	return status.Finding{Text: status.Say("le bon, aux broches 8 et 10", "the good one, at pins 8 and 10")}
}

func (p *patient) debugConnector() status.Finding {
	return status.Finding{
		State: status.Fault,
		Text: status.Sayf("Sur %[1]s, %[2]s est la petite prise de mise au point entre les prises HDMI, pas les broches 8 et 10.",
			"On a %[1]s, %[2]s is the small debug connector between the HDMI sockets, not pins 8 and 10.", p.board.Model, p.Port),
		Advice: p.turnOn(),
	}
}

// turnOn says how the pins of a Pi 5 become a port.
func (p *patient) turnOn() status.Words {
	if slices.Contains(p.firmware.Params, "uart0=on") || slices.Contains(p.firmware.Params, "uart0") {
		return status.Say("Donnez à port /dev/ttyAMA0.", "Give port /dev/ttyAMA0.")
	}
	return p.configure("dtparam=uart0=on", "ttyAMA0")
}

// bluetoothHas tells whether a UART is wired to the Bluetooth chip. serial1, where there is one, is.
func (p *patient) bluetoothHas(name string) bool {
	if second := p.host.resolve("/dev/serial1"); second != "/dev/serial1" {
		return path.Base(second) == name
	}
	return p.board.Wireless && !p.firmware.freesPL011()
}

func (p *patient) bluetooth() status.Finding {
	return status.Finding{
		State: status.Fault,
		Text: status.Sayf("Sur %[1]s, %[2]s est relié à la puce Bluetooth, pas aux broches 8 et 10.",
			"On a %[1]s, %[2]s is wired to the Bluetooth chip, not to pins 8 and 10.", p.board.Model, p.Port),
		Advice: p.freePL011(),
	}
}

// miniUART is told, and is wrong only where its speed follows the load of the processor.
func (p *patient) miniUART() status.Finding {
	found := status.Finding{
		Text:   status.Say("C'est le mini-UART : sans contrôle de parité (Relève le fait) et sensible aux interruptions.", "It is the mini-UART: without a check of parity (Relève makes up for it) and easily late."),
		Advice: p.freePL011(),
	}
	_, fixed := p.firmware.Settings["core_freq"]
	switch {
	case p.terminal() == upstreamUART:
		found.Advice = status.Words{} // the overlays that free the other are of Raspberry Pi OS
	case p.firmware.freesPL011():
		found.State = status.Warning
		found.Text = status.Say("Le port est encore le mini-UART, alors que la configuration donne le bon port.", "The port is still the mini-UART, although the configuration gives the good one.")
		found.Advice = status.Say("Redémarrez : sudo reboot", "Restart: sudo reboot")
	case p.firmware.Settings["enable_uart"] != "1" && !fixed:
		found.State = status.Warning
		found.Text = status.Say("C'est le mini-UART, et sa vitesse suit celle du processeur : les octets deviennent faux dès qu'elle change.",
			"It is the mini-UART, and its speed follows the processor's: bytes go wrong whenever that changes.")
		found.Advice = p.configure("enable_uart=1\\ndtoverlay=disable-bt", "serial0")
	}
	return found
}

// freePL011 says how the good UART comes to the pins.
func (p *patient) freePL011() status.Words {
	if p.firmware.freesPL011() {
		return status.Say("Redémarrez : sudo reboot", "Restart: sudo reboot")
	}
	command := p.configure("enable_uart=1\\ndtoverlay=disable-bt", "serial0")
	return status.Words{
		FR: command.FR + " (le Bluetooth s'arrête ; pour le garder : dtoverlay=miniuart-bt)",
		EN: command.EN + " (Bluetooth stops; to keep it: dtoverlay=miniuart-bt)",
	}
}
