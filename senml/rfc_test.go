package senml_test

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// The examples of RFC 8428, each with what it resolves to.

const singleDataPoint = `[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]`

const twoDataPoints = `[
  {"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
  {"n":"current","u":"A","v":1.2}
]`

const sixCurrents = `[
  {"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,
   "bu":"A","bver":5,
   "n":"voltage","u":"V","v":120.1},
  {"n":"current","t":-5,"v":1.2},
  {"n":"current","t":-4,"v":1.3},
  {"n":"current","t":-3,"v":1.4},
  {"n":"current","t":-2,"v":1.5},
  {"n":"current","t":-1,"v":1.6},
  {"n":"current","v":1.7}
]`

// In chronological order, and with the version, which is not the RFC's own (§4.6).
const sixCurrentsResolved = `[
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1276020071.001,"v":1.2},
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1276020072.001,"v":1.3},
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1276020073.001,"v":1.4},
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1276020074.001,"v":1.5},
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1276020075.001,"v":1.6},
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:voltage","u":"V","t":1276020076.001,"v":120.1},
  {"bver":5,"n":"urn:dev:ow:10e2073a0108006:current","u":"A","t":1276020076.001,"v":1.7}
]`

const mobileDevice = `[
  {"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,
   "bu":"%RH","v":20},
  {"u":"lon","v":24.30621},
  {"u":"lat","v":60.07965},
  {"t":60,"v":20.3},
  {"u":"lon","t":60,"v":24.30622},
  {"u":"lat","t":60,"v":60.07965},
  {"t":120,"v":20.7},
  {"u":"lon","t":120,"v":24.30623},
  {"u":"lat","t":120,"v":60.07966},
  {"u":"%EL","t":150,"v":98},
  {"t":180,"v":21.2},
  {"u":"lon","t":180,"v":24.30628},
  {"u":"lat","t":180,"v":60.07967}
]`

// RFC 8428 §5.1.4.
const mobileDeviceResolved = `[
  {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067464e+09,"v":20},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067464e+09,"v":24.30621},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067464e+09,"v":60.07965},
  {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067524e+09,"v":20.3},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067524e+09,"v":24.30622},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067524e+09,"v":60.07965},
  {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067584e+09,"v":20.7},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067584e+09,"v":24.30623},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067584e+09,"v":60.07966},
  {"n":"urn:dev:ow:10e2073a01080063","u":"%EL","t":1.320067614e+09,"v":98},
  {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067644e+09,"v":21.2},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067644e+09,"v":24.30628},
  {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067644e+09,"v":60.07967}
]`

const dataTypes = `[
  {"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
  {"n":"label","vs":"Machine Room"},
  {"n":"open","vb":false},
  {"n":"nfv-reader","vd":"aGkgCg"}
]`

const twoDevices = `[
  {"bn":"2001:db8::2/","bt":1.320078429e+09,
   "n":"temperature","u":"Cel","v":25.2},
  {"n":"humidity","u":"%RH","v":30},
  {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
  {"n":"humidity","u":"%RH","v":67}
]`

const thermostat = `[
  {"bn":"urn:dev:ow:10e2073a01080063:"},
  {"n":"temp","u":"Cel","v":23.1},
  {"n":"heat","u":"/","v":1},
  {"n":"fan","u":"/","v":0}
]`

const dimmedThenOff = `[
  {"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},
  {"n":"2001:db8::4","v":0.5},
  {"n":"2001:db8::3","t":0.1,"v":0},
  {"n":"2001:db8::4","t":0.1,"v":0}
]`

// now is the time of the packs without absolute time.
func now() time.Time { return time.Unix(1_700_000_000, 250_000_000) }

func TestRFCExamplesResolve(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sent, resolved string }{
		{"5.1.1", singleDataPoint, `[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","t":1700000000.25,"v":23.1}]`},
		{"5.1.2 now", twoDataPoints, `[
			{"n":"urn:dev:ow:10e2073a01080063:voltage","u":"V","t":1700000000.25,"v":120.1},
			{"n":"urn:dev:ow:10e2073a01080063:current","u":"A","t":1700000000.25,"v":1.2}]`},
		{"5.1.2 six currents", sixCurrents, sixCurrentsResolved},
		{"5.1.3", mobileDevice, mobileDeviceResolved},
		{"5.1.5", dataTypes, `[
			{"n":"urn:dev:ow:10e2073a01080063:temp","u":"Cel","t":1700000000.25,"v":23.1},
			{"n":"urn:dev:ow:10e2073a01080063:label","t":1700000000.25,"vs":"Machine Room"},
			{"n":"urn:dev:ow:10e2073a01080063:open","t":1700000000.25,"vb":false},
			{"n":"urn:dev:ow:10e2073a01080063:nfv-reader","t":1700000000.25,"vd":"aGkgCg"}]`},
		{"5.1.6", twoDevices, `[
			{"n":"2001:db8::2/temperature","u":"Cel","t":1320078429,"v":25.2},
			{"n":"2001:db8::2/humidity","u":"%RH","t":1320078429,"v":30},
			{"n":"2001:db8::1/temperature","u":"Cel","t":1320078429,"v":12.3},
			{"n":"2001:db8::1/humidity","u":"%RH","t":1320078429,"v":67}]`},
		{"5.1.7 thermostat", thermostat, `[
			{"n":"urn:dev:ow:10e2073a01080063:temp","u":"Cel","t":1700000000.25,"v":23.1},
			{"n":"urn:dev:ow:10e2073a01080063:heat","u":"/","t":1700000000.25,"v":1},
			{"n":"urn:dev:ow:10e2073a01080063:fan","u":"/","t":1700000000.25,"v":0}]`},
		{"5.1.7 dimmed", dimmedThenOff, `[
			{"n":"2001:db8::3","u":"/","t":1320078429,"v":0.5},
			{"n":"2001:db8::4","u":"/","t":1320078429,"v":0.5},
			{"n":"2001:db8::3","u":"/","t":1320078429.1,"v":0},
			{"n":"2001:db8::4","u":"/","t":1320078429.1,"v":0}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sent, want := mustDecodeJSON(t, test.sent), mustDecodeJSON(t, test.resolved)
			if err := sent.Validate(); err != nil {
				t.Fatalf("validate: %v", err)
			}
			got, err := sent.Resolve(now())
			if err != nil {
				t.Fatalf("resolve: %v", err)
			}
			diff(t, want, got)
		})
	}
}

func TestRFCExamplesSurviveEveryFormat(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{
		singleDataPoint, twoDataPoints, sixCurrents, mobileDevice, mobileDeviceResolved, dataTypes, twoDevices,
		thermostat, dimmedThenOff,
	} {
		want := mustDecodeJSON(t, sent)
		for _, format := range formats() {
			data, err := senml.Encode(format, want)
			if err != nil {
				t.Fatalf("encode %v: %v", format, err)
			}
			got, err := senml.Decode(format, data)
			if err != nil {
				t.Fatalf("decode %v: %v", format, err)
			}
			diff(t, want, got)
		}
	}
}

// RFC 8428 §6, the dump of the six currents.
const sixCurrentsCBOR = `
	87 a7 21 78 1b 75 72 6e 3a 64 65 76 3a 6f 77 3a
	31 30 65 32 30 37 33 61 30 31 30 38 30 30 36 3a
	22 fb 41 d3 03 a1 5b 00 10 62 23 61 41 20 05 00
	67 76 6f 6c 74 61 67 65 01 61 56 02 fb 40 5e 06
	66 66 66 66 66 a3 00 67 63 75 72 72 65 6e 74 06
	24 02 fb 3f f3 33 33 33 33 33 33 a3 00 67 63 75
	72 72 65 6e 74 06 23 02 fb 3f f4 cc cc cc cc cc
	cd a3 00 67 63 75 72 72 65 6e 74 06 22 02 fb 3f
	f6 66 66 66 66 66 66 a3 00 67 63 75 72 72 65 6e
	74 06 21 02 f9 3e 00 a3 00 67 63 75 72 72 65 6e
	74 06 20 02 fb 3f f9 99 99 99 99 99 9a a3 00 67
	63 75 72 72 65 6e 74 06 00 02 fb 3f fb 33 33 33
	33 33 33`

func TestRFCExampleCBOR(t *testing.T) {
	t.Parallel()
	dump := mustHex(t, sixCurrentsCBOR)
	got, err := senml.DecodeCBOR(dump)
	if err != nil {
		t.Fatal(err)
	}
	want := mustDecodeJSON(t, sixCurrents)
	diff(t, want, got)

	// The dump states t: 0 in the last record, as its JSON does not. That apart, it is what we write.
	timeless := strings.Replace(string(dump), "\xa3\x00\x67current\x06\x00", "\xa2\x00\x67current", 1)
	encoded, err := senml.EncodeCBOR(want)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(encoded) != hex.EncodeToString([]byte(timeless)) {
		t.Errorf("encoded\n%x, want\n%x", encoded, timeless)
	}
}

// RFC 8428 §7, except that the base time has no exponent and elements close at once when we write.
const sixCurrentsXML = `<sensml xmlns="urn:ietf:params:xml:ns:senml">
  <senml bn="urn:dev:ow:10e2073a0108006:" bt="1.276020076001e+09"
  bu="A" bver="5" n="voltage" u="V" v="120.1"></senml>
  <senml n="current" t="-5" v="1.2"></senml>
  <senml n="current" t="-4" v="1.3"></senml>
  <senml n="current" t="-3" v="1.4"></senml>
  <senml n="current" t="-2" v="1.5"></senml>
  <senml n="current" t="-1" v="1.6"></senml>
  <senml n="current" v="1.7"></senml>
</sensml>`

func TestRFCExampleXML(t *testing.T) {
	t.Parallel()
	got, err := senml.DecodeXML([]byte(sixCurrentsXML))
	if err != nil {
		t.Fatal(err)
	}
	want := mustDecodeJSON(t, sixCurrents)
	diff(t, want, got)

	encoded, err := senml.EncodeXML(want)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, strings.NewReplacer(
		"\n  <", "<", "\n  ", " ", "\n", "", "1.276020076001e+09", "1276020076.001", "></senml>", "/>",
	).Replace(sixCurrentsXML), string(encoded))
}

func formats() []senml.Format { return []senml.Format{senml.JSON, senml.CBOR, senml.XML} }

func mustDecodeJSON(t testing.TB, s string) senml.Pack {
	t.Helper()
	p, err := senml.DecodeJSON([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// diff compares packs, texts, anything.
func diff(t testing.TB, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // cmp is slow with large packs, and fuzzing makes many
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
