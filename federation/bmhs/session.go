package bmhs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"
)

// session is one connection of a presence.
type session struct {
	*Presence
	conn *websocket.Conn
	pass pass

	trace  *time.Ticker // nil unless a trace is on
	until  time.Time
	traced string // the device it was of last
}

var errMute = errors.New("the server does not answer a ping")

// mostOfText bounds what the server may send at once, in bytes.
const mostOfText = 64 << 10

// run says what there is to say, and hears what the server asks for.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.conn.SetReadLimit(mostOfText)
	if err := s.say(ctx, map[string]string{"header": headerHello}); err != nil {
		return err
	}
	heard, ended := make(chan string), make(chan error, 1)
	go func() { ended <- s.listen(ctx, heard) }()
	ping := time.NewTicker(s.Ping)
	defer ping.Stop()
	defer s.stopTrace()
	pong := newAlarm()
	defer pong.Stop()
	if err := s.ping(ctx, pong); err != nil { // its answer is the sign that the server has taken us in
		return err
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.conn.Close(websocket.StatusNormalClosure, ""))
		case err = <-ended:
			return err
		case <-ping.C:
			err = s.ping(ctx, pong)
		case <-pong.C:
			return errMute
		case header := <-heard:
			s.obey(header, pong)
		case <-s.frames():
			err = s.frame(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// newAlarm is a timer that does not run.
func newAlarm() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

func (s *session) ping(ctx context.Context, pong *time.Timer) error {
	pong.Reset(s.Pong)
	return s.say(ctx, map[string]string{"header": headerPing})
}

// listen hands on the headers of what the server says, until the connection ends.
func (s *session) listen(ctx context.Context, heard chan<- string) error {
	for {
		kind, text, err := s.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("the websocket has ended: %w", withoutAddress(err))
		}
		header := "binary"
		if kind == websocket.MessageText {
			header = s.headerOf(text)
		}
		select {
		case heard <- header:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// headerOf reads a text of the server, "" for one that is none, or not for us.
func (s *session) headerOf(text []byte) string {
	var e envelope
	var data struct {
		Header string `json:"header"`
	}
	a := s.Recipient.Account
	if json.Unmarshal(text, &e) != nil || json.Unmarshal(e.Data, &data) != nil ||
		e.MAC != a.MAC || e.Token != s.pass.Token || e.Key != s.pass.key || e.Username != a.Username {
		return ""
	}
	return data.Header
}

// obey does the two things that a server may ask for, and counts all others.
func (s *session) obey(header string, pong *time.Timer) {
	switch header {
	case "pong":
		pong.Stop()
		s.mu.Lock()
		s.standing.Up, s.standing.Err = true, nil
		s.mu.Unlock()
	case "teleinfo-start-trace":
		s.startTrace()
	case "teleinfo-stop-trace":
		s.stopTrace()
	default:
		s.mu.Lock()
		s.standing.Ignored++
		s.mu.Unlock()
		s.Recipient.Log.Info("not done what the BMHS server asks for", "recipient", s.Recipient.Name, "what", known(header))
	}
}

// known is the word for what was asked for; a word of the server's own choice is not repeated.
func known(header string) string {
	switch header {
	case "shell", "config", "invokeAction", "startInclusion", "startExclusion", "resetConfig":
		return header
	}
	return "something that is not known"
}

func (s *session) startTrace() {
	s.stopTrace()
	s.trace, s.until = time.NewTicker(s.Frame), time.Now().Add(s.Trace)
}

func (s *session) stopTrace() {
	if s.trace != nil {
		s.trace.Stop()
	}
	s.trace = nil
}

// frames receives when a message of a trace is due.
func (s *session) frames() <-chan time.Time {
	if s.trace == nil {
		return nil
	}
	return s.trace.C
}

// frame sends what the meters say now, or the end of a trace that has had its time.
func (s *session) frame(ctx context.Context) error {
	if time.Now().After(s.until) {
		s.stopTrace()
		return s.say(ctx, map[string]any{"header": "teleinfo-trace-stop", "implClass": implClass, "mac": s.traced, "value": nil})
	}
	for _, m := range s.Recipient.states(s.Live()) {
		s.traced = m.MAC
		if err := s.say(ctx, m); err != nil {
			return err
		}
		s.mu.Lock()
		s.standing.Traced++
		s.mu.Unlock()
	}
	return nil
}

// say sends one text, unless it is longer than the server takes: it would end the session.
func (s *session) say(ctx context.Context, data any) error {
	inner, err := plain(data)
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	a := s.Recipient.Account
	text, err := plain(envelope{a.MAC, s.pass.Token, s.pass.key, a.Username, inner})
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	if length(text) > longest {
		s.mu.Lock()
		s.standing.TooLong++
		s.mu.Unlock()
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, text); err != nil {
		return fmt.Errorf("say something on the websocket: %w", withoutAddress(err))
	}
	return nil
}
