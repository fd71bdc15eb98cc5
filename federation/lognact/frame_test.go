package lognact

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

func TestFrame(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(`{"host":"h"}`, 7000)
	for _, compress := range []bool{false, true} {
		for _, message := range []string{"", "{}", long} {
			frame := encodeFrame([]byte(message), compress)
			got, err := decodeFrame(bytes.NewReader(frame), maxAnswer)
			if err != nil || string(got) != message {
				t.Errorf("compressed %t, %d bytes: got %d bytes, %v", compress, len(message), len(got), err)
			}
			if frame[4]&flagLarge != 0 {
				t.Error("flag 4: Zabbix 7.0 would close the connection")
			}
		}
	}
	if got, want := hex.EncodeToString(encodeFrame(make([]byte, 0x52), false)[:13]), "5a42584401"+"52000000"+"00000000"; got != want {
		t.Errorf("head %s, want %s", got, want)
	}
}

func TestFrameRefuses(t *testing.T) {
	t.Parallel()
	head := func(flags byte, length, plain uint32) string {
		h := append([]byte("ZBXD"), flags)
		h = binary.LittleEndian.AppendUint32(h, length)
		return string(binary.LittleEndian.AppendUint32(h, plain))
	}
	for _, row := range []struct{ name, text, err string }{
		{"nothing", "", "read the head of an answer: EOF"},
		{"a web server", "HTTP/1.1 400 Bad Request", errNoFrame.Error()},
		{"a head that is cut", "ZBXD\x01", "read the head of an answer: unexpected EOF"},
		{"64-bit lengths", head(5, 2, 0), "read an answer: flags 0x5 are not known"},
		{"no protocol", head(0, 2, 0), "read an answer: flags 0x0 are not known"},
		{"too long", head(1, maxAnswer+1, 0), "read an answer: it has 1048577 bytes, 0 when unpacked, and may have 1048576"},
		{"too long when unpacked", head(3, 1, maxAnswer+1), "read an answer: it has 1 bytes, 1048577 when unpacked, and may have 1048576"},
		{"a message that is cut", head(1, 9, 0) + "{", "read an answer: unexpected EOF"},
		{"no zlib", head(3, 2, 2) + "{}", "unpack an answer: zlib: invalid header"},
		{"another length than promised", strings.Replace(string(encodeFrame([]byte("{ }"), true)), "\x03\x00\x00\x00", "\x02\x00\x00\x00", 1), "unpack an answer: it has another length than the 2 bytes its head gives"},
	} {
		got, err := decodeFrame(strings.NewReader(row.text), maxAnswer)
		if err == nil || err.Error() != row.err {
			t.Errorf("%s: got %q, %v; want %s", row.name, got, err, row.err)
		}
	}
}

// FuzzFrame holds: whatever comes, what is read is no longer than allowed, and reads the same when it is written again.
func FuzzFrame(f *testing.F) {
	for _, compress := range []bool{false, true} {
		f.Add(encodeFrame([]byte(`{"response":"success","info":"processed: 1; failed: 0; total: 1; seconds spent: 0.000056"}`), compress))
	}
	f.Add([]byte("ZBXD\x03\xff\xff\x0f\x00\xff\xff\x0f\x00x"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		message, err := decodeFrame(bytes.NewReader(frame), 1<<16)
		if err != nil {
			return
		}
		if len(message) > 1<<16 {
			t.Errorf("%d bytes", len(message))
		}
		again, err := decodeFrame(bytes.NewReader(encodeFrame(message, len(frame)%2 == 0)), 1<<16)
		if err != nil || !bytes.Equal(again, message) {
			t.Errorf("%q came back as %q, %v", message, again, err)
		}
		_, _ = readAnswer(message)
	})
}
