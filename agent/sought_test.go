package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// sought is one form of one identity: bytes that nobody is to see.
type sought struct {
	what  string // "PRM as digits in base64"
	bytes []byte
}

// forms are the ways in which a number of an identity can be written, by bytes that are within each way: without zeros
// before it, and without the edges of base64, which depend on what is beside it. A digest without a key is one of them:
// there are few enough numbers to try them all.
func forms(what, number string) (all []sought) {
	digits := strings.TrimLeft(number, "0")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		panic(err) // the test's own number
	}
	float := strconv.FormatFloat(float64(n), 'e', -1, 64)
	text, binaries := []byte(number), binary.BigEndian.AppendUint64(nil, n)
	md, sha, long := md5.Sum(text), sha1.Sum(text), sha256.Sum256(text)
	for _, form := range []sought{
		{"digits", []byte(digits)},
		{"a float in digits", []byte(float[:strings.IndexByte(float, 'e')])},
		{"an integer, high byte first", binaries},
		{"an integer, low byte first", binary.LittleEndian.AppendUint64(nil, n)},
		{"a float, high byte first", binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(n)))},
		{"a float, low byte first", binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(n)))},
		{"MD5", md[:]}, {"SHA-1", sha[:]}, {"SHA-256", long[:]},
	} {
		form.what = what + " as " + form.what
		all = append(all, form)
		for _, code := range []func([]byte) string{hex.EncodeToString, func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }} {
			all = append(all, sought{form.what + " in hexadecimal", []byte(code(form.bytes))})
		}
		for _, code := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for before := range 3 {
				text := code.EncodeToString(append(make([]byte, before), form.bytes...))
				first, last := (before*8+5)/6, (before+len(form.bytes))*8/6
				all = append(all, sought{form.what + " in base64", []byte(text[first:last])})
			}
		}
	}
	return all
}

// look finds what of the sought is in bytes, or in what is packed within them.
func look(in []byte, for_ []sought) []string {
	found := map[string]bool{}
	unpack(in, 0, func(part []byte) {
		for _, s := range for_ {
			if !found[s.what] && bytes.Contains(part, s.bytes) {
				found[s.what] = true
			}
		}
	})
	var all []string
	for what := range found {
		all = append(all, what)
	}
	slices.Sort(all)
	return all
}

// packing is what packed bytes begin with, and what reads them.
type packing struct {
	begin []byte
	open  func(r io.Reader) (io.Reader, error)
}

// packings are those there are. The second byte of zlib's is one of four.
var packings = []packing{
	{[]byte{0x1f, 0x8b, 8}, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{[]byte{0x78, 0x01}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
	{[]byte{0x78, 0x5e}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
	{[]byte{0x78, 0x9c}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
	{[]byte{0x78, 0xda}, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }},
	{[]byte{0x28, 0xb5, 0x2f, 0xfd}, func(r io.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	}},
}

// coded is a piece of base64 that may be of something packed.
var coded = regexp.MustCompile(`[A-Za-z0-9+/_-]{32,}`)

// deepest is how many times something may be packed within something packed.
const deepest = 4

// unpack shows bytes, and then what is packed in them, wherever it begins and however it ends.
func unpack(in []byte, depth int, show func(part []byte)) {
	show(in)
	if depth == deepest {
		return
	}
	for _, p := range packings {
		for at := 0; ; at++ {
			next := bytes.Index(in[at:], p.begin)
			if next < 0 {
				break
			}
			at += next
			r, err := p.open(bytes.NewReader(in[at:]))
			if err != nil {
				continue
			}
			if part, _ := io.ReadAll(io.LimitReader(r, 64<<20)); len(part) > 0 { // what came before it ended in an error counts
				unpack(part, depth+1, show)
			}
		}
	}
	for _, text := range coded.FindAll(in, -1) {
		plain, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(string(text[:len(text)/4*4])))
		if err == nil && slices.ContainsFunc(packings, func(p packing) bool { return bytes.Contains(plain, p.begin) }) {
			unpack(plain, depth+1, show)
		}
	}
}

// Whatever form a number has, however it is packed and whatever is beside it, it is found; another is not.
func TestLook(t *testing.T) {
	t.Parallel()
	const number, other = "012345678901", "092345678105"
	n, err := strconv.ParseUint(number, 10, 64)
	must(t, err)
	sum := sha256.Sum256([]byte(number))
	packed := func(make func(w io.Writer) (io.WriteCloser, error), in string) string {
		var out bytes.Buffer
		w, err := make(&out)
		must(t, err)
		_, err = io.WriteString(w, in)
		must(t, err)
		must(t, w.Close())
		return out.String()
	}
	gzipped := func(in string) string {
		return packed(func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }, in)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"digits", `{"bn":"urn:dev:prm:` + number + `_"}`, "digits"},
		{"a number", fmt.Sprint("[", n, "]"), "digits"},
		{"hexadecimal", "x" + hex.EncodeToString([]byte(number)), "digits in hexadecimal"},
		{"base64", base64.StdEncoding.EncodeToString([]byte("prm " + number + ".")), "digits in base64"},
		{"base64 one on", base64.StdEncoding.EncodeToString([]byte("prms " + number + ".")), "digits in base64"},
		{"base64 two on", base64.URLEncoding.EncodeToString([]byte("a prm " + number + ".")), "digits in base64"},
		{"CBOR", "\x81\x1b" + string(binary.BigEndian.AppendUint64(nil, n)), "an integer, high byte first"},
		{"a float of CBOR", "\xfb" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(n)))), "a float, high byte first"},
		{"low byte first", "ab" + string(binary.LittleEndian.AppendUint64(nil, n)), "an integer, low byte first"},
		{"digest", hex.EncodeToString(sum[:]), "SHA-256 in hexadecimal"},
		{"gzip", "POST /\r\n\r\n" + gzipped(number) + "more", "digits"},
		{"gzip that was cut off", gzipped(number)[:25], "digits"},
		{"gzip in gzip in base64", "<pack>" + base64.StdEncoding.EncodeToString([]byte(gzipped("xy"+gzipped(number)))) + "</pack>", "digits"},
		{"zlib", packed(func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }, number), "digits"},
		{"zstd", packed(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }, strings.Repeat(number, 100)), "digits"},
	} {
		if diff := cmp.Diff([]string{"A as " + tt.want}, look([]byte(tt.in), forms("A", number))); diff != "" {
			t.Errorf("%s (-want +found):\n%s", tt.name, diff)
		}
		if got := look([]byte(tt.in), forms("B", other)); got != nil {
			t.Errorf("%s: of another number %q is found", tt.name, got)
		}
	}
}
