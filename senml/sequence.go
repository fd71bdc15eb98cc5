package senml

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fxamacker/cbor/v2"
)

// Sequence reads packs that stand one behind the other: JSON texts with any white space between, such as one a
// line, or a CBOR sequence (RFC 8742). One pack alone is a sequence, too.
type Sequence struct {
	next   func() ([]byte, error)
	format Format
	read   int
}

// NewSequence reads packs of the format JSON or CBOR from r.
func NewSequence(f Format, r io.Reader) (*Sequence, error) {
	switch f {
	case JSON:
		d := json.NewDecoder(bufio.NewReader(r))
		return &Sequence{format: f, next: func() ([]byte, error) {
			var raw json.RawMessage
			err := d.Decode(&raw)
			return raw, err
		}}, nil
	case CBOR:
		m, err := cborModes()
		if err != nil {
			return nil, err
		}
		d := m.dec.NewDecoder(bufio.NewReader(r))
		return &Sequence{format: f, next: func() ([]byte, error) {
			var raw cbor.RawMessage
			err := d.Decode(&raw)
			return raw, err
		}}, nil
	}
	return nil, fmt.Errorf("read packs: %v is none of json, cbor", f)
}

// Next returns the next pack as it was sent, and io.EOF after the last. The error of what is no pack names its place,
// counting from 1; nothing behind it can be read.
func (s *Sequence) Next() (Pack, error) {
	data, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	s.read++
	var p Pack
	if err == nil {
		p, err = Decode(s.format, data)
	}
	if err != nil {
		return nil, fmt.Errorf("pack %d: %w", s.read, err)
	}
	return p, nil
}
