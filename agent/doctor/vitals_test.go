package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVitals(t *testing.T) {
	t.Parallel()
	celsius := func(v float64) *float64 { return &v }
	bits := func(v uint32) *uint32 { return &v }
	room := &Space{Free: 5 << 30, Total: 16 << 30}
	for _, row := range []struct {
		name  string
		files map[string]string
		space *Space
		want  Vitals
	}{
		{"a machine that says nothing", nil, nil, Vitals{}},
		{
			"a Raspberry Pi",
			map[string]string{
				"/proc/device-tree/model":                   "Raspberry Pi Zero W Rev 1.1\x00",
				"/sys/class/thermal/thermal_zone0/type":     "cpu-thermal\n",
				"/sys/class/thermal/thermal_zone0/temp":     "48312\n",
				firmwareThrottled:                           "50005\n",
				"/sys/class/hwmon/hwmon1/name":              "rpi_volt\n",
				"/sys/class/hwmon/hwmon1/in0_lcrit_alarm":   "0\n",
				"/sys/class/thermal/cooling_device0/ignore": "",
			},
			room,
			Vitals{Model: "Raspberry Pi Zero W", Temperature: celsius(48.312), Throttled: bits(Since(LowVoltage) | Since(Slowed) | LowVoltage | Slowed), Space: room},
		},
		{
			"a Raspberry Pi whose kernel says low voltage alone",
			map[string]string{"/sys/class/hwmon/hwmon1/name": "rpi_volt\n", "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n"},
			nil,
			Vitals{Throttled: bits(Since(LowVoltage))},
		},
		{
			"nonsense",
			map[string]string{
				"/sys/class/thermal/thermal_zone0/type": "cpu-thermal\n", "/sys/class/thermal/thermal_zone0/temp": "hot\n",
				"/sys/class/thermal/thermal_zone1/type": "battery\n", "/sys/class/thermal/thermal_zone1/temp": "20000\n",
				firmwareThrottled: "yes\n",
			},
			nil, Vitals{},
		},
	} {
		root := t.TempDir()
		for name, text := range row.files {
			file := filepath.Join(root, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		host := Host{Root: root, Space: func(file string) (Space, error) {
			if row.space == nil || file != filepath.Join(root, "/var/lib/releve") {
				return Space{}, os.ErrNotExist
			}
			return *row.space, nil
		}}
		if diff := cmp.Diff(row.want, host.Vitals("/var/lib/releve")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}
