package xmpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mellium.im/xmpp/jid"
)

func TestParsePace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Pace{"auto": PaceAuto, "off": PaceOff, "2500 B/s": 2500, "800B/s": 800} {
		if got, err := ParsePace(text); got != want || err != nil {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if again, err := ParsePace(want.String()); again != want || err != nil {
			t.Errorf("%s is read as %v, %v", want, again, err)
		}
	}
	for _, text := range []string{"", "fast", "2500", "0 B/s", "799 B/s", "-1 B/s", "99999999999 B/s", "2.5 kB/s"} {
		if got, err := ParsePace(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// shaped is the reading side of a server with a token bucket, as ejabberd's: it takes burst bytes at once, and rate a
// second. A rate of 0 is no shaper.
type shaped struct {
	io.Reader
	p *pacer
}

// socket is what TCP keeps of what nobody has read yet: it is all there at once for who comes late.
type socket struct {
	mu   sync.Mutex // guards everything below
	more *sync.Cond
	kept bytes.Buffer
	over bool
}

// buffered reads on whether anybody reads from it or not.
func buffered(conn net.Conn) io.Reader {
	s := &socket{}
	s.more = sync.NewCond(&s.mu)
	go func() {
		_, _ = io.Copy(s, conn)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.over = true
		s.more.Broadcast()
	}()
	return s
}

func (s *socket) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.more.Broadcast()
	return s.kept.Write(b)
}

func (s *socket) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.kept.Len() == 0 && !s.over {
		s.more.Wait()
	}
	return s.kept.Read(b)
}

func (s shaped) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if s.p != nil {
		s.p.spend(n)
		time.Sleep(s.p.delay(1))
	}
	return n, err
}

// shape returns a link that learns its pace, and a server that takes so much.
func shape(t *testing.T, rate, burst int) (*link, *server) {
	t.Helper()
	l, s := connect(t, quietRouter())
	l.pacer = newPacer(PaceAuto)
	var limit *pacer
	if rate > 0 {
		limit = newPacer(Pace(rate))
		limit.bucket.SetBurst(burst)
	}
	from, to := io.Pipe()
	go func() { _, _ = io.Copy(to, shaped{buffered(s.conn), limit}); _ = to.Close() }()
	s.in = openStream(from)
	return l, s
}

// sized is a message of about n bytes.
func sized(n int) []byte {
	text, _ := encode(NewElement(nsClient, "message").WithText(strings.Repeat("x", n)))
	return text
}

// What is learned with servers of every kind: just under the shaper's limit, much more where there is none, and never
// with an answer so late that pings or receipts would be.
func TestPaceIsLearned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		during      time.Duration
		rate, burst int           // of the server
		least, most int           // of what is learned
		late        time.Duration // an answer at most
	}{
		{"stock ejabberd", 10 * time.Minute, 3_000, 20_000, 2_400, 3_200, 2 * time.Second},
		{"ejabberd before 2019", 10 * time.Minute, 1_000, 1_000, slowPace, 1_100, 16 * time.Second},
		{"agents' shaper", 5 * time.Minute, 30_000, 300_000, 24_000, 33_000, 5 * time.Second},
		{"no shaper", 30 * time.Second, 0, 0, 200_000, mostPace, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, s := shape(t, tt.rate, tt.burst)
				ended := serve(t, l, s)
				end := context.AfterFunc(within(t, tt.during), func() { _ = s.conn.Close() })
				defer end()
				go func() {
					text := sized(5_000)
					for l.send(context.Background(), jid.MustParse(peer), text, bulk, nil) == nil {
					}
				}()
				began, bytes, late := time.Now(), 0, time.Duration(0)
				for e := range s.sent {
					if e.Name.Local == "iq" {
						lag, _ := s.wire.gauge.lag()
						late = max(late, lag)
						s.say(`<iq type="result" id="%s" from="%s"/>`, e.Attr("id"), domain)
						continue
					}
					bytes += len(e.Text)
				}
				<-ended
				took := bytes / int(time.Since(began)/time.Second)
				t.Logf("learned %d B/s, %d B/s went, an answer took %s at most", l.pacer.now(), took, late)
				if got := l.pacer.now(); got < tt.least || got > tt.most {
					t.Errorf("learned %d B/s, want %d to %d", got, tt.least, tt.most)
				}
				if tt.rate > 0 && took < tt.rate*85/100 {
					t.Errorf("%d B/s of %d went", took, tt.rate)
				}
				if late > tt.late {
					t.Errorf("an answer took %s", late)
				}
			})
		})
	}
}

// A shaper takes what it finds at once and pauses afterwards: a short message then waits until the long one before it is
// paid. That says little against the pace, and a server that is slower is known from several.
func TestPaceOutlastsShortMessages(t *testing.T) {
	t.Parallel()
	type sent struct {
		bytes  int
		answer time.Duration // after it left
	}
	const burst = 6_700 // ms until 20 kB are paid
	tests := []struct {
		name        string
		messages    []sent
		least, most int // of 3089 B/s
	}{
		{"short behind long", []sent{{11_000, 0}, {5_600, 3_700}, {2_800, 1_900}, {2_800, 900}}, 2_700, 3_089},
		{"one that tells nothing", []sent{{20_000, 0}, {2_500, burst}}, 2_300, 3_089},
		{"half as fast", []sent{{11_000, 0}, {5_600, 7_400}, {5_600, 3_700}, {5_600, 3_700}, {5_600, 3_700}, {5_600, 3_700}}, 1_400, 2_200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, g := newPacer(PaceAuto), gauge{}
				p.change(time.Now(), 3_089)
				for _, m := range tt.messages {
					g.writes(m.bytes)()
					g.ask(question{})
					time.Sleep(m.answer*time.Millisecond + time.Millisecond)
					r, _ := g.answer()
					p.judge(r)
				}
				if got := p.now(); got < tt.least || got > tt.most {
					t.Errorf("%d B/s, want %d to %d", got, tt.least, tt.most)
				}
			})
		})
	}
}

// What is urgent goes before data, whatever waits; data of several recipients takes turns.
func TestQueue(t *testing.T) {
	t.Parallel()
	q := newQueue()
	add := func(to, text string, l lane) *item {
		it := &item{text: []byte(text), to: to, done: make(chan error, 1)}
		if err := q.put(it, l); err != nil {
			t.Fatal(err)
		}
		return it
	}
	for i := range 3 {
		add("a", fmt.Sprint("a", i), bulk)
	}
	add("b", "b0", bulk)
	gone := add("c", "c0", bulk)
	add("b", "b1", bulk)
	add("", "u0", urgent)
	add("", "u1", urgent)
	if !q.withdraw(gone) || q.withdraw(gone) {
		t.Error("what waits can be taken back once")
	}
	if err := q.put(&item{text: make([]byte, maxQueued), to: "a"}, bulk); !errors.Is(err, ErrBusy) {
		t.Errorf("beyond the bound: %v", err)
	}
	got := ""
	for {
		it := q.takeUrgent()
		if it == nil {
			it = q.takeBulk()
		}
		if it == nil {
			break
		}
		got += string(it.text) + " "
	}
	if want := "u0 u1 a0 b0 a1 b1 a2 "; got != want || q.waiting() != 0 {
		t.Errorf("got %s, want %s; %d bytes are left", got, want, q.waiting())
	}
	last := add("a", "a3", bulk)
	q.fail(errLinkLost)
	if err := <-last.done; !errors.Is(err, errLinkLost) {
		t.Errorf("what waited is told %v", err)
	}
	if err := q.put(last, urgent); !errors.Is(err, errLinkLost) {
		t.Errorf("afterwards: %v", err)
	}
}
