package bmhs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"unicode/utf16"

	"github.com/coder/websocket"
)

// socket is one connection of an agent.
type socket struct {
	conn *websocket.Conn
	end  context.CancelFunc

	// The rest is the server's, whose mutex guards it.
	user  *user
	agent *agent
	mac   string
	token string
	got   []Frame
}

// Frame is a message that came over a websocket after the first one.
type Frame struct {
	Header string
	Data   json.RawMessage
}

// longest is how many characters a text may have, as Java counts.
const longest = 8192

// envelope is what every text is. The real server makes an object of it that has these fields and no others.
type envelope struct {
	ApplicationKey string          `json:"applicationKey"`
	Data           json.RawMessage `json:"data"`
	MAC            string          `json:"mac"`
	Token          string          `json:"token"`
	Username       string          `json:"username"`
	WebsocketKey   *string         `json:"websocketKey"`
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	one := &socket{conn: conn, end: cancel}
	defer s.left(one)
	for {
		kind, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if len(utf16.Encode([]rune(string(text)))) > longest {
			_ = conn.Close(websocket.StatusMessageTooBig, "The decoded text message was too big for the output buffer")
			return
		}
		answer, ok := s.hear(one, kind, text)
		if answer != nil {
			_ = conn.Write(ctx, websocket.MessageText, answer) // its read tells
		}
		if !ok {
			_ = conn.Close(websocket.StatusNormalClosure, "")
			return
		}
	}
}

// hear takes one text, and says whether the session goes on.
func (s *Server) hear(one *socket, kind websocket.MessageType, text []byte) (answer []byte, ok bool) {
	var e envelope
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var data struct {
		Header string `json:"header"`
	}
	if kind != websocket.MessageText || d.Decode(&e) != nil || len(e.Data) == 0 || e.Data[0] != '{' || json.Unmarshal(e.Data, &data) != nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.user == nil {
		return nil, s.bind(one, e)
	}
	if e.Token != one.token || one.agent.token != one.token {
		return nil, false
	}
	expired := !s.options.Now().Before(one.agent.expires)
	if data.Header == "ping" {
		e.Data, e.WebsocketKey = json.RawMessage(`{"header":"pong"}`), nil
		answer, _ = json.Marshal(e) // what was read can be written
		return answer, !expired
	}
	one.got = append(one.got, Frame{data.Header, bytes.Clone(e.Data)})
	if data.Header == "deviceValue" {
		if m, err := readMessage(e.Data); err == nil {
			_ = s.store(one.user, m) // nobody ever hears of an error
		}
	}
	return nil, !expired
}

// bind makes the session of the first text, whose data is thrown away.
func (s *Server) bind(one *socket, e envelope) bool {
	u := s.users[e.Username]
	if u == nil || u.key != e.ApplicationKey {
		return false
	}
	a := u.agents[e.MAC]
	if a == nil || a.locked || a.token == "" || a.token != e.Token || !s.options.Now().Before(a.expires) {
		return false
	}
	one.user, one.agent, one.mac, one.token = u, a, e.MAC, e.Token
	s.sockets[one] = true
	return true
}

// left ends a session: its token goes with it.
func (s *Server) left(one *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, one)
	if one.agent != nil && one.agent.token == one.token {
		one.agent.token = ""
	}
}

func (one *socket) drop() {
	one.end()
	_ = one.conn.CloseNow()
}

// Online says whether an agent has a session.
func (s *Server) Online(name, mac string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socketOf(name, mac) != nil
}

// Frames returns what an agent has sent in its session, but for pings.
func (s *Server) Frames(name, mac string) []Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.socketOf(name, mac); one != nil {
		return append([]Frame(nil), one.got...)
	}
	return nil
}

// Tell sends data to an agent that has a session, such as {"header":"teleinfo-start-trace"}.
func (s *Server) Tell(ctx context.Context, name, mac, data string) error {
	s.mu.Lock()
	one := s.socketOf(name, mac)
	s.mu.Unlock()
	if one == nil {
		return refused("no session")
	}
	text, err := json.Marshal(envelope{one.user.key, json.RawMessage(data), mac, one.token, name, nil})
	if err != nil {
		return err
	}
	return one.conn.Write(ctx, websocket.MessageText, text)
}

// Drop ends the session of an agent without a word.
func (s *Server) Drop(name, mac string) {
	s.mu.Lock()
	one := s.socketOf(name, mac)
	s.mu.Unlock()
	if one != nil {
		one.drop()
	}
}

func (s *Server) socketOf(name, mac string) *socket {
	for one := range s.sockets {
		if one.user.name == name && one.mac == mac {
			return one
		}
	}
	return nil
}
