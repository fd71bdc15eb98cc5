package buffer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/zstd"

	"releve/senml"
)

// envelope is what surrounds a pack on disk. Its checksum covers everything, and it repeats the sequence
// number of its key, so that a pointer of Badger gone astray is found out.
//
// Format, big-endian:
//
//	offset  size  field
//	0       2     magic "RP"
//	2       1     version, 1
//	3       1     coding: 1 when the payload is zstd, plus 2 when the pack is by columns (see columnar) and not in CBOR
//	4       8     sequence number
//	12      8     time of Put, Unix milliseconds
//	20      4     length of the pack before compression
//	24      2     number of hours h the records fall in
//	26      4h    the hours, ascending
//	…       …     payload: the pack by columns, or in CBOR (RFC 8428 §6) when that is shorter, compressed or not
//	end-4   4     CRC-32C of everything before
//
// Example: a pack of three bytes stored at 2026-01-01T00:00:00Z under number 7, one hour, begins
// 52 50 01 00 0000000000000007 0000019b76daa800 00000003 0001 00077d90
type envelope struct {
	seq   Seq
	put   time.Time // to the millisecond
	hours []hour
	form  byte   // formCBOR or formColumnar
	data  []byte // the pack in that form
}

const (
	envelopeVersion = 1
	envelopeFixed   = 26
	envelopeSum     = 4

	codingStored = 0
	codingZstd   = 1

	formCBOR     = 0
	formColumnar = 2

	// maxCBOR bounds a pack, and what a forged or damaged one can make us allocate.
	maxCBOR = 4 << 20
	// maxHours keeps the index entries of a pack within one Badger transaction.
	maxHours = 1024
)

// errCorrupt is under every error of a pack that cannot be read back.
var errCorrupt = errors.New("pack is damaged")

// codec compresses and decompresses. One of each is kept because their tables are large.
type codec struct {
	enc  *zstd.Encoder
	dec  *zstd.Decoder
	poly *crc32.Table
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(256<<10), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxCBOR))
	if err != nil {
		return nil, fmt.Errorf("prepare decompression: %w", err)
	}
	return &codec{enc: enc, dec: dec, poly: crc32.MakeTable(crc32.Castagnoli)}, nil
}

// compress returns the coding and the payload for some data: compressed when that is shorter.
func (c *codec) compress(data []byte) (byte, []byte) {
	small := c.enc.EncodeAll(data, nil)
	if len(small) < len(data) {
		return codingZstd, small
	}
	return codingStored, data
}

// shortest gives a pack the form that is shorter, and its CBOR has been made already.
func shortest(p senml.Pack, cbor []byte) (form byte, data []byte, err error) {
	data, err = newColumnar(p).encode()
	if err != nil || len(data) < len(cbor) {
		return formColumnar, data, err
	}
	return formCBOR, cbor, nil
}

// pack reads the pack of an envelope.
func (e envelope) pack() (senml.Pack, error) {
	if e.form == formColumnar {
		p, err := decodeColumnar(e.data)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errCorrupt, err)
		}
		return p, nil
	}
	return senml.DecodeCBOR(e.data)
}

// seal writes the envelope of e round a payload which compress has made from e.data.
func (c *codec) seal(e envelope, coding byte, payload []byte) []byte {
	out := make([]byte, 0, envelopeFixed+4*len(e.hours)+len(payload)+envelopeSum)
	out = append(out, 'R', 'P', envelopeVersion, coding|e.form)
	out = binary.BigEndian.AppendUint64(out, uint64(e.seq))
	out = binary.BigEndian.AppendUint64(out, uint64(e.put.UnixMilli()))
	out = binary.BigEndian.AppendUint32(out, uint32(len(e.data)))
	out = binary.BigEndian.AppendUint16(out, uint16(len(e.hours)))
	for _, h := range e.hours {
		out = binary.BigEndian.AppendUint32(out, uint32(h))
	}
	out = append(out, payload...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, c.poly))
}

// open checks the envelope and undoes its compression. The result shares no memory with data.
func (c *codec) open(data []byte) (envelope, error) {
	e, coding, payload, err := c.head(data)
	if err != nil {
		return envelope{}, err
	}
	if e.data, err = c.inflate(coding, payload, binary.BigEndian.Uint32(data[20:])); err != nil {
		return envelope{}, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return e, nil
}

// inflate undoes compress. The result shares no memory with the payload.
func (c *codec) inflate(coding byte, payload []byte, size uint32) (data []byte, err error) {
	switch {
	case size > maxCBOR:
		return nil, fmt.Errorf("it claims %d bytes, at most %d are allowed", size, maxCBOR)
	case coding == codingStored:
		data = append([]byte(nil), payload...)
	case coding == codingZstd:
		data, err = c.dec.DecodeAll(payload, make([]byte, 0, size))
	default:
		return nil, fmt.Errorf("coding %d is unknown", coding)
	}
	if err != nil {
		return nil, err
	}
	if len(data) != int(size) {
		return nil, fmt.Errorf("it holds %d bytes and claims %d", len(data), size)
	}
	return data, nil
}

// head checks the envelope and reads all but the payload, which it returns as it lies in data.
func (c *codec) head(data []byte) (e envelope, coding byte, payload []byte, err error) {
	body := len(data) - envelopeSum
	switch {
	case body < envelopeFixed:
		err = fmt.Errorf("%w: %d bytes are too few", errCorrupt, len(data))
	case data[0] != 'R' || data[1] != 'P':
		err = fmt.Errorf("%w: it begins with %x", errCorrupt, data[:2])
	case data[2] != envelopeVersion:
		err = fmt.Errorf("%w: version %d is unknown", errCorrupt, data[2])
	case crc32.Checksum(data[:body], c.poly) != binary.BigEndian.Uint32(data[body:]):
		err = fmt.Errorf("%w: checksum does not match", errCorrupt)
	}
	if err != nil {
		return envelope{}, 0, nil, err
	}
	e.form = data[3] & formColumnar
	e.seq = Seq(binary.BigEndian.Uint64(data[4:]))
	e.put = time.UnixMilli(int64(binary.BigEndian.Uint64(data[12:])))
	end := envelopeFixed + 4*int(binary.BigEndian.Uint16(data[24:]))
	if end > body {
		return envelope{}, 0, nil, fmt.Errorf("%w: its list of hours is too long", errCorrupt)
	}
	for at := envelopeFixed; at < end; at += 4 {
		e.hours = append(e.hours, hour(binary.BigEndian.Uint32(data[at:])))
	}
	return e, data[3] &^ formColumnar, data[end:body], nil
}
