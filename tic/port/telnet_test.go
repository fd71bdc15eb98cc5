package port

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decoded is what a stream holds, with its commands as words.
func decoded(raw []byte, piece int, binary bool) (data []byte, commands []string) {
	t := telnet{binary: binary}
	for len(raw) > 0 {
		n := min(piece, len(raw))
		data = append(data, t.decode(bytes.Clone(raw[:n]), func(c command) {
			commands = append(commands, fmt.Sprintf("%d %d %x", c.verb, c.option, c.text))
		})...)
		raw = raw[n:]
	}
	return data, commands
}

func TestTelnet(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte{7}, 200))
	for _, test := range []struct {
		name     string
		raw      string
		binary   bool
		data     string
		commands []string
	}{
		{name: "data", raw: "\x02\nPAPP 00440 )\r\x03", data: "\x02\nPAPP 00440 )\r\x03"},
		{name: "IAC as data", raw: "a\xff\xffb\xff\xff", data: "a\xffb\xff"},
		{name: "all verbs", raw: "\xff\xfb\x00x\xff\xfc\x01\xff\xfd\x2c\xff\xfe\xffy", data: "xy", commands: []string{"251 0 ", "252 1 ", "253 44 ", "254 255 "}},
		{name: "speed confirmed", raw: "\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0z", data: "z", commands: []string{"250 44 6500002580"}},
		{name: "IAC in a subnegotiation", raw: "\xff\xfa\x2c\x65\x00\x00\xff\xff\x01\xff\xf0", commands: []string{"250 44 650000ff01"}},
		{name: "empty subnegotiation", raw: "\xff\xfa\xff\xf0a", data: "a"},
		{name: "endless subnegotiation", raw: "\xff\xfa\x2c" + long + "\xff\xf0a", data: "a", commands: []string{fmt.Sprintf("250 44 %x", long[:maxSub-1])}},
		{name: "subnegotiation without its end", raw: "\xff\xfa\x2c\x65\xff\xfd\x03a", data: "a", commands: []string{"253 3 "}},
		{name: "commands without an option", raw: "a\xff\xf1\xff\xf9\xff\xf2b", data: "ab"},
		{name: "padding after CR", raw: "a\r\x00b\r\nc\x00d\r\r\x00", data: "a\rb\r\nc\x00d\r\r"},
		{name: "no padding in binary transmission", raw: "a\r\x00b", binary: true, data: "a\r\x00b"},
		{name: "cut", raw: "a\xff", data: "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []int{1, 3, 1000} {
				data, commands := decoded([]byte(test.raw), piece, test.binary)
				if diff := cmp.Diff(test.data, string(data)); diff != "" {
					t.Errorf("data in pieces of %d (-want +got):\n%s", piece, diff)
				}
				if diff := cmp.Diff(test.commands, commands); diff != "" {
					t.Errorf("commands in pieces of %d (-want +got):\n%s", piece, diff)
				}
			}
		})
	}
}

// FuzzTelnet holds that the pieces a stream comes in change nothing, that nothing grows beyond its bounds, and that what
// is written as data or as a subnegotiation is read again as that.
func FuzzTelnet(f *testing.F) {
	for _, raw := range []string{
		"\x02\nPAPP 00440 )\r\x03", "a\xff\xffb", "\xff\xfd\x2c\xff\xfb\x00", "\xff\xfa\x2c\x65\x00\x00\x25\x80\xff\xf0",
		"\xff\xfa\x2c\xff\xff\xff\xfd\x03", "\r\x00\r\xff\xf1\x00",
	} {
		f.Add([]byte(raw), uint8(2), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, piece uint8, binary bool) {
		data, commands := decoded(raw, len(raw)+1, binary)
		again, same := decoded(raw, int(piece)+1, binary)
		if !bytes.Equal(data, again) || !cmp.Equal(commands, same) {
			t.Fatalf("pieces change %q: %q %v and %q %v", raw, data, commands, again, same)
		}
		if len(data)+2*len(commands) > len(raw) {
			t.Fatalf("%d bytes of data and %d commands out of %d bytes", len(data), len(commands), len(raw))
		}
		escaped := bytes.ReplaceAll(raw, []byte{iac}, []byte{iac, iac})
		if back, _ := decoded(escaped, int(piece)+1, true); !bytes.Equal(back, raw) {
			t.Fatalf("%q, escaped, is read as %q", raw, back)
		}
		text := raw[:min(len(raw), maxSub-1)]
		_, sent := decoded(subnegotiation(comPort, text...), int(piece)+1, binary)
		if want := []string{fmt.Sprintf("250 44 %x", text)}; !cmp.Equal(want, sent) {
			t.Fatalf("%q, as a subnegotiation, is read as %v", text, sent)
		}
	})
}
