package doctor

import (
	"slices"
	"strings"
)

// board is the model of a Raspberry Pi, for what its serial lines depend on.
type board struct {
	Model      string   // as the device tree says it; "" for any other machine
	Generation int      // 1 to 5; a Zero is what its processor is
	Wireless   bool     // Bluetooth takes the good UART unless told otherwise
	Sections   []string // of config.txt that apply, besides [all]
}

// isPi tells a Raspberry Pi.
func (b board) isPi() bool { return b.Generation > 0 }

// boards are the models by how their name begins, the longer names first. Which section of config.txt is whose:
// Raspberry Pi documentation, config.txt, "Conditional filters".
var boards = []board{
	{"Raspberry Pi Compute Module 5", 5, true, []string{"pi5", "cm5"}},
	{"Raspberry Pi Compute Module 4S", 4, false, []string{"pi4", "cm4s"}},
	{"Raspberry Pi Compute Module 4", 4, true, []string{"pi4", "cm4"}},
	{"Raspberry Pi Compute Module 3", 3, false, []string{"pi3", "cm3"}},
	{"Raspberry Pi Compute Module", 1, false, []string{"pi1", "cm1"}},
	{"Raspberry Pi Zero 2", 3, true, []string{"pi0", "pi02"}},
	{"Raspberry Pi Zero W", 1, true, []string{"pi0", "pi0w"}},
	{"Raspberry Pi Zero", 1, false, []string{"pi0"}},
	{"Raspberry Pi 500", 5, true, []string{"pi5", "pi500"}},
	{"Raspberry Pi 5", 5, true, []string{"pi5"}},
	{"Raspberry Pi 400", 4, true, []string{"pi4", "pi400"}},
	{"Raspberry Pi 4", 4, true, []string{"pi4"}},
	{"Raspberry Pi 3 Model B Plus", 3, true, []string{"pi3", "pi3+"}},
	{"Raspberry Pi 3 Model A Plus", 3, true, []string{"pi3", "pi3+"}},
	{"Raspberry Pi 3", 3, true, []string{"pi3"}},
	{"Raspberry Pi 2", 2, false, []string{"pi2"}},
	{"Raspberry Pi Model", 1, false, []string{"pi1"}},
}

// board reads the model.
//
//	Example: "Raspberry Pi 3 Model B Plus Rev 1.3"
func (h Host) board() board {
	model := h.read("/proc/device-tree/model")
	for _, b := range boards {
		if strings.HasPrefix(model, b.Model) {
			b.Model, _, _ = strings.Cut(model, " Rev ")
			return b
		}
	}
	return board{}
}

// firmware is what config.txt sets on this model.
type firmware struct {
	File     string
	Settings map[string]string // enable_uart, core_freq; the last one counts
	Overlays []string          // of dtoverlay, without their parameters
	Params   []string          // of dtparam, such as uart0=on
}

// firmware reads the config.txt that there is.
func (h Host) firmware(b board) firmware {
	file, text := h.first("/boot/firmware/config.txt", "/boot/config.txt")
	f := firmware{File: file, Settings: map[string]string{}}
	f.read(text, b)
	return f
}

// read keeps what applies to a model.
//
//	Format:  [section], name=value, dtoverlay=name,parameter=value, dtparam=name=value,name=value, # comment
//	Example: "dtoverlay=disable-bt"
func (f *firmware) read(text string, b board) {
	applies := true
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if section, found := strings.CutPrefix(line, "["); found {
			section = strings.ToLower(strings.TrimSuffix(section, "]"))
			applies = section == "all" || slices.Contains(b.Sections, section)
			continue
		}
		if name, value, found := strings.Cut(line, "="); found && applies {
			f.set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
}

func (f *firmware) set(name, value string) {
	switch name {
	case "dtoverlay", "device_tree_overlay":
		overlay, _, _ := strings.Cut(value, ",")
		f.Overlays = append(f.Overlays, strings.TrimSpace(overlay))
	case "dtparam":
		f.Params = append(f.Params, strings.Split(value, ",")...)
	default:
		f.Settings[name] = value
	}
}

// freesPL011 tells whether an overlay takes the good UART away from Bluetooth. Those with pi3- are their old names.
func (f firmware) freesPL011() bool {
	return slices.ContainsFunc(f.Overlays, func(overlay string) bool {
		switch strings.TrimPrefix(overlay, "pi3-") {
		case "disable-bt", "miniuart-bt":
			return true
		}
		return false
	})
}
