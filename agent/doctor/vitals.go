package doctor

import (
	"path"
	"strconv"
	"strings"
)

// Vitals is how the machine itself is doing.
type Vitals struct {
	Model       string   // of a Raspberry Pi; "" for any other machine
	Temperature *float64 // °C; nil where nothing measures it
	Throttled   *uint32  // bits of the firmware, as vcgencmd get_throttled says them; nil where there is no such firmware
	Space       *Space   // under the folder that was asked about; nil when it cannot be read
}

// firmwareThrottled is where the firmware of a Raspberry Pi says its bits, in hexadecimal (raspberrypi-firmware of the kernel).
const firmwareThrottled = "/sys/devices/platform/soc/soc:firmware/get_throttled"

// The bits of Vitals.Throttled (Raspberry Pi documentation, vcgencmd, get_throttled).
const (
	LowVoltage    uint32 = 1 << 0
	Capped        uint32 = 1 << 1
	Slowed        uint32 = 1 << 2
	Hot           uint32 = 1 << 3
	hadLowVoltage uint32 = 1 << 16
)

// Since moves a bit to where the firmware keeps that it was set since the start.
func Since(bit uint32) uint32 { return bit << 16 }

// Vitals looks at the machine, and at the room under a folder.
func (h Host) Vitals(folder string) Vitals {
	v := Vitals{Model: h.board().Model, Temperature: h.temperature(), Throttled: h.throttled()}
	if space, err := h.Space(h.at(folder)); err == nil {
		v.Space = &space
	}
	return v
}

// temperature is that of the processor.
func (h Host) temperature() *float64 {
	for _, file := range h.list("/sys/class/thermal/thermal_zone*/temp") {
		kind := h.read(path.Join(path.Dir(file), "type"))
		if strings.Contains(kind, "cpu") || strings.Contains(kind, "soc") || strings.Contains(kind, "x86_pkg") {
			if thousandths, err := strconv.ParseInt(h.read(file), 10, 32); err == nil {
				celsius := float64(thousandths) / 1000
				return &celsius
			}
		}
	}
	return nil
}

// throttled reads the bits of the firmware; of older kernels, which say low voltage alone, that one.
func (h Host) throttled() *uint32 {
	if bits, err := strconv.ParseUint(strings.TrimPrefix(h.read(firmwareThrottled), "0x"), 16, 32); err == nil {
		value := uint32(bits)
		return &value
	}
	for _, file := range h.list("/sys/class/hwmon/*/name") {
		if h.read(file) == "rpi_volt" {
			var bits uint32
			if h.read(path.Dir(file)+"/in0_lcrit_alarm") == "1" {
				bits = hadLowVoltage // the alarm stays, until the next start
			}
			return &bits
		}
	}
	return nil
}
