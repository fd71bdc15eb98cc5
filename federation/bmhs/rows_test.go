package bmhs

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want []point
		err  string
	}{
		{`{"count":2,"datas":[{"value":1.3427301E7,"timestamp":1795421573490},{"value":"6","timestamp":1795421584000}],"offset":0,"size":2}`, []point{{13427301, 1795421573490}, {6, 1795421584000}}, ""},
		{`{"count":0,"datas":[],"offset":0,"size":0}`, nil, ""},
		{`{"datas":[{"value":null,"timestamp":1},{"value":1,"timestamp":"x"},{"value":1,"timestamp":1.5},{"value":"NaN","timestamp":1},{"value":2,"timestamp":3}]}`, nil, "read rows: the answer is not what a BMHS server writes"},
		{`{"datas":[{"value":null,"timestamp":1},{"value":1,"timestamp":1.5},{"value":"NaN","timestamp":1},{"value":2,"timestamp":3}]}`, []point{{2, 3}}, ""},
		{`{"count":0}`, nil, "read rows: the answer is not what a BMHS server writes"},
		{`<html>`, nil, "read rows: the answer is not what a BMHS server writes"},
		{``, nil, "read rows: the answer is not what a BMHS server writes"},
	} {
		got, err := decodeRows([]byte(tt.text))
		if diff := cmp.Diff(tt.want, got.rows, cmp.AllowUnexported(point{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
		if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%s: error %v, want %q", tt.text, err, tt.err)
		}
	}
}

// FuzzDecodeRows holds that no answer makes a row without a time, or one that is no number.
func FuzzDecodeRows(f *testing.F) {
	f.Add([]byte(`{"count":1,"datas":[{"value":1.3427301E7,"timestamp":1795421573490}],"offset":0,"size":1}`))
	f.Add([]byte(`{"datas":[{"value":"Infinity","timestamp":-1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := decodeRows(text)
		if err != nil && got.rows != nil || len(got.rows) > got.size {
			t.Errorf("%+v, %v", got, err)
		}
		for _, p := range got.rows {
			if p.at <= 0 || p.value != p.value || p.value-p.value != 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}

// FuzzVerdict holds that nothing but a 200 without content is an acknowledgement.
func FuzzVerdict(f *testing.F) {
	f.Add(200, "")
	f.Add(400, `{"error":"Invalid token !"}`)
	f.Add(400, "Agent not activated !")
	f.Fuzz(func(t *testing.T, status int, text string) {
		err := verdict(&http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(text))})
		if (err == nil) != (status == 200 && strings.TrimSpace(text) == "") {
			t.Errorf("%d %q: %v", status, text, err)
		}
	})
}
