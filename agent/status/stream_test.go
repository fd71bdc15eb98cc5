package status_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"releve/agent/status"
)

// event is one paragraph of a stream, with the virtual second it came at.
type event struct {
	second int
	name   string
	data   string
}

func (e event) regions(t *testing.T) map[string]string {
	t.Helper()
	var regions map[string]string
	if err := json.Unmarshal([]byte(e.data), &regions); err != nil {
		t.Fatalf("%s: %v", e.data, err)
	}
	return regions
}

// recorder keeps the events written to it; after limit of them it refuses.
type recorder struct {
	started time.Time
	limit   int
	header  http.Header

	mu     sync.Mutex // guards everything below
	events []event
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(int)     {}
func (r *recorder) Flush()              {}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit > 0 && len(r.events) == r.limit {
		return 0, errors.New("the browser left")
	}
	e := event{second: int(time.Since(r.started).Round(time.Second).Seconds())}
	for line := range strings.Lines(string(p)) {
		if name, found := strings.CutPrefix(line, "event: "); found {
			e.name = strings.TrimSpace(name)
		}
		if data, found := strings.CutPrefix(line, "data: "); found {
			e.data = strings.TrimSpace(data)
		}
	}
	r.events = append(r.events, e)
	return len(p), nil
}

// follow records a stream for some virtual time; it must be called in a bubble.
func follow(t *testing.T, screen string, snapshot func() status.Snapshot, during time.Duration) []event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	w := &recorder{started: time.Now(), header: http.Header{}}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/events?lang=en&screen="+screen, nil)
	status.Handler(snapshot, status.Options{}).ServeHTTP(w, r)
	if got := w.header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type: %s", got)
	}
	return w.events
}

func TestStreamBeginsWithTheWholePage(t *testing.T) {
	t.Parallel()
	for screen, path := range map[string]string{"now": "/", "device": "/health"} {
		synctest.Test(t, func(t *testing.T) {
			events := follow(t, screen, household, 500*time.Millisecond)
			if len(events) != 2 || events[0].name != "hello" || events[1].name != "patch" {
				t.Fatalf("events %v", events)
			}
			page := parse(t, body(t, get(t, household, path, "en")))
			live := make(map[string]string)
			build := ""
			for node := range page.Descendants() {
				if name := attribute(node, "data-live"); name != "" {
					live[name] = inner(t, node)
				}
				build += attribute(node, "data-build")
			}
			if events[0].data != build || len(build) != 12 {
				t.Errorf("hello says build %q, the page %q", events[0].data, build)
			}
			delete(live, "spoken") // said by the page itself a moment ago
			if diff := cmp.Diff(live, normal(t, events[1].regions(t))); diff != "" {
				t.Errorf("the stream does not draw what %s drew (-page +stream):\n%s", path, diff)
			}
		})
	}
}

func TestStreamOfWhatDoesNotMove(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/events?screen=more", "/events?screen=nothing"} {
		if got := get(t, household, path, "en").StatusCode; got != http.StatusNotFound {
			t.Errorf("%s: %d", path, got)
		}
	}
}

// inner is the content of an element as the parser understands it.
func inner(t *testing.T, node *html.Node) string {
	t.Helper()
	var out strings.Builder
	for child := range node.ChildNodes() {
		if err := html.Render(&out, child); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// normal passes regions through the same parser as the page.
func normal(t *testing.T, regions map[string]string) map[string]string {
	t.Helper()
	for name, text := range regions {
		context := "div"
		if name == "title" {
			context = "title"
		}
		around := &html.Node{Type: html.ElementNode, Data: context, DataAtom: atom.Lookup([]byte(context))}
		nodes, err := html.ParseFragment(strings.NewReader(text), around)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, node := range nodes {
			if err := html.Render(&out, node); err != nil {
				t.Fatal(err)
			}
		}
		regions[name] = out.String()
	}
	return regions
}

func TestStreamSendsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		events := follow(t, "device", func() status.Snapshot {
			s := household()
			if time.Since(started) > 2500*time.Millisecond {
				s.Buffer.Packs++
			}
			return s
		}, 4500*time.Millisecond)
		if len(events) != 3 {
			t.Fatalf("%d events, want hello, all, the change", len(events))
		}
		changed := events[2].regions(t)
		if events[2].second != 3 || len(changed) != 1 || !strings.Contains(changed["outgoing"], "18,423 packs") {
			t.Errorf("at %d s: %v", events[2].second, changed)
		}
	})
}

func TestStreamBeatsWhenNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var beats []int
		for _, e := range follow(t, "now", household, 50*time.Second) {
			if e.name == "beat" {
				beats = append(beats, e.second)
			}
		}
		// At 30 s the spoken sentence comes instead of a beat.
		if want := []int{15, 45}; !slices.Equal(beats, want) {
			t.Errorf("beats at %v, want %v", beats, want)
		}
	})
}

func TestScreenReadersAreSeldomInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		var spoken []int
		events := follow(t, "now", func() status.Snapshot {
			s := household()
			s.Meters[0].Power.Apparent += status.VoltAmpere(time.Since(started).Seconds())
			return s
		}, 95*time.Second)
		for _, e := range events[1:] {
			if said, found := e.regions(t)["spoken"]; found {
				spoken = append(spoken, e.second)
				if !strings.HasPrefix(said, "Drawn: 1,2") && !strings.HasPrefix(said, "Drawn: 1,3") {
					t.Errorf("said %q", said)
				}
			}
		}
		if want := []int{30, 60, 90}; !slices.Equal(spoken, want) {
			t.Errorf("spoken at %v, want %v", spoken, want)
		}
	})
}

func TestStreamEndsWhenTheBrowserLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &recorder{started: time.Now(), header: http.Header{}, limit: 2}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/events", nil)
		status.Handler(household, status.Options{}).ServeHTTP(w, r) // returns, or the test never ends
		if len(w.events) != 2 {
			t.Errorf("%d events", len(w.events))
		}
	})
}

func TestLiveStreamsAreBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(status.Handler(household, status.Options{Clients: 1}))
	t.Cleanup(server.Close)

	first := open(t, server.URL+"/events")
	second := open(t, server.URL+"/events")
	if second.StatusCode != http.StatusServiceUnavailable || second.Header.Get("Retry-After") != "30" {
		t.Errorf("second stream: %s, Retry-After %s", second.Status, second.Header.Get("Retry-After"))
	}
	if want := "too many pages are live; this one will reload by itself\n"; body(t, second) != want {
		t.Errorf("the refusal does not say %q", want)
	}
	if line, err := bufio.NewReader(first.Body).ReadString('\n'); err != nil || line != "retry: 2000\n" {
		t.Errorf("first stream: %q, %v", line, err)
	}
}

func TestHeadOfAStreamDoesNotStay(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodHead, "http://localhost/events", nil)
	w := httptest.NewRecorder()
	status.Handler(household, status.Options{}).ServeHTTP(w, r)
	if w.Body.Len() != 0 || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d bytes of %s", w.Body.Len(), w.Header().Get("Content-Type"))
	}
}

// open asks for an address and closes the answer with the test.
func open(t *testing.T, address string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func BenchmarkStreamUpdate(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	updates := 0
	handler := status.Handler(func() status.Snapshot {
		if updates++; updates == b.N {
			cancel()
		}
		return threePhase()
	}, status.Options{Every: time.Nanosecond})
	w := &discard{header: http.Header{}}
	b.ReportAllocs()
	b.ResetTimer()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/events", nil))
}

type discard struct {
	io.Writer
	header http.Header
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Flush()                      {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
