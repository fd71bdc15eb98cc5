package senml_test

import (
	"math"
	"testing"

	"releve/senml"
)

func TestValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		value senml.Value
		kind  senml.Kind
		label string
		text  string
	}{
		{"absent", senml.Value{}, senml.None, "none", ""},
		{"number", senml.NumberValue(230), senml.Number, "v", "230"},
		{"fraction", senml.NumberValue(0.1), senml.Number, "v", "0.1"},
		{"index", senml.NumberValue(123456789), senml.Number, "v", "123456789"},
		{"Unix time", senml.NumberValue(1700000000.25), senml.Number, "v", "1700000000.25"},
		{"minus zero", senml.NumberValue(math.Copysign(0, -1)), senml.Number, "v", "0"},
		{"last without exponent", senml.NumberValue(1e20), senml.Number, "v", "100000000000000000000"},
		{"large", senml.NumberValue(1e21), senml.Number, "v", "1e+21"},
		{"small", senml.NumberValue(-2.5e-7), senml.Number, "v", "-0.00000025"},
		{"smaller", senml.NumberValue(2.5e-8), senml.Number, "v", "2.5e-08"},
		{"text", senml.TextValue("HEURE  PLEINE"), senml.Text, "vs", "HEURE  PLEINE"},
		{"empty text", senml.TextValue(""), senml.Text, "vs", ""},
		{"true", senml.BoolValue(true), senml.Bool, "vb", "true"},
		{"false", senml.BoolValue(false), senml.Bool, "vb", "false"},
		{"data", senml.DataValue([]byte{0xfb, 0xff}), senml.Data, "vd", "-_8"},
		{"no data", senml.DataValue(nil), senml.Data, "vd", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			diff(t, test.kind, test.value.Kind())
			diff(t, test.label, test.value.Kind().String())
			diff(t, test.text, test.value.String())
			checkAccessors(t, test.value)
		})
	}
}

// checkAccessors wants exactly the accessor of the value's kind to answer.
func checkAccessors(t *testing.T, v senml.Value) {
	t.Helper()
	number, isNumber := v.Number()
	text, isText := v.Text()
	truth, isBool := v.Bool()
	data, isData := v.Data()
	kinds := map[senml.Kind]bool{senml.Number: isNumber, senml.Text: isText, senml.Bool: isBool, senml.Data: isData}
	for kind, answered := range kinds {
		if answered != (kind == v.Kind()) {
			t.Errorf("the accessor of %v says %t for a value of kind %v", kind, answered, v.Kind())
		}
	}
	rebuilt := map[senml.Kind]senml.Value{
		senml.Number: senml.NumberValue(number), senml.Text: senml.TextValue(text),
		senml.Bool: senml.BoolValue(truth), senml.Data: senml.DataValue(data),
	}
	if got := rebuilt[v.Kind()]; !got.Equal(v) {
		t.Errorf("rebuilt %v, want %v", got, v)
	}
}

func TestDataValueKeepsACopy(t *testing.T) {
	t.Parallel()
	given := []byte("abc")
	value := senml.DataValue(given)
	given[0] = 'x'
	taken, _ := value.Data()
	taken[1] = 'x'
	again, _ := value.Data()
	diff(t, "abc", string(again))
}
