package buffer

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// FuzzManifest wants the good part of a MANIFEST to be all good by itself, whatever follows.
func FuzzManifest(f *testing.F) {
	change := []byte("a change set")
	good := binary.BigEndian.AppendUint32([]byte("Bdgr\x00\x02\x00\x08"), uint32(len(change)))
	good = append(binary.BigEndian.AppendUint32(good, crc32.Checksum(change, crc32.MakeTable(crc32.Castagnoli))), change...)
	f.Add(good)
	f.Add(append(bytes.Clone(good), good[8:20]...))
	f.Add(good[:5])
	f.Fuzz(func(t *testing.T, data []byte) {
		n := goodManifest(data)
		if n > len(data) || goodManifest(data[:n]) != n {
			t.Errorf("%d of %d bytes are good, of them %d", n, len(data), goodManifest(data[:n]))
		}
	})
}
