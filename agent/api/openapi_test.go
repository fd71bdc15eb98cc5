package api_test

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"releve/agent/api"
)

// operation is what the document says of a route.
type operation struct {
	Parameters []struct {
		Ref string `json:"$ref"`
	} `json:"parameters"`
	Responses map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct {
			Schema map[string]any `json:"schema"`
		} `json:"content"`
	} `json:"responses"`
}

// document is what the tests look at of openapi.json.
type document struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Parameters map[string]struct {
			Name   string         `json:"name"`
			In     string         `json:"in"`
			Schema map[string]any `json:"schema"`
		} `json:"parameters"`
		Schemas map[string]any `json:"schemas"`
	} `json:"components"`
}

// fetched is the document as it is served, and what compiles its schemas.
func fetched(t *testing.T, h api.House) (document, *jsonschema.Compiler) {
	t.Helper()
	response := get(t, h, "/api/v1/openapi.json")
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, err)
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", whole); err != nil {
		t.Fatal(err)
	}
	return d, c
}

func (d document) takes(path string) []string {
	var names []string
	for _, p := range d.Paths[path]["get"].Parameters {
		names = append(names, d.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")].Name)
	}
	slices.Sort(names)
	return names
}

func TestDocumentHasEveryRouteAndParameter(t *testing.T) {
	t.Parallel()
	h := house(t)
	d, compiler := fetched(t, h)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi is %s", d.OpenAPI)
	}
	said := map[string][]string{}
	for path := range d.Paths {
		said[path] = d.takes(path)
	}
	if diff := cmp.Diff(api.Routes(h), said); diff != "" {
		t.Errorf("routes and their parameters (-program +document):\n%s", diff)
	}
	for name := range d.Components.Schemas {
		if _, err := compiler.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
}

// TestAnswersAreAsTheDocumentSays asks each route every way its parameters may be given, and with what is wrong.
func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	h := house(t)
	d, compiler := fetched(t, h)
	asked := map[string]bool{}
	codes := map[string]map[int]bool{}
	for _, path := range []string{
		"/api/v1/openapi.json", "/api/v1/status", "/api/v1/health", "/api/v1/consents", "/api/v1/meters", "/api/v1/series", "/api/v1/series?meter=linky",
		"/api/v1/latest", "/api/v1/latest?meter=linky&path=current/1", "/metrics", "/metrics?x=1",
		"/api/v1/history", "/api/v1/history?span=week&step=P1D&compare=previous&meter=linky&meter=voisins.abc", "/api/v1/history?span=month&quantity=tariffs",
		"/api/v1/history?quantity=power&step=PT10M", "/api/v1/history?quantity=power&format=csv", "/api/v1/history?quantity=power&format=senml", "/api/v1/history?quantity=voltage/1&at=2025-03-01&format=senml",
		"/api/v1/history?step=raw", "/api/v1/history?span=year&at=2026-03-01T00:00:00Z", "/api/v1/history?quantity=production", "/api/v1/history?span=eon",
		"/api/v1/shares", "/api/v1/shares?span=month", "/api/v1/shares?meter=nobody", "/api/v1/outlook", "/api/v1/outlook?span=month&quantity=tariffs", "/api/v1/outlook?quantity=power",
		"/api/v1/usual", "/api/v1/usual?weeks=2&at=2026-03-03", "/api/v1/usual?weeks=0", "/api/v1/bill", "/api/v1/bill?at=2026-02-03", "/api/v1/bill?at=soon",
		"/api/v1/objective", "/api/v1/objective?at=2027", "/api/v1/profiles", "/api/v1/profiles?by=person&span=week&step=P1D", "/api/v1/profiles?by=litre",
		"/api/v1/investment", "/api/v1/investment?span=month", "/api/v1/equivalences?power=1240", "/api/v1/equivalences?energy=500000&also=trees", "/api/v1/equivalences",
	} {
		route, _, _ := strings.Cut(path, "?")
		response := get(t, h, path)
		if asked[route] = true; codes[route] == nil {
			codes[route] = map[int]bool{}
		}
		codes[route][response.StatusCode] = true
		d.holds(t, compiler, path, response)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(d.Paths)), slices.Sorted(maps.Keys(asked))); diff != "" {
		t.Errorf("routes asked (-document +test):\n%s", diff)
	}
	for route, seen := range codes {
		if !seen[http.StatusOK] {
			t.Errorf("%s never answered", route)
		}
	}
	h.Bill, h.Standing, h.Stake = nil, nil, nil
	for _, path := range []string{"/api/v1/bill", "/api/v1/objective", "/api/v1/investment"} {
		response := get(t, h, path)
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s of a household without one: %s", path, response.Status)
		}
		d.holds(t, compiler, path, response)
	}
}

// holds compares an answer to what the document says of its route.
func (d document) holds(t *testing.T, c *jsonschema.Compiler, path string, response *http.Response) {
	t.Helper()
	route, _, _ := strings.Cut(path, "?")
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	kind := response.Header.Get("Content-Type")
	if response.StatusCode != http.StatusOK {
		if kind != "application/problem+json" {
			t.Errorf("%s: %d as %s", path, response.StatusCode, kind)
		}
		d.validate(t, c, path, "Problem", body)
		if _, listed := d.Paths[route]["get"].Responses[codeOf(response)]; !listed {
			t.Errorf("%s: the document does not say that it may be %d", path, response.StatusCode)
		}
		return
	}
	content, listed := d.Paths[route]["get"].Responses["200"].Content[kind]
	if !listed {
		t.Errorf("%s: the document does not say that it may be %s", path, kind)
	}
	if _, _, err := mime.ParseMediaType(kind); err != nil {
		t.Errorf("%s: %s: %v", path, kind, err)
	}
	if ref, ok := content.Schema["$ref"].(string); ok {
		d.validate(t, c, path, strings.TrimPrefix(ref, "#/components/schemas/"), body)
	}
}

func codeOf(response *http.Response) string { return response.Status[:3] }

func (d document) validate(t *testing.T, c *jsonschema.Compiler, path, schema string, body []byte) {
	t.Helper()
	compiled, err := c.Compile("openapi.json#/components/schemas/" + schema)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Fatalf("%s: %v in %s", path, err, body)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s is no %s: %v\n%.2000s", path, schema, err, body)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	h := house(t)
	for path, want := range map[string]string{
		"/api/v1/history?span=decade":                          `400 Span "decade" is not one of day, week, month, year.`,
		"/api/v1/history?quantiy=power":                        `400 The parameter "quantiy" is not one of at, compare, format, meter, quantity, span, step.`,
		"/api/v1/history?span=day&span=week":                   `400 Span is given 2 times.`,
		"/api/v1/history?meter=voisin":                         `400 Meter "voisin" is not one of linky, voisins.abc.`,
		"/api/v1/history?span=year&step=PT10M":                 `400 A year cannot be answered in steps of PT10M: ask for a shorter span or another step.`,
		"/api/v1/history?span=year&step=PT1H&quantity=tariffs": `400 That is 87600 points, at most 60000 are told at once: ask for fewer meters, a shorter span or a longer step.`,
		"/api/v1/history?format=xls":                           `400 Format "xls" is not one of json, csv, senml.`,
		"/api/v1/history?at=yesterday":                         `400 At "yesterday" is not a day such as 2026-03-01, nor an instant such as 2026-03-01T12:00:00+01:00.`,
		"/api/v1/status?verbose":                               `400 No parameter is taken here, not "verbose".`,
		"/api/v1/usual?weeks=many":                             `400 Weeks "many" is not a number from 1 to 52.`,
		"/api/v1/shares?meter=linky&meter=voisins.abc":         `400 Meter is given 2 times, one is taken here.`,
		"/api/v1/outlook?quantity=power":                       `400 Quantity "power" has no outlook: ask for energy, injected, production or tariffs.`,
		"/api/v1/equivalences":                                 `400 Give one of power, in W, and energy, in Wh.`,
		"/api/v1/equivalences?power=much":                      `400 Power "much" is not a number such as 1240.`,
		"/api/v1/profiles?by=litre":                            `400 By "litre" is not "person" or "m2".`,
		"/api/v2/status":                                       `404 There is nothing at this address: /api/v1/openapi.json lists what there is.`,
	} {
		response := get(t, h, path)
		var problem struct {
			Status int
			Detail string
		}
		if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
			t.Fatal(path, err)
		}
		if got := codeOf(response) + " " + problem.Detail; got != want || problem.Status != response.StatusCode {
			t.Errorf("%s:\ngot  %s\nwant %s", path, got, want)
		}
	}
	w := httptest.NewRecorder()
	api.Handler(h).ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "http://localhost/api/v1/status", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" || !strings.Contains(w.Body.String(), "can only be read") {
		t.Errorf("DELETE: %d, %s", w.Code, w.Body)
	}
}
