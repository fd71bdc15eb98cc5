package senml_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"releve/senml"
)

func packsOf(t *testing.T, f senml.Format, data string) (packs []senml.Pack, err error) {
	t.Helper()
	s, err := senml.NewSequence(f, strings.NewReader(data))
	if err != nil {
		return nil, err
	}
	for {
		p, err := s.Next()
		if errors.Is(err, io.EOF) {
			return packs, nil
		}
		if err != nil {
			return packs, err
		}
		packs = append(packs, p)
	}
}

func TestSequence(t *testing.T) {
	t.Parallel()
	one, two := senml.Pack{{Name: "a", Value: senml.NumberValue(1)}}, senml.Pack{{Name: "b", Value: senml.TextValue("x")}, {Name: "c", Value: senml.BoolValue(true)}}
	binary := func(packs ...senml.Pack) string {
		var out bytes.Buffer
		for _, p := range packs {
			data, err := senml.EncodeCBOR(p)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(data)
		}
		return out.String()
	}
	for _, row := range []struct {
		name   string
		format senml.Format
		data   string
		want   []senml.Pack
		err    string
	}{
		{"nothing", senml.JSON, "", nil, ""},
		{"a pack", senml.JSON, `[{"n":"a","v":1}]`, []senml.Pack{one}, ""},
		{"two lines", senml.JSON, "[{\"n\":\"a\",\"v\":1}]\n[{\"n\":\"b\",\"vs\":\"x\"},{\"n\":\"c\",\"vb\":true}]\n", []senml.Pack{one, two}, ""},
		{"no line between", senml.JSON, `[{"n":"a","v":1}][{"n":"a","v":1}]`, []senml.Pack{one, one}, ""},
		{"a line cut short", senml.JSON, "[{\"n\":\"a\",\"v\":1}]\n[{\"n\":", []senml.Pack{one}, "pack 2: unexpected EOF"},
		{"no JSON", senml.JSON, "time;series", nil, "pack 1: invalid character 'i' in literal true (expecting 'r')"},
		{"no pack", senml.JSON, "[{\"n\":\"a\",\"v\":1}] 7", []senml.Pack{one}, "pack 2: decode JSON: expected an array of records, found a number"},
		{"CBOR", senml.CBOR, binary(one, two, one), []senml.Pack{one, two, one}, ""},
		{"CBOR cut short", senml.CBOR, binary(one, two)[:12], []senml.Pack{one}, "pack 2: unexpected EOF"},
		{"CBOR that is no pack", senml.CBOR, binary(one) + "\x07", []senml.Pack{one}, "pack 2: decode CBOR: cbor: cannot unmarshal positive integer into Go value of type []senml.fields"},
		{"XML", senml.XML, "", nil, "read packs: xml is none of json, cbor"},
	} {
		got, err := packsOf(t, row.format, row.data)
		if diff := gocmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if text := fmt.Sprint(err); text != cmp.Or(row.err, "<nil>") {
			t.Errorf("%s: error is %q, want %q", row.name, text, row.err)
		}
	}
}

// FuzzSequence: what is read ends, and written again it reads as the same.
func FuzzSequence(f *testing.F) {
	f.Add(true, []byte("[{\"n\":\"a\",\"v\":1}]\n[{\"n\":\"a\",\"v\":1}]"))
	f.Add(false, []byte("\x81\xa2\x00aa\x02\x01\x81\xa2\x00aa\x02\x01"))
	f.Fuzz(func(t *testing.T, text bool, data []byte) {
		format := senml.CBOR
		if text {
			format = senml.JSON
		}
		packs, _ := packsOf(t, format, string(data))
		var again bytes.Buffer
		for _, p := range packs {
			data, err := senml.Encode(format, p)
			if err != nil {
				t.Fatal(err)
			}
			again.Write(data)
		}
		got, err := packsOf(t, format, again.String())
		if diff := gocmp.Diff(packs, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
	})
}
