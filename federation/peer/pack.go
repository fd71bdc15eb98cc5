// Package peer hands packs to a program that answers once it has stored them, and takes packs from others so. Between
// two Relèves it is the strongest acknowledgement there is: an IQ result of the consumer itself (RFC 6120 §8.2.3).
//
// In: packs under the names that the gate gave them, or requests of configured senders. Out: <pack
// xmlns="urn:releve:pack:0"/> and <stored/>. PROTOCOL.md in federation is the same for those who implement it. The
// package knows nothing of meters, consents or storage.
package peer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// NS is the namespace of the exchange, and the feature of those who take packs. NSCBOR is the feature of those who take
// them in CBOR too.
const (
	NS     = "urn:releve:pack:0"
	NSCBOR = NS + "#cbor"
)

// MaxRecords is the most that one pack may hold.
const MaxRecords = 5_000

// Element writes resolved records as they travel.
//
//	Format:  <pack xmlns="urn:releve:pack:0"><sensml xmlns="urn:ietf:params:xml:ns:senml">…</sensml></pack>
//	         <pack xmlns="urn:releve:pack:0"><cbor>BASE64</cbor></pack>
//	Example: <sensml …><senml bn="urn:dev:org:60060-1f2e3d4c5b6a7988_voltage/1" bt="1764201600" bu="V" v="231"/><senml t="1.2" v="230"/></sensml>
func Element(p senml.Pack, format senml.Format) (*xmpp.Element, error) {
	text, err := senml.Encode(format, p.Compact())
	if err != nil {
		return nil, fmt.Errorf("write a pack: %w", err)
	}
	pack := xmpp.NewElement(NS, "pack")
	if format == senml.CBOR {
		return pack.Add(xmpp.NewElement("", "cbor").WithText(base64.StdEncoding.EncodeToString(text))), nil
	}
	sensml, err := xmpp.ParseElement(text)
	if err != nil {
		return nil, fmt.Errorf("write a pack: %w", err)
	}
	for _, record := range sensml.Children { // inherited: repeated, it would cost more bytes than the values
		record.Name.Space = ""
	}
	return pack.Add(sensml), nil
}

// Parse reads a <pack/> and returns its records, resolved. Times must be absolute: they are what a repeated record is
// recognised by.
func Parse(x *xmpp.Element) (senml.Pack, error) {
	pack, err := decode(x)
	if err != nil {
		return nil, fmt.Errorf("read a pack: %w", err)
	}
	if len(pack) > MaxRecords {
		return nil, fmt.Errorf("read a pack: it holds %d records; send at most %d", len(pack), MaxRecords)
	}
	resolved, err := pack.Resolve(time.Unix(0, 0)) // at which relative times are refused
	if err != nil {
		return nil, fmt.Errorf("read a pack: %w; times must be absolute", err)
	}
	if len(resolved) == 0 {
		return nil, errors.New("read a pack: it holds no record")
	}
	return resolved, nil
}

func decode(x *xmpp.Element) (senml.Pack, error) {
	if sensml := x.Child(senml.NS, "sensml"); sensml != nil {
		text, err := sensml.Bytes()
		if err != nil {
			return nil, err
		}
		return senml.DecodeXML(text)
	}
	cbor := x.Child(NS, "cbor")
	if cbor == nil {
		return nil, errors.New("it has neither sensml nor cbor in it")
	}
	text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(cbor.Text), ""))
	if err != nil {
		return nil, fmt.Errorf("cbor: %w", err)
	}
	return senml.DecodeCBOR(text)
}
