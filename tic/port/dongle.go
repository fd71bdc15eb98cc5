package port

import "strings"

// dongle is the identity of an adapter that is made for the customer bus and for nothing else. An empty field is not
// compared.
type dongle struct {
	title        string
	vendor       string // USB vendor, hexadecimal
	product      string // USB product, hexadecimal
	manufacturer string
	name         string
	serial       string // its beginning
}

// dongles is what the name auto may open. Numbers alone identify no dongle: FTDI's 0403:6015 and 0403:6001, Silicon
// Labs' 10c4:ea60 and QinHeng's 1a86:7523 are in 3D printers, radios and Zigbee coordinators too, and opening one of
// those disturbs it (home-assistant/core#170901 had to stop doing it). So each row has words that its maker wrote into
// the chip, seen where the comment says. Dongles whose words nobody has shown are left out and have to be named: LiXee
// TIC-DIN, GCE Electronics, ADTEK, Dauguet, those for two meters, and what one solders oneself.
var dongles = [...]dongle{
	// README of github.com/hallard/teleinfo-test: "FT230X Basic UART [USB VID:PID=0403:6015 SER=TINFO-1036]".
	{title: "CH2i Micro Téléinfo V2", vendor: "0403", product: "6015", serial: "TINFO-"},
	// README of github.com/hallard/uTeleinfo, and flashing/CH9102F-CH2i.cfg there: "uTinfo-V3.0", "CH2i", TINFO-2500.
	{title: "CH2i Micro Téléinfo V3", vendor: "1a86", product: "55d4", manufacturer: "CH2i", serial: "TINFO-"},
	// /dev/serial/by-id/usb-Cartelectronic_Interface_USB_1_TIC_… in guides for Docker and Zigbee; the words with their
	// spaces are those of the maker's template for FT_PROG.
	{title: "Cartelectronic, one meter", vendor: "0403", manufacturer: "Cartelectronic", name: "Interface USB 1 TIC"},
	// /dev/serial/by-id/usb-Cartelectronic_Interface_USB_-__Compteur_… in a sensor for Home Assistant.
	{title: "Cartelectronic, one meter (older)", vendor: "0403", manufacturer: "Cartelectronic", name: "Interface USB -> Compteur"},
}

// dongleOf returns the title of a known dongle, "" for every other adapter.
func dongleOf(u *USB) string {
	if u == nil {
		return ""
	}
	for _, d := range dongles {
		if d.is(u) {
			return d.title
		}
	}
	return ""
}

func (d dongle) is(u *USB) bool {
	return strings.EqualFold(d.vendor, u.Vendor) && (d.product == "" || strings.EqualFold(d.product, u.Product)) &&
		(d.manufacturer == "" || d.manufacturer == u.Manufacturer) && (d.name == "" || d.name == u.Name) &&
		strings.HasPrefix(u.Serial, d.serial)
}
