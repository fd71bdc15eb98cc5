package bmhs

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// tokenLife is how long a token of an agent holds.
const tokenLife = 7 * 24 * time.Hour

const html = "text/html;charset=UTF-8"

// subscription is the fields of a subscription, all of which must be there.
type subscription struct {
	Username       string `json:"username"`
	ApplicationKey string `json:"applicationKey"`
	MAC            string `json:"mac"`
	PrivateIP      string `json:"privateIp"`
	AgentModel     string `json:"agentModel"`
}

// subscribe answers POST /agent/subscribe: a form of either encoding, or JSON.
func (s *Server) subscribe(r *http.Request) (string, string, error) {
	asked, err := readSubscription(r)
	if err != nil {
		return "", html, err
	}
	_, a, err := s.admit(asked, "Error no token")
	if err != nil {
		return "", html, err
	}
	socket := s.options.SocketURL
	if socket == "" {
		socket = "ws://" + s.address + base + "/websocket"
	}
	text, err := json.Marshal(map[string]string{
		"dateExpiration": a.expires.UTC().Format("2006-01-02T15:04:05Z"), "token": a.token, "websocketUrl": socket,
	})
	return string(text), "application/json;charset=UTF-8", err
}

func readSubscription(r *http.Request) (subscription, error) {
	var asked subscription
	switch kind := r.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "application/json"):
		if json.NewDecoder(r.Body).Decode(&asked) != nil {
			return asked, errBroken
		}
	case strings.HasPrefix(kind, "multipart/form-data"):
		if r.ParseMultipartForm(1<<20) != nil {
			return asked, errBroken
		}
		asked = formed(r.FormValue)
	default:
		asked = formed(r.PostFormValue)
	}
	return asked, nil
}

func formed(value func(string) string) subscription {
	return subscription{value("username"), value("applicationKey"), value("mac"), value("privateIp"), value("agentModel")}
}

// admit is what precedes everything an agent does. An agent that is new is made, locked.
func (s *Server) admit(asked subscription, unknown string) (*user, *agent, error) {
	for _, field := range []string{asked.Username, asked.ApplicationKey, asked.MAC, asked.PrivateIP, asked.AgentModel} {
		if field == "" {
			return nil, nil, refused("Subscribe message incomplete !")
		}
	}
	u := s.users[asked.Username]
	switch {
	case u == nil:
		return nil, nil, refused("Invalid username !")
	case u.key != asked.ApplicationKey:
		return nil, nil, refused("Invalid applicationId !")
	}
	a, known := u.agents[asked.MAC]
	switch {
	case !known:
		u.agent(asked.MAC).model = asked.AgentModel
		return nil, nil, refused(unknown)
	case a.locked:
		return nil, nil, refused("Agent not activated !")
	}
	if now := s.options.Now(); a.token == "" || !now.Before(a.expires) {
		a.token, a.expires = rand.Text(), now.Add(tokenLife)
	}
	return u, a, nil
}

// change answers POST /device/publicChangeValueFromAgent.
func (s *Server) change(r *http.Request) (string, string, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return "", html, errBroken
	}
	var asked struct {
		subscription
		Data json.RawMessage `json:"data"`
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") || json.Unmarshal(text, &asked) != nil {
		return "", html, errBroken
	}
	u, _, err := s.admit(asked.subscription, "No token !")
	if err != nil {
		return "", html, err
	}
	m, err := readMessage(asked.Data)
	if err != nil {
		return "", html, err
	}
	return "", html, s.store(u, m)
}

// inWords is how a refusal is written.
func (s *Server) inWords(no refused, contentType string) string {
	if contentType != jsonType {
		return string(no)
	}
	return fmt.Sprintf(`{"error":%q,"details":null}`, string(no))
}
