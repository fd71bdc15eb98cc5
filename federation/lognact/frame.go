package lognact

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame is how both sides of a trapper's connection write their one message.
//
// Format:  "ZBXD" flags(1) length(4, little-endian) plain length(4, 0 unless compressed) JSON
// Example: 5a425844 01 52000000 00000000 {"request":"sender data",…}
const (
	magic          = "ZBXD"
	frameHead      = 13
	flagProtocol   = 1
	flagCompressed = 2 // zlib
	flagLarge      = 4 // lengths of 64 bits: Zabbix 7.0 closes the connection without a word
)

// maxAnswer is more than any answer to values has, in bytes.
const maxAnswer = 1 << 20

// encodeFrame writes a message as a frame.
func encodeFrame(message []byte, compress bool) []byte {
	flags, plain := byte(flagProtocol), uint32(0)
	if compress {
		var packed bytes.Buffer
		w := zlib.NewWriter(&packed)
		_, _ = w.Write(message) // into memory
		_ = w.Close()
		flags, plain, message = flags|flagCompressed, uint32(len(message)), packed.Bytes()
	}
	frame := append(make([]byte, 0, frameHead+len(message)), magic...)
	frame = append(frame, flags)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(message)))
	frame = binary.LittleEndian.AppendUint32(frame, plain)
	return append(frame, message...)
}

var errNoFrame = errors.New("what answers is no Zabbix server or proxy: there is no ZBXD at the beginning")

// decodeFrame reads one frame and returns its message, of which most is the length in bytes.
func decodeFrame(r io.Reader, most uint32) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("read the head of an answer: %w", err)
	}
	if string(head[:4]) != magic {
		return nil, errNoFrame
	}
	flags, length, plain := head[4], binary.LittleEndian.Uint32(head[5:]), binary.LittleEndian.Uint32(head[9:])
	switch {
	case flags&^flagCompressed != flagProtocol:
		return nil, fmt.Errorf("read an answer: flags %#x are not known", flags)
	case length > most || plain > most:
		return nil, fmt.Errorf("read an answer: it has %d bytes, %d when unpacked, and may have %d", length, plain, most)
	}
	message := make([]byte, length)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	if flags&flagCompressed == 0 {
		return message, nil
	}
	return unpack(message, plain)
}

// unpack believes nothing of the length that the head gives.
func unpack(packed []byte, plain uint32) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack an answer: %w", err)
	}
	message, err := io.ReadAll(io.LimitReader(r, int64(plain)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpack an answer: %w", err)
	case len(message) != int(plain):
		return nil, fmt.Errorf("unpack an answer: it has another length than the %d bytes its head gives", plain)
	}
	return message, nil
}
