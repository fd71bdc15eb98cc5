package bmhs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options says what kind of server it is.
type Options struct {
	Zone *time.Location   // the server's; UTC when nil
	Now  func() time.Time // nil for time.Now
	// Qualitative says that a meter's value of 0 is kept. Else it keeps the whole message out of the history.
	Qualitative bool
	// SocketURL is what subscribing names as the websocket's address; "" for the server's own.
	SocketURL string
}

// base is where the application is.
const base = "/smarthome"

// Server is a stand-in. Its methods may be called at any time.
type Server struct {
	options Options
	address string

	mu       sync.Mutex // guards everything below
	http     *http.Server
	users    map[string]*user
	grants   []grant // of the data API
	messages []Message
	sockets  map[*socket]bool
	faults   []fault
	refusals map[string]int // by sentence
}

// user is an account: its key, its agents and its devices.
type user struct {
	name, key string
	agents    map[string]*agent // by mac, letter by letter
	devices   map[string]*Device
}

type agent struct {
	locked  bool
	model   string
	token   string
	expires time.Time
}

// grant lets an application push and fetch for a user.
type grant struct {
	user               *user
	application, token string
}

// fault is what is done with the next request in place of answering it as it deserves.
type fault struct {
	status int // 0: it is done, and no answer comes
	text   string
}

// Start listens on a free port of this machine.
func Start(o Options) (*Server, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, address: "127.0.0.1:0", users: map[string]*user{}, sockets: map[*socket]bool{}, refusals: map[string]int{}}
	return s, s.Resume()
}

// Resume listens again after Stop, at the same address.
func (s *Server) Resume() error {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.address)
	if err != nil {
		return fmt.Errorf("start the stand-in for BMHS: %w", err)
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	s.mu.Lock()
	s.address, s.http = listener.Addr().String(), server
	s.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // it ends with Stop
	return nil
}

// Stop ends it at once, connections included. What was stored stays.
func (s *Server) Stop() {
	s.mu.Lock()
	server := s.http
	sockets := s.sockets
	s.sockets = map[*socket]bool{}
	s.mu.Unlock()
	_ = server.Close()
	for one := range sockets {
		one.drop()
	}
}

// Close stops it for good.
func (s *Server) Close() { s.Stop() }

// URL is where the application is, without a slash at the end.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "http://" + s.address + base
}

// AddUser makes an account.
func (s *Server) AddUser(name, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name] = &user{name: name, key: key, agents: map[string]*agent{}, devices: map[string]*Device{}}
}

// Activate unlocks an agent, which it makes when it has not called yet: what its user does on the page of agents.
func (s *Server) Activate(name, mac string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name].agent(mac).locked = false
}

// Lock locks an agent again.
func (s *Server) Lock(name, mac string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name].agent(mac).locked = true
}

// Grant lets an application use the data API for a user.
func (s *Server) Grant(name, application, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants = append(s.grants, grant{s.users[name], application, token})
}

// Expire ends the life of the token of an agent.
func (s *Server) Expire(name, mac string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name].agent(mac).expires = s.options.Now().Add(-time.Second)
}

// Answer gives the next requests these answers in place of doing them.
func (s *Server) Answer(status int, text string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range times {
		s.faults = append(s.faults, fault{status, text})
	}
}

// Swallow does the next request and ends the connection without an answer.
func (s *Server) Swallow() { s.Answer(0, "", 1) }

// Refusals says how often each sentence was answered with a 400.
func (s *Server) Refusals() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]int{}
	for text, n := range s.refusals {
		all[text] = n
	}
	return all
}

// agent finds or makes the agent of a mac.
func (u *user) agent(mac string) *agent {
	if u.agents[mac] == nil {
		u.agents[mac] = &agent{locked: true}
	}
	return u.agents[mac]
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+base+"/agent/subscribe", s.answer(s.subscribe))
	mux.HandleFunc("POST "+base+"/device/publicChangeValueFromAgent", s.answer(s.change))
	mux.HandleFunc("POST "+base+"/api/device/push", s.answer(s.push))
	mux.HandleFunc("POST "+base+"/api/device/fetch", s.answer(s.fetch))
	mux.HandleFunc("GET "+base+"/websocket", s.serveSocket)
	return mux
}

// refused is an answer of 400.
type refused string

// Error is the sentence.
func (r refused) Error() string { return string(r) }

// errBroken is an answer of 500: an exception that nobody expected.
var errBroken = errors.New("broken")

// answer makes a handler of a function that has s.mu, and returns what is written with 200.
func (s *Server) answer(do func(r *http.Request) (content, contentType string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		f, hurt := s.nextFault()
		if hurt && f.status != 0 {
			s.mu.Unlock()
			http.Error(w, f.text, f.status)
			return
		}
		content, contentType, err := do(r)
		if err != nil {
			s.refusals[err.Error()]++
		}
		s.mu.Unlock()
		if hurt {
			panic(http.ErrAbortHandler)
		}
		var no refused
		switch {
		case errors.As(err, &no):
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusBadRequest)
			content = s.inWords(no, contentType)
		case err != nil:
			w.Header().Set("Content-Type", "text/html;charset=UTF-8")
			w.WriteHeader(http.StatusInternalServerError)
			content = "<html><body><h1>Internal Server Error</h1></body></html>"
		default:
			w.Header().Set("Content-Type", contentType)
		}
		_, _ = w.Write([]byte(content)) // who asked may be gone
	}
}

func (s *Server) nextFault() (fault, bool) {
	if len(s.faults) == 0 {
		return fault{}, false
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f, true
}
