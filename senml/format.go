package senml

import (
	"fmt"
	"mime"
)

// Format is one of the representations of a pack. The zero Format is none of them.
type Format uint8

// The formats this package writes and reads. EXI (RFC 8428 §8) is not among them.
const (
	JSON Format = iota + 1 // application/senml+json, RFC 8428 §5
	CBOR                   // application/senml+cbor, RFC 8428 §6
	XML                    // application/senml+xml, RFC 8428 §7
)

// String returns json, cbor or xml.
func (f Format) String() string {
	switch f {
	case JSON:
		return "json"
	case CBOR:
		return "cbor"
	case XML:
		return "xml"
	default:
		return fmt.Sprintf("format %d", uint8(f))
	}
}

// MediaType returns the media type registered for f, for example application/senml+cbor. It is empty for
// a Format that is none.
func (f Format) MediaType() string {
	if f < JSON || f > XML {
		return ""
	}
	return "application/senml+" + f.String()
}

// ParseFormat understands a short name (json) and a media type (application/senml+json; charset=utf-8).
func ParseFormat(s string) (Format, error) {
	name, _, err := mime.ParseMediaType(s)
	if err != nil {
		return 0, fmt.Errorf("read format %q: %w", s, err)
	}
	for f := JSON; f <= XML; f++ {
		if name == f.String() || name == f.MediaType() {
			return f, nil
		}
	}
	return 0, fmt.Errorf("format %q is unknown; use json, cbor, xml or their media type application/senml+…", s)
}

// Encode writes p in the format f. See EncodeJSON, EncodeCBOR and EncodeXML for what they refuse.
func Encode(f Format, p Pack) ([]byte, error) {
	switch f {
	case JSON:
		return EncodeJSON(p)
	case CBOR:
		return EncodeCBOR(p)
	case XML:
		return EncodeXML(p)
	default:
		return nil, fmt.Errorf("encode pack: %v is none of json, cbor, xml", f)
	}
}

// Decode reads a pack in the format f. See DecodeJSON, DecodeCBOR and DecodeXML for what they refuse.
func Decode(f Format, data []byte) (Pack, error) {
	switch f {
	case JSON:
		return DecodeJSON(data)
	case CBOR:
		return DecodeCBOR(data)
	case XML:
		return DecodeXML(data)
	default:
		return nil, fmt.Errorf("decode pack: %v is none of json, cbor, xml", f)
	}
}
