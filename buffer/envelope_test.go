package buffer

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testCodec(t testing.TB) *codec {
	t.Helper()
	c, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sealed(c *codec, e envelope) []byte {
	coding, payload := c.compress(e.data)
	return c.seal(e, coding, payload)
}

// resum makes the checksum right again after a change.
func resum(data []byte) []byte {
	body := data[:len(data)-envelopeSum]
	return binary.BigEndian.AppendUint32(bytes.Clone(body), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

func TestEnvelopeExample(t *testing.T) {
	t.Parallel()
	e := envelope{seq: 7, put: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), hours: []hour{490896}, data: []byte{0x81, 0xa0, 0}}
	got := hex.EncodeToString(sealed(testCodec(t), e))
	const want = "52500100" + "0000000000000007" + "0000019b76daa800" + "00000003" + "0001" + "00077d90" + "81a000"
	if got[:len(want)] != want {
		t.Errorf("envelope\n got %s\nwant %s and a checksum", got, want)
	}
}

func TestEnvelopeKeeps(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	for _, e := range []envelope{
		{seq: 1, put: time.UnixMilli(0)},
		{seq: 1<<53 - 1, put: time.UnixMilli(1<<40 + 1), hours: []hour{1, 2, 1<<32 - 1}, data: bytes.Repeat([]byte("senml"), 1000)},
		{seq: 2, put: time.UnixMilli(-1), hours: make([]hour, maxHours), data: make([]byte, maxCBOR)},
	} {
		got, err := c.open(sealed(c, e))
		if err != nil {
			t.Fatal(err)
		}
		same := got.seq == e.seq && got.put.Equal(e.put) && bytes.Equal(got.data, e.data)
		if diff := cmp.Diff(e.hours, got.hours); diff != "" || !same {
			t.Errorf("seq %d comes back as %d put %v (-want +got):\n%s", e.seq, got.seq, got.put, diff)
		}
	}
}

func TestEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	e := envelope{seq: 3, put: time.UnixMilli(0), hours: []hour{490896}, data: bytes.Repeat([]byte("senml"), 100)}
	good := sealed(c, e)
	bomb := c.seal(envelope{data: make([]byte, 8)}, codingZstd, c.enc.EncodeAll(make([]byte, 2*maxCBOR), nil))
	change := func(at int, value byte) []byte {
		data := bytes.Clone(good)
		data[at] = value
		return resum(data)
	}
	for _, row := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "pack is damaged: 0 bytes are too few"},
		{"too short", good[:29], "pack is damaged: 29 bytes are too few"},
		{"magic", change(0, 'X'), "pack is damaged: it begins with 5850"},
		{"version", change(2, 2), "pack is damaged: version 2 is unknown"},
		{"cut", good[:len(good)-1], "pack is damaged: checksum does not match"},
		{"flipped bit", append(bytes.Clone(good[:30]), append([]byte{good[30] ^ 1}, good[31:]...)...), "pack is damaged: checksum does not match"},
		{"coding", change(3, 9), "pack is damaged: coding 9 is unknown"},
		{"hours", change(24, 0xFF), "pack is damaged: its list of hours is too long"},
		{"length", change(23, 1), "pack is damaged: it holds 500 bytes and claims 257"},
		{"huge length", change(20, 0x7F), "pack is damaged: it claims 2130706932 bytes, at most 4194304 are allowed"},
		{"bomb", bomb, "pack is damaged: decompressed size exceeds configured limit"},
	} {
		_, err := c.open(row.data)
		if err == nil || err.Error() != row.want || !errors.Is(err, errCorrupt) {
			t.Errorf("%s: error is %v, want %s", row.name, err, row.want)
		}
	}
}

// FuzzEnvelope: whatever opens has a length within bounds and, sealed again, opens as the same.
func FuzzEnvelope(f *testing.F) {
	c := testCodec(f)
	f.Add(sealed(c, envelope{seq: 1, put: time.UnixMilli(0), hours: []hour{1}, data: bytes.Repeat([]byte("senml"), 100)}), true)
	f.Add(sealed(c, envelope{data: []byte{0x80}}), false)
	f.Add(c.seal(envelope{}, codingZstd, c.enc.EncodeAll(make([]byte, 2*maxCBOR), nil)), true)
	f.Add([]byte("RP\x01\x03"), false)
	f.Fuzz(func(t *testing.T, data []byte, honest bool) {
		if honest && len(data) >= envelopeSum { // let the fuzzer get past the checksum
			data = resum(data)
		}
		e, err := c.open(data)
		if err != nil {
			return
		}
		if len(e.data) > maxCBOR {
			t.Fatalf("%d bytes came out", len(e.data))
		}
		again, err := c.open(sealed(c, e))
		if err != nil || again.seq != e.seq || !again.put.Equal(e.put) || !bytes.Equal(again.data, e.data) {
			t.Fatalf("%+v comes back as %+v: %v", e, again, err)
		}
	})
}
