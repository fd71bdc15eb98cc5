package quoalise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"releve/federation/xmpp"
	"releve/senml"
)

// house that is followed: what it keeps by series, what it answers instead, and who subscribed.
type followed struct {
	mu         sync.Mutex // guards everything below
	kept       map[string]senml.Pack
	refuse     func(node, identifier string) error
	unlisted   bool
	subscribed []string
	requests   int
}

func (h *followed) Execute(_ context.Context, _ xmpp.JID, node string, form *xmpp.Form) (*xmpp.Element, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := form.Value("identifier")
	h.requests++
	if h.refuse != nil {
		if err := h.refuse(node, id); err != nil {
			return nil, err
		}
	}
	switch node {
	case "subscribe":
		h.subscribed = append(h.subscribed, id)
		return xmpp.NewElement("", "command"), nil
	case "unsubscribe":
		h.subscribed = slices.DeleteFunc(h.subscribed, func(one string) bool { return strings.HasPrefix(one, id) })
		return xmpp.NewElement("", "command"), nil
	}
	from, errFrom := time.Parse(time.RFC3339, form.Value("start_time"))
	to, errTo := time.Parse(time.RFC3339, form.Value("end_time"))
	if errFrom != nil || errTo != nil {
		return nil, errors.Join(errFrom, errTo)
	}
	return completed(within(h.kept[id], from, to), inFloats)
}

func (h *followed) ListItems(context.Context, xmpp.JID, string) ([]xmpp.Item, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.unlisted {
		return nil, xmpp.NotFound("")
	}
	var items []xmpp.Item
	for name := range h.kept {
		items = append(items, xmpp.Item{Node: name})
	}
	return items, nil
}

// measure lets the house keep one more record a second of each series for a time, and returns them.
func (h *followed) measure(n int) (all senml.Pack) {
	for range n {
		time.Sleep(time.Second)
		h.mu.Lock()
		for name := range h.kept {
			r := senml.Record{Name: name, Unit: "W", Value: senml.NumberValue(float64(len(h.kept[name]))), Time: float64(time.Now().Unix())}
			h.kept[name] = append(h.kept[name], r)
			all = append(all, r)
		}
		h.mu.Unlock()
	}
	return all
}

// shelf is what a follower has taken, each record once, and how often one came again.
type shelf struct {
	mu    sync.Mutex // guards everything below
	has   map[string]bool
	again int
	full  error
}

func (s *shelf) take(_ context.Context, p senml.Pack) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full != nil {
		return s.full
	}
	for _, r := range p {
		if s.has[fmt.Sprint(r)] {
			s.again++
		}
		s.has[fmt.Sprint(r)] = true
	}
	return nil
}

func (s *shelf) lacks(p senml.Pack) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range p {
		if !s.has[fmt.Sprint(r)] {
			n++
		}
	}
	return n
}

// everything is what the house keeps.
func (h *followed) everything() (all senml.Pack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.kept {
		all = append(all, p...)
	}
	return all
}

// login follows as over a new session; what it returns ends that.
func login(f *Follower) (logout func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Follow(ctx)
	}()
	return func() { cancel(); <-done }
}

const energy = device + "_consumption/energy/active/index"

func newFollowed() *followed { return &followed{kept: map[string]senml.Pack{power: nil, energy: nil}} }

func following(t *testing.T, h *followed, s *shelf, file string) *Follower {
	t.Helper()
	progress, err := OpenProgress(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &Follower{
		Remote: &Remote{Session: h, Provider: maison}, Since: time.Hour, Every: 24 * time.Hour, Progress: progress, Take: s.take, Log: quiet,
	}
	f.prepare()
	return f
}

// pushed pushes records to a follower that gathers nothing, and returns what became of them.
func pushed(f *Follower, p senml.Pack) error {
	return settled(func(settle func(error)) { f.push(context.Background(), slices.Clone(p), settle) })
}

// Whatever is lost of what is pushed, and whenever the link or the program ends, everything is there after the next
// login, or for a push that was lost without a word after the next check.
func TestFollowerLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s, file := newFollowed(), &shelf{has: map[string]bool{}}, filepath.Join(t.TempDir(), "progress.json")
		h.measure(600) // before anybody asks
		f := following(t, h, s, file)
		logout := login(f)
		send := func(p senml.Pack) {
			if err := pushed(f, p); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second)
		if n := s.lacks(h.everything()); n > 0 || !slices.Equal(h.subscribed, []string{device}) {
			t.Fatalf("after the first login %d records are missing, subscribed to %q", n, h.subscribed)
		}
		for range 3 {
			send(h.measure(20))
			logout()
			h.measure(30)       // nobody is there
			send(h.measure(10)) // over a new link, before its login is noted
			before := h.requests
			logout = login(f)
			time.Sleep(time.Second)
			if n := s.lacks(h.everything()); n > 0 {
				t.Fatalf("after a login %d records are missing: %+v", n, f.Standing())
			}
			if asked := h.requests - before; asked > 4 {
				t.Errorf("%d requests to close a gap of two series", asked)
			}
		}
		if s.again > 200 {
			t.Errorf("%d records came twice of %d", s.again, len(s.has))
		}
		logout()
		h.measure(30) // the program ends, and another begins
		f = following(t, h, s, file)
		logout = login(f)
		send(h.measure(1))
		if n := s.lacks(h.everything()); n > 0 {
			t.Fatalf("after a start %d records are missing", n)
		}
		h.measure(10) // their pushes are lost without a word
		send(h.measure(1))
		if n := s.lacks(h.everything()); n != 20 {
			t.Fatalf("%d records are missing, want the 20 that were lost", n)
		}
		time.Sleep(25 * time.Hour)
		if n := s.lacks(h.everything()); n > 0 {
			t.Errorf("after a check %d records are missing", n)
		}
		if now := f.Standing(); now.Gaps != 0 || now.Series != 2 || now.Err != nil || len(s.has) != len(h.everything()) {
			t.Errorf("standing %+v, %d records of %d", now, len(s.has), len(h.everything()))
		}
		logout()
	})
}

// What is taken out of the configuration is unsubscribed from at the next login, once; what comes back goes on from where
// it was.
func TestFollowerLeaves(t *testing.T) {
	t.Parallel()
	const other = "urn:dev:prm:01234567890124_consumption/power/active/raw"
	away := &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}
	for _, tt := range []struct {
		name        string
		wanted      [][]string // at one start after the other
		refuse      error      // of the first unsubscribe of each start
		subscribed  []string   // in the end
		unsubscribe int        // requests in all
	}{
		{"nothing", [][]string{{device}, {device}}, nil, []string{device}, 0},
		{"one of two series", [][]string{{power, energy}, {energy}, {energy}}, nil, []string{energy}, 1},
		{"a device for one of its series", [][]string{{device}, {energy}, {energy}}, nil, []string{energy}, 1},
		{"one of two devices", [][]string{{device, other}, {device}, {device}}, nil, []string{device}, 1},
		{"and back", [][]string{{power, energy}, {energy}, {power, energy}, {power}}, nil, []string{power}, 2},
		{"not there", [][]string{{power, energy}, {energy}, {energy}}, away, []string{energy}, 2},
		{"refused", [][]string{{power, energy}, {energy}, {energy}}, xmpp.BadRequest("no"), []string{energy, power}, 1},
		{"not offered", [][]string{{power, energy}, {energy}, {energy}}, xmpp.NotFound(""), []string{energy, power}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, s, file := newFollowed(), &shelf{has: map[string]bool{}}, filepath.Join(t.TempDir(), "progress.json")
				h.kept[other] = nil
				h.measure(10)
				unsubscribe := 0
				for _, wanted := range tt.wanted {
					refused := false
					h.refuse = func(node, _ string) error {
						if node != "unsubscribe" {
							return nil
						}
						if unsubscribe++; refused {
							return nil
						}
						refused = true
						return tt.refuse
					}
					f := following(t, h, s, file)
					f.Identifiers = wanted
					logout := login(f)
					h.measure(int((2 * askSeldom).Seconds()))
					logout()
				}
				slices.Sort(h.subscribed)
				if got := slices.Compact(h.subscribed); !slices.Equal(got, tt.subscribed) || unsubscribe != tt.unsubscribe {
					t.Errorf("subscribed to %q after %d requests", got, unsubscribe)
				}
				f := following(t, h, s, file) // what was left is not had; wanted again, it is
				f.Identifiers = []string{device, other}
				logout := login(f)
				time.Sleep(time.Second)
				if n := s.lacks(h.everything()); n > 0 {
					t.Errorf("%d records are missing once all is wanted again", n)
				}
				logout()
			})
		})
	}
}

// What is refused of one series, or for a time, holds up nothing else and is mended by itself.
func TestFollowerRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := newFollowed(), &shelf{has: map[string]bool{}}
		h.measure(100)
		h.refuse = func(node, id string) error {
			if node == "get_history" && id == energy {
				return xmpp.NotAuthorized("no consent")
			}
			return nil
		}
		f := following(t, h, s, "")
		var told []string
		f.Told = func(err error) { told = append(told, text(err)) }
		logout := login(f)
		defer logout()
		time.Sleep(time.Second)
		if n := s.lacks(h.kept[power]); n > 0 {
			t.Errorf("%d records of the other series are missing", n)
		}
		if now := f.Standing(); now.Gaps != 1 || text(now.Err) != "maison@breizh-sen1.example/releve has no consent in force to show this to us: no consent" {
			t.Errorf("standing %+v", now)
		}
		h.mu.Lock()
		h.refuse = func(string, string) error {
			return &xmpp.StanzaError{Type: "cancel", Condition: "service-unavailable"}
		}
		h.mu.Unlock()
		time.Sleep(time.Hour)
		if now := f.Standing(); text(now.Err) != "maison@breizh-sen1.example/releve is not connected" {
			t.Errorf("standing %+v", now)
		}
		h.mu.Lock()
		h.refuse = nil
		h.mu.Unlock()
		time.Sleep(2 * roundSeldom)
		if now := f.Standing(); now.Gaps != 0 || now.Err != nil || s.lacks(h.everything()) > 0 {
			t.Errorf("standing %+v, %d records missing", now, s.lacks(h.everything()))
		}
		if len(told) > 40 || told[len(told)-1] != "" || len(h.subscribed) != 1 {
			t.Errorf("%d rounds, subscribed %q", len(told), h.subscribed)
		}
	})
}

// A provider without list and without pushes is asked again and again for what was named.
func TestFollowerOfMuteProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := newFollowed(), &shelf{has: map[string]bool{}}
		h.unlisted = true
		h.refuse = func(node, _ string) error {
			if node == "subscribe" {
				return xmpp.NotFound("there is no such command")
			}
			return nil
		}
		f := following(t, h, s, "")
		f.Identifiers, f.Every = []string{power, device}, time.Hour
		logout := login(f)
		defer logout()
		for range 3 {
			h.measure(10)
			time.Sleep(time.Hour + time.Second)
			if n := s.lacks(h.kept[power]); n > 0 {
				t.Errorf("%d records are missing", n)
			}
		}
		if now := f.Standing(); !now.Mute || now.Gaps != 0 || now.Series != 2 || now.Err != nil { // the device may be a series
			t.Errorf("standing %+v", now)
		}
		f = following(t, h, s, "")
		again := login(f)
		defer again()
		time.Sleep(time.Second)
		if now := f.Standing(); !errors.Is(now.Err, ErrUnlisted) {
			t.Errorf("everything of who lists nothing: %+v", now)
		}
	})
}

// A series that nobody knew is pushed: its history follows. What was not asked for is not taken.
func TestFollowerMeetsSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := newFollowed(), &shelf{has: map[string]bool{}}
		f := following(t, h, s, "")
		logout := login(f)
		defer logout()
		time.Sleep(time.Second)
		h.mu.Lock()
		h.kept[voltage] = nil
		h.mu.Unlock()
		h.measure(20)
		if err := pushed(f, h.measure(1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * newSeries)
		if n := s.lacks(h.kept[voltage]); n > 0 || f.Standing().Series != 3 {
			t.Errorf("%d records are missing: %+v", n, f.Standing())
		}
		f.Identifiers = []string{power}
		stranger := senml.Pack{{Name: "urn:dev:ow:1_t", Unit: "Cel", Value: senml.NumberValue(1), Time: 1_700_000_000}}
		if err := pushed(f, stranger); err != nil || s.lacks(stranger) != 1 {
			t.Errorf("what nobody asked for was taken, or refused: %v", err)
		}
	})
}

// A disk that is full loses nothing: no receipt is sent, no mark moves.
func TestFollowerFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := newFollowed(), &shelf{has: map[string]bool{}, full: errors.New("disk full")}
		h.measure(50)
		f := following(t, h, s, "")
		logout := login(f)
		defer logout()
		time.Sleep(time.Minute)
		if err := pushed(f, h.measure(1)); text(err) != "disk full" {
			t.Errorf("a push: %v", err)
		}
		if now := f.Standing(); text(now.Err) != "take the history of a series: disk full" || now.Gaps != 2 {
			t.Errorf("standing %+v", now)
		}
		s.mu.Lock()
		s.full = nil
		s.mu.Unlock()
		time.Sleep(2 * roundSeldom)
		if n := s.lacks(h.everything()); n > 0 {
			t.Errorf("%d records are missing", n)
		}
	})
}

// Marks that cannot be read are set aside, and what they say of whom is not repeated.
func TestProgressDamaged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "progress.json")
	p, err := OpenProgress(file)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0).UTC()
	p.mark(power, at)
	p.verify(power, at.Add(time.Hour))
	p.hear(power, at.Add(2*time.Hour))
	p.hear(power, at)
	p.check(power, at.Add(3*time.Hour))
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenProgress(file)
	want := Mark{Heard: at.Add(2 * time.Hour), Verified: at.Add(time.Hour), Checked: at.Add(3 * time.Hour)}
	if got := again.mark(power, at); err != nil || got != want || !slices.Equal(again.Series(), []string{power}) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	damage(t, file)
	again, err = OpenProgress(file)
	if again == nil || len(again.Series()) != 0 || err == nil || strings.Contains(err.Error(), "0123456789") {
		t.Errorf("damaged: %v", err)
	}
}

func damage(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(`{"`+power+`":{"heard":1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
}
