package warp10

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func asked(t *testing.T, p *Platform, path, token, body string) (status int, answer string) {
	t.Helper()
	server := httptest.NewServer(p)
	defer server.Close()
	request, err := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("X-Warp10-Token", token)
	}
	got, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// The platform stores what the input format allows, up to the line that it refuses.
func TestUpdate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body, reason string // reason: "" when all is taken
		stored       int
	}{
		{"# comment\n\n1// a{} 1.5\n2/48.0:-4.5/120 a{x=1} 2\n=3// T\n", "", 3},
		{"1// a{x=%7B%20%27} 'l%27%C3%A9t%C3%A9'\n1// a{x=%7B%20%27} \"again\"\n", "", 1},
		{"1// a{} b64:AAE=\n2// a{} hex:00ff\n3// a{} NaN\n", "", 3},
		{"1// a{} 1.0\n2// a{x} 1.0\n3// a{} 1.0\n", "Invalid label definition.", 1},
		{"=1// 2", "Invalid continuation.", 0},
		{"1 a{} 2", "Missing timestamp separator.", 0},
		{"1.5// a{} 2", "Invalid timestamp.", 0},
		{"1/ a{} 2", "Missing location/elevation separator.", 0},
		{"1/4/ a{} 2", "Invalid location: '4'.", 0},
		{"1//x a{} 2", "Invalid elevation: 'x'.", 0},
		{"1//", "Missing GTS name, labels and value.", 0},
		{"1// a 2", "Missing or invalid GTS name and labels.", 0},
		{"1// a b{} 2", "Missing or invalid GTS name and labels.", 0},
		{"1// a{x=1 2", "Missing end of labels '}'.", 0},
		{"1// a{x=%zz} 2", "Invalid label definition.", 0},
		{"1// a{}", "Missing value.", 0},
		{"1// a{} 1,5", "Cannot parse value.", 0},
		{"1// a{} 'x", "Cannot parse value.", 0},
	} {
		p := &Platform{Write: "W", Read: "R"}
		status, answer := asked(t, p, "/api/v0/update", "W", tt.body)
		if want := map[bool]int{true: 200, false: 400}[tt.reason == ""]; status != want || !strings.Contains(answer, strings.ReplaceAll(tt.reason, "'", "&#39;")) || p.Count() != tt.stored {
			t.Errorf("%q: %d, %d stored, %s", tt.body, status, p.Count(), answer)
		}
	}
	p := &Platform{Write: "W", Read: "R"}
	for _, token := range []string{"", "R", "x"} {
		if status, answer := asked(t, p, "/api/v0/update", token, "1// a{} 1.0"); status != 403 || !strings.Contains(answer, "Invalid token.") || p.Count() != 0 {
			t.Errorf("token %q: %d %s", token, status, answer)
		}
	}
}

// The platform runs what a relay asks of WarpScript.
func TestExec(t *testing.T) {
	t.Parallel()
	p := &Platform{Write: "W", Read: "R", FetchLimit: 2}
	if status, answer := asked(t, p, "/api/v0/update", "W", "1// a{x=1} 1.5\n2// a{x=1} T\n3// a{x=1} 'l%27t'\n9// a{x=2} 4\n"); status != 200 {
		t.Fatal(answer)
	}
	const labels = `{".app":"test","x":"1"}`
	for _, tt := range []struct {
		script string
		status int
		answer string
	}{
		{"1 2 + 'a%20b' 'c d' STU", 200, `[1000000,"c d","a b",3]`},
		{"[ 1 [ ] { 'a' 2.0 } ]", 200, `[[1,[],{"a":2}]]`},
		{"{ 'token' 'R' 'selector' '=a{x=1}' } FIND", 200, `[[{"c":"a","l":` + labels + `,"a":{},"la":0,"v":[]}]]`},
		{
			"{ 'token' 'R' 'class' '~a.*' 'labels' { 'x' '=1' }\n 'start' 2 'end' 4 1 - } FETCH", 200,
			`[[{"c":"a","l":` + labels + `,"a":{},"la":0,"v":[[3,"l't"],[2,true]]}]]`,
		},
		{"{ 'token' 'R' 'class' 'a' 'labels' { } 'start' 10 'end' 12 } FETCH", 200, `[[]]`},
		{"\n{ 'token' 'R' 'class' 'a' 'labels' { } 'start' 1 'end' 3 } FETCH", 500, "ERROR line #2: Exception at '=>FETCH<=' in section '[TOP]' (FETCH exceeded limit of 2 datapoints, current count is 3."},
		{"{ 'token' 'W' 'class' 'a' 'labels' { } 'start' 1 'end' 3 } FETCH", 500, "FETCH given an invalid read token. (Invalid token.)"},
		{"{ 'class' 'a' } FETCH", 500, "FETCH Missing 'token' parameter"},
		{"{ 'token' 'R' 'class' 'a' 'labels' { } 'start' '2026' 'end' 3 } FETCH", 500, "FETCH given invalid parameters."},
		{"{ 'token' 'R' 'class' 'a' } FIND", 500, "or 'class' and 'labels' parameters."},
		{"'it's' 1", 200, `[1,"it's"]`}, // a quote inside a word does not end it
		{"'it's 1", 500, "Cannot find end of string"},
		{"DROP", 500, "Unknown function 'DROP'"},
		{"{ 1", 500, "a mark is left on the stack"},
		{"FETCH", 500, "Stack is empty."},
	} {
		status, answer := asked(t, p, "/api/v0/exec", "", tt.script)
		if status == 200 {
			if diff := cmp.Diff(tt.answer, answer); diff != "" || tt.status != 200 {
				t.Errorf("%s: %d (-want +got):\n%s", tt.script, status, diff)
			}
			continue
		}
		if status != tt.status || !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(answer, "&#39;", "'"), "&gt;", ">"), strings.ReplaceAll(tt.answer, "<", "&lt;")) {
			t.Errorf("%s: %d %s", tt.script, status, answer)
		}
	}
}
