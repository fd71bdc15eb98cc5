package bmhs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/federation"
	lab "releve/federation/lab/bmhs"
	"releve/senml"
)

const (
	foyer = "foyer@breizh-sen1.example"
	key   = "00000000-0000-4000-8000-000000000001"
	mac   = "02:00:00:00:00:01"
	urn   = "urn:dev:org:60060-1f2e3d4c5b6a7988"
	meter = "60060-1f2e3d4c5b6a7988"
	app   = "sen1"
	token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// stage is a recipient and the server that it sends to.
type stage struct {
	*testing.T
	server *lab.Server
	now    time.Time
	o      Options
	r      *Recipient
}

func newStage(t *testing.T, change ...func(*Options)) *stage {
	t.Helper()
	s := &stage{T: t, now: at("2026-11-23T12:00:00+01:00")}
	paris := zone(t, "Europe/Paris")
	start := s.now
	server, err := lab.Start(lab.Options{Zone: paris, Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddUser(foyer, key)
	server.Activate(foyer, mac)
	server.Grant(foyer, app, token)
	s.server = server
	s.Cleanup(func() { _ = s.r.Close() })
	s.o = Options{
		Name: "bmhs", Account: Account{server.URL(), foyer, secret(key), mac}, Zone: paris, Every: 5 * time.Minute,
		File: filepath.Join(t.TempDir(), "bmhs.json"), Client: client(), Now: func() time.Time { return s.now },
		Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&s.o)
	}
	s.open()
	return s
}

func secret(text string) Secret { return func() (string, error) { return text, nil } }

// client follows no redirect, as that of the agent: a POST that becomes a GET looks like an answer.
func client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// withData gives the recipient access to the data API.
func withData(o *Options) { o.Data = Data{o.Account.URL, app, secret(token)} }

// rowsOnly takes the account away.
func rowsOnly(o *Options) { withData(o); o.Account = Account{} }

// open begins again as after a kill.
func (s *stage) open() {
	s.Helper()
	if s.r != nil {
		_ = s.r.Close() // which writes nothing
	}
	r, err := Open(s.o)
	if err != nil {
		s.Fatal(err)
	}
	s.r = r
}

func (s *stage) send(p senml.Pack) {
	s.Helper()
	if err := s.r.Send(s.Context(), p); err != nil {
		s.Fatal(err)
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err) // of the test itself
	}
	return t
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func number(t time.Time, path string, n float64) senml.Record {
	return senml.Record{Name: urn + "_" + path, Value: senml.NumberValue(n), Time: seconds(t)}
}

func text(t time.Time, path, v string) senml.Record {
	return senml.Record{Name: urn + "_" + path, Value: senml.TextValue(v), Time: seconds(t)}
}

func flag(t time.Time, path string, on bool) senml.Record {
	return senml.Record{Name: urn + "_" + path, Value: senml.BoolValue(on), Time: seconds(t)}
}

// full is everything that a meter of one phase in historic mode says.
func full(t time.Time, base, papp float64) senml.Pack {
	return senml.Pack{
		text(t, pathOption, "BASE"), number(t, pathSubscribedAmp, 30), number(t, pathSupplier+"1", base), text(t, pathTariff, "TH.."),
		number(t, pathCurrent, float64(int(papp/230))), number(t, pathCurrentMost, 90), number(t, pathPower, papp),
		number(t, pathDrawn, base), flag(t, pathOver, false),
	}
}

// frame is what changes with every frame.
func frame(t time.Time, base, papp float64) senml.Pack {
	return senml.Pack{number(t, pathSupplier+"1", base), number(t, pathPower, papp), number(t, pathDrawn, base)}
}

// lines are the messages that the server has, one a line.
func (s *stage) lines() string {
	var b strings.Builder
	for _, m := range s.server.Messages() {
		fmt.Fprintf(&b, "%s %s iinst=%s base=%s +%s adps=%s", m.At.In(s.o.Zone).Format("02T15:04:05"), m.MAC, m.Value,
			strings.TrimLeft(m.Metavalues["base"].Value, "0"), m.Metavalues["baseinst"].Value, m.Metavalues["adps"].Value)
		if m.Offline {
			b.WriteString(" offline")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (s *stage) want(lines ...string) {
	s.Helper()
	if diff := cmp.Diff(strings.Join(lines, "\n")+"\n", s.lines()); diff != "" {
		s.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestRhythm holds when a message goes: the first frame, one a period, at once and every 15 s while the meter warns, the
// last of a day and the first of the next.
func TestRhythm(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	evening := at("2026-11-22T23:54:00+01:00")
	p := full(evening, 1000, 700)
	p = append(p, frame(evening.Add(299*time.Second), 1010, 800)...)
	p = append(p, frame(evening.Add(300*time.Second), 1011, 810)...)
	p = append(p, frame(evening.Add(359*time.Second), 1012, 820)...)
	p = append(p, frame(evening.Add(361*time.Second), 1013, 830)...)
	over := evening.Add(400 * time.Second)
	p = append(p, append(frame(over, 1014, 7000), flag(over, pathOver, true), number(over, pathCurrentOver, 33))...)
	p = append(p, frame(over.Add(14*time.Second), 1020, 7000)...)
	p = append(p, frame(over.Add(16*time.Second), 1021, 7000)...)
	s.send(p)
	s.want(
		"22T23:54:00 "+meter+" iinst=003 base=1000 +0 adps=0 offline",
		"22T23:59:00 "+meter+" iinst=003 base=1011 +11 adps=0 offline",
		"22T23:59:59 "+meter+" iinst=003 base=1012 +1 adps=0 offline",
		"23T00:00:01 "+meter+" iinst=003 base=1013 +1 adps=0 offline",
		"23T00:00:40 "+meter+" iinst=003 base=1014 +1 adps=033 offline",
		"23T00:00:56 "+meter+" iinst=003 base=1021 +7 adps=033 offline",
	)
	if today := s.server.Day(meter, "base", "2026-11-22"); today != 12 {
		t.Errorf("the server adds up %v Wh for the day, want 12", today)
	}
	s.now = over.Add(40 * time.Second)
	s.send(frame(s.now, 1022, 100)) // only what is late says so
	if got := s.server.Messages()[6]; got.Offline {
		t.Errorf("a message of now is marked offline: %s", got.Raw)
	}
}

// TestAgainChangesNothing holds that a pack that comes again, also after a restart, is not sent again.
func TestAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	evening := at("2026-11-22T23:52:00+01:00")
	p := full(evening, 1000, 700)
	for n := 1; n < 20; n++ { // over midnight, which has messages of its own
		p = append(p, frame(evening.Add(time.Duration(n)*time.Minute), 1000+float64(n)*10, 800)...)
	}
	s.send(p)
	before := s.lines()
	s.send(p)
	s.open()
	s.send(p)
	if diff := cmp.Diff(before, s.lines()); diff != "" {
		t.Errorf("sent again:\n%s", diff)
	}
}

// TestAnswers holds what becomes of a message by what the server answers to it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status  int
		text    string
		err     error
		says    string
		refused uint64
	}{
		{400, "Agent not activated !", errWaits, "activate this agent on the BMHS server (its page of agents); until then everything waits: Agent not activated !", 0},
		{400, "Auto-created agent not activated !", errWaits, "", 0},
		{400, "No token !", errWaits, "", 0},
		{400, "Error no token", errWaits, "", 0},
		{400, "Invalid username !", federation.ErrStopped, "stopped until somebody mends it: Invalid username !", 0},
		{400, "Invalid applicationId !", federation.ErrStopped, "", 0},
		{400, "Subscribe message incomplete !", federation.ErrStopped, "", 0},
		{400, "Erreur refresh expired token !", errLater, "", 0},
		{400, "Erreur subscribe agent !", errLater, "", 0},
		{400, "null", errUnknown, "an answer that is not known: 400", 0},
		{400, "Mac is empty !", nil, "", 1},
		{400, "Value is empty !", nil, "", 1},
		{400, `Unparseable date: "x"`, nil, "", 1},
		{400, "Type device (implClass) is empty or not found : x", nil, "", 1},
		{400, `For input string: "1.3E7"`, nil, "", 1},
		{500, "<html>", errAny, "the server answers 500", 0},
		{503, "", errAny, "the server answers 503", 0},
		{404, "", errAny, "there is no BMHS at url (404): is its path complete, such as https://bmhs.example/smarthome?", 0},
		{302, "", federation.ErrStopped, "stopped until somebody mends it: the server is somewhere else: put the address it redirects to into url", 0},
		{200, "<html>please log in</html>", errAny, "another server answers in place of BMHS, a portal of the network perhaps: nothing was stored", 0},
	} {
		t.Run(fmt.Sprint(tt.status, " ", tt.text), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.server.Answer(tt.status, tt.text, 1)
			err := s.r.Send(t.Context(), full(s.now, 1000, 700))
			if tt.err == errAny && err == nil || tt.err != errAny && !errors.Is(err, tt.err) {
				t.Fatalf("error is %v, want %v", err, tt.err)
			}
			if tt.says != "" && err.Error() != tt.says {
				t.Errorf("error says %q, want %q", err, tt.says)
			}
			if got := s.r.Stats().Refused; got != tt.refused {
				t.Errorf("%d refused, want %d", got, tt.refused)
			}
			s.send(full(s.now.Add(6*time.Minute), 1100, 700))
			if got, want := len(s.server.Messages()), 2-int(tt.refused); got != want {
				t.Errorf("%d messages afterwards, want %d: this one, unless it was refused, and that of the next period", got, want)
			}
		})
	}
}

var errAny = errors.New("any")

// TestUnknownAnswerForEver holds that a message the server falls over each time is let go in the end.
func TestUnknownAnswerForEver(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.server.Answer(400, "null", mostTries)
	p := full(s.now, 1000, 700)
	for try := 1; try < mostTries; try++ {
		if err := s.r.Send(t.Context(), p); !errors.Is(err, errUnknown) {
			t.Fatalf("try %d: %v", try, err)
		}
	}
	s.send(p)
	if got := s.r.Stats(); got.Refused != 1 || got.Messages != 0 {
		t.Errorf("stats are %+v", got)
	}
}

// TestFirstContact holds that an agent the server has never seen waits until its user activates it, and loses nothing.
func TestFirstContact(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *Options) { o.Account.MAC = "02:00:00:00:00:02" })
	p := full(s.now, 1000, 700)
	for range 2 {
		if err := s.r.Send(t.Context(), p); !errors.Is(err, errWaits) {
			t.Fatal(err)
		}
	}
	s.server.Activate(foyer, "02:00:00:00:00:02")
	s.send(p)
	s.want("23T12:00:00 " + meter + " iinst=003 base=1000 +0 adps=0")
	want := map[string]int{"No token !": 1, "Agent not activated !": 1}
	if diff := cmp.Diff(want, s.server.Refusals()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestLostAnswer holds that what may have been stored is sent again, as the same message: the row is doubled, the energy of
// the day is not, and that of the period neither.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send(full(s.now, 1000, 700))
	p := frame(s.now.Add(10*time.Minute), 1100, 800)
	s.server.Swallow()
	if err := s.r.Send(t.Context(), p); err == nil {
		t.Fatal("no error")
	}
	s.send(p)
	s.send(frame(s.now.Add(20*time.Minute), 1150, 800))
	s.want(
		"23T12:00:00 "+meter+" iinst=003 base=1000 +0 adps=0",
		"23T12:10:00 "+meter+" iinst=003 base=1100 +100 adps=0",
		"23T12:10:00 "+meter+" iinst=003 base=1100 +100 adps=0",
		"23T12:20:00 "+meter+" iinst=003 base=1150 +50 adps=0",
	)
	if today := s.server.Day(meter, "base", "2026-11-23"); today != 150 {
		t.Errorf("the server adds up %v Wh for the day, want 150", today)
	}
}

// TestWithdrawn holds that a consent that ends stops what is left of a pack, and that what went is not sent again.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(*Options){"messages": func(*Options) {}, "rows": rowsOnly} {
		s := newStage(t, with)
		p := append(full(s.now, 1000, 700), frame(s.now.Add(10*time.Minute), 1100, 800)...)
		asked := 0
		err := s.r.SendWhile(t.Context(), p, func() error {
			if asked++; asked > 2 { // once for all of it, and once a request
				return federation.ErrWithdrawn
			}
			return nil
		})
		if !errors.Is(err, federation.ErrWithdrawn) {
			t.Fatalf("%s: %v", name, err)
		}
		s.send(p)
		if got := s.r.Stats(); name == "messages" && got.Messages != 2 || name == "rows" && got.Rows != 10 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestMeterReplaced holds that no energy is negative.
func TestMeterReplaced(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send(full(s.now, 50_000, 700))
	s.send(frame(s.now.Add(10*time.Minute), 12, 800))
	s.send(frame(s.now.Add(20*time.Minute), 112, 800))
	s.want(
		"23T12:00:00 "+meter+" iinst=003 base=50000 +0 adps=0",
		"23T12:10:00 "+meter+" iinst=003 base=12 +0 adps=0",
		"23T12:20:00 "+meter+" iinst=003 base=112 +100 adps=0",
	)
}

// TestNoCurrentOfZero holds that a current of 0 beside a power does not keep the indexes out of the history.
func TestNoCurrentOfZero(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send(full(s.now, 1000, 90))
	if got := s.server.Rows(meter, "base"); len(got) != 1 {
		t.Errorf("rows of base: %v, messages:\n%s", got, s.lines())
	}
}

// dying is a client whose process ends after so many requests: before one goes, or after it was answered.
type dying struct {
	requests int
	answered bool
}

var errKilled = errors.New("killed")

func (d *dying) RoundTrip(r *http.Request) (*http.Response, error) {
	d.requests--
	if d.requests < 0 && !d.answered {
		return nil, errKilled
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if d.requests < 0 && err == nil {
		_ = answer.Body.Close()
		return nil, errKilled
	}
	return answer, err
}

// TestKilledAnywhere ends the relay before and after every request of two days, one of them over. What it does after the
// restart makes up for it: nothing is missing, and at most what was under way is there twice.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, answered := range []bool{false, true} {
		for _, data := range []bool{false, true} {
			t.Run(fmt.Sprintf("answered=%v data=%v", answered, data), func(t *testing.T) {
				t.Parallel()
				var with []func(*Options)
				if data {
					with = append(with, withData)
				}
				want := newStage(t, with...)
				for _, p := range twoDays() {
					want.send(p)
				}
				got := newStage(t, with...)
				kills := 0
				for _, p := range twoDays() {
					for n := 0; ; n++ {
						got.o.Client = &http.Client{Transport: &dying{requests: n % 3, answered: answered}}
						got.open()
						err := got.r.Send(context.Background(), p)
						if err == nil {
							break
						}
						if !errors.Is(err, errKilled) || n > 200 {
							t.Fatal(err)
						}
						kills++
					}
				}
				if kills == 0 {
					t.Fatal("never killed")
				}
				for _, metavalue := range []string{"", "base", "baseinst", "adps"} {
					want, got := want.server.Rows(meter, metavalue), got.server.Rows(meter, metavalue)
					if diff := cmp.Diff(want, once(got)); diff != "" {
						t.Errorf("rows of %q, each once (-want +got):\n%s", metavalue, diff)
					}
					if twice := len(got) - len(once(got)); !answered && twice > 0 {
						t.Errorf("%d rows of %q are there twice although no answer was lost", twice, metavalue)
					}
				}
			})
		}
	}
}

// twoDays is what a meter says in three hours before a midnight and three after, a pack a quarter of an hour.
func twoDays() []senml.Pack {
	begin := at("2026-11-22T21:00:00+01:00")
	var packs []senml.Pack
	for i := range 24 {
		t := begin.Add(time.Duration(i) * 15 * time.Minute)
		p := full(t, 1000+float64(i)*200, 700)
		for m := 1; m < 15; m++ {
			p = append(p, frame(t.Add(time.Duration(m)*time.Minute), 1000+float64(i)*200+float64(m)*12, 700)...)
		}
		packs = append(packs, p)
	}
	return packs
}

// once leaves out rows that follow one of the same time.
func once(rows []lab.Row) []lab.Row {
	var all []lab.Row
	seen := map[lab.Row]bool{}
	for _, row := range rows {
		if !seen[row] {
			all = append(all, row)
		}
		seen[row] = true
	}
	return all
}

// TestHistoryGoesAsRows holds that days that are over go by the data API where there is access to it, a local day a call, and
// come to the same history as messages would have left.
func TestHistoryGoesAsRows(t *testing.T) {
	t.Parallel()
	byMessages, byRows := newStage(t), newStage(t, withData)
	for _, p := range twoDays() {
		byMessages.send(p)
		byRows.send(p)
	}
	for _, metavalue := range []string{"", "base", "baseinst", "adps"} {
		if diff := cmp.Diff(byMessages.server.Rows(meter, metavalue), byRows.server.Rows(meter, metavalue)); diff != "" {
			t.Errorf("rows of %q (-by messages +by rows):\n%s", metavalue, diff)
		}
		for _, day := range []string{"2026-11-22", "2026-11-23"} {
			if want, got := byMessages.server.Day(meter, metavalue, day), byRows.server.Day(meter, metavalue, day); want != got {
				t.Errorf("%q of %s: %v by messages, %v by rows", metavalue, day, want, got)
			}
		}
	}
	if messages, stats := len(byRows.server.Messages()), byRows.r.Stats(); messages >= len(byMessages.server.Messages()) || stats.Rows == 0 {
		t.Errorf("%d messages, %+v: nothing went as rows", messages, stats)
	}
}

// TestRowsOnly holds that without an account every number is a row, a local day a call.
func TestRowsOnly(t *testing.T) {
	t.Parallel()
	s := newStage(t, rowsOnly)
	before, behind := at("2026-11-22T23:59:00+01:00"), at("2026-11-23T00:01:00+01:00")
	s.send(senml.Pack{
		number(before, pathDrawn, 13_427_301), number(behind, pathDrawn, 13_427_302.5), text(before, pathTariff, "TH.."),
		flag(before, "status/injecting", true),
	})
	want := map[string][]lab.Row{
		"base":             {{At: before.UTC(), Value: 13_427_301}, {At: behind.UTC(), Value: 13_427_302.5}},
		"status/injecting": {{At: before.UTC(), Value: 1}},
	}
	for metavalue, rows := range want {
		if diff := cmp.Diff(rows, s.server.Rows(meter, metavalue)); diff != "" {
			t.Errorf("rows of %s (-want +got):\n%s", metavalue, diff)
		}
	}
	if got := s.r.Stats(); got.Rows != 3 {
		t.Errorf("stats are %+v", got)
	}
}

// TestRowsRefused holds what becomes of rows by what the server answers.
func TestRowsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		text   string
		err    error
	}{
		{400, `{"error":"Invalid token !","details":null}`, federation.ErrStopped},
		{400, `{"error":"Invalid application !","details":null}`, federation.ErrStopped},
		{400, `{"error":"datas are required !","details":null}`, nil},
		{400, `{"error":"Erreur validation du formulaire","details":null}`, nil},
		{400, `{"error":"Device x not found !","details":null}`, nil},
		{400, `{"error":"autre","details":null}`, errUnknown},
		{500, "<html>", errAny},
	} {
		s := newStage(t, rowsOnly)
		s.server.Answer(tt.status, tt.text, 1)
		err := s.r.Send(t.Context(), senml.Pack{number(s.now, pathDrawn, 1)})
		if tt.err == errAny && err == nil || tt.err != errAny && !errors.Is(err, tt.err) {
			t.Errorf("%s: error is %v, want %v", tt.text, err, tt.err)
		}
		if got := s.r.Stats().Refused; (got == 1) != (tt.err == nil) {
			t.Errorf("%s: %d refused", tt.text, got)
		}
	}
}

// TestOutage holds that what waited for an hour is there in the end, complete and in order.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	begin := s.now
	s.send(full(begin, 1000, 700))
	s.server.Stop()
	var waiting senml.Pack
	for n := 1; n <= 1800; n++ { // a frame every 2 s
		waiting = append(waiting, frame(begin.Add(time.Duration(n)*2*time.Second), 1000+float64(n), 700)...)
	}
	s.now = begin.Add(time.Hour)
	for range 3 {
		if err := s.r.Send(t.Context(), waiting); err == nil {
			t.Fatal("no error while the server is down")
		}
	}
	if err := s.server.Resume(); err != nil {
		t.Fatal(err)
	}
	s.send(waiting)
	want := []string{"23T12:00:00 " + meter + " iinst=003 base=1000 +0 adps=0"}
	for n := 1; n <= 12; n++ {
		late := " offline"
		if n >= 11 {
			late = ""
		}
		want = append(want, fmt.Sprintf("%s %s iinst=003 base=%d +150 adps=0%s", begin.Add(time.Duration(n)*5*time.Minute).Format("02T15:04:05"), meter, 1000+n*150, late))
	}
	s.want(want...)
}
