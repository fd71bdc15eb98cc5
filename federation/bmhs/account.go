package bmhs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Account is who we are to a BMHS server: a user's, and one of that user's agents.
type Account struct {
	URL      string // with its path and without a slash at the end, such as https://bmhs.example/smarthome
	Username string // e-mail
	Key      Secret // applicationKey: one for the whole account
	MAC      string // names the agent, letter by letter: another spelling is another agent
}

// Secret reads a key or a token when it is needed: the file that holds it may come later, or be replaced.
type Secret func() (string, error)

// What an agent has to say of itself and may not leave out. Where it stands is nobody's business.
const (
	privateIP  = "127.0.0.1"
	agentModel = "Releve"
)

// patience is how long an answer may take. It is long: after a timeout the outcome is unknown, and what is sent again may
// be stored twice.
const patience = 60 * time.Second

// body is what publicChangeValueFromAgent takes.
type body struct {
	Username string          `json:"username"`
	Key      string          `json:"applicationKey"`
	MAC      string          `json:"mac"`
	Private  string          `json:"privateIp"`
	Model    string          `json:"agentModel"`
	Data     json.RawMessage `json:"data"` // a message
}

// deliver sends one message and returns nil once the server has it.
//
//	POST <url>/device/publicChangeValueFromAgent, JSON. 200 without content: stored; 400: a sentence, see answers.
func (a Account) deliver(ctx context.Context, client *http.Client, message string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	key, err := a.Key()
	if err != nil {
		return err
	}
	text, err := plain(body{a.Username, key, a.MAC, privateIP, agentModel, json.RawMessage(message)})
	if err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	answer, err := post(ctx, client, a.URL+"/device/publicChangeValueFromAgent", "application/json", bytes.NewReader(text), "")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return verdict(answer)
}

// pass is what subscribing gives: a token for the websocket, and where that is.
type pass struct {
	key     string    // that it was given for
	Token   string    `json:"token"`
	Expires time.Time `json:"dateExpiration"`
	URL     string    `json:"websocketUrl"`
}

// subscribe asks for a token.
//
//	POST <url>/agent/subscribe, a form. 200: JSON as pass; 400: a sentence.
func (a Account) subscribe(ctx context.Context, client *http.Client) (pass, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	key, err := a.Key()
	if err != nil {
		return pass{}, err
	}
	form := url.Values{
		"username": {a.Username}, "applicationKey": {key}, "mac": {a.MAC}, "privateIp": {privateIP}, "agentModel": {agentModel},
	}
	answer, err := post(ctx, client, a.URL+"/agent/subscribe", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), "")
	if err != nil {
		return pass{}, err
	}
	defer answer.Body.Close()
	text, err := read(answer)
	if err != nil {
		return pass{}, err
	}
	p := pass{key: key}
	if json.Unmarshal(text, &p) != nil || p.Token == "" || p.URL == "" {
		return pass{}, stranger("another server answers in place of BMHS, a portal of the network perhaps: it gives no token")
	}
	return p, nil
}
