package lognact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"releve/federation"
)

// API asks a Zabbix over JSON-RPC. A token of a plain user who may read the hosts is enough for all but provisioning.
type API struct {
	URL    string                 // …/api_jsonrpc.php
	Token  func() (string, error) // read anew for each question
	Client *http.Client

	mu      sync.Mutex // guards everything below
	version version
}

// version is that of the API, which decides how it is asked.
type version struct{ major, minor int }

// bearer says whether a token goes into the head: the body takes none from 7.2 on.
func (v version) bearer() bool { return v.major > 6 || v.major == 6 && v.minor >= 4 }

// maxReply bounds an answer, in bytes: a page of history has some hundred thousand.
const maxReply = 64 << 20

// Refused is what the API says about a question that it does not answer.
type Refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    string `json:"data"`
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s %s", strings.TrimSpace(r.Message), strings.TrimSpace(r.Data))
}

// call asks, and reads the answer into result unless that is nil.
func (a *API) call(ctx context.Context, method string, params, result any) error {
	v, err := a.learnVersion(ctx)
	if err != nil {
		return err
	}
	token, err := a.Token()
	if err != nil {
		return err
	}
	if err := a.ask(ctx, v, token, method, params, result); err != nil {
		return fmt.Errorf("ask the API for %s: %w", method, err)
	}
	return nil
}

// learnVersion asks once, without a token: with one the question is refused.
func (a *API) learnVersion(ctx context.Context) (version, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.version.major > 0 {
		return a.version, nil
	}
	var text string
	if err := a.ask(ctx, version{}, "", "apiinfo.version", []string{}, &text); err != nil {
		return version{}, fmt.Errorf("ask the API for its version: %w", err)
	}
	v, err := parseVersion(text)
	a.version = v
	return v, err
}

func parseVersion(text string) (version, error) {
	parts := strings.SplitN(text, ".", 3)
	if len(parts) < 2 {
		return version{}, federation.Meaning(fmt.Errorf("the API says that it is version %q", text), federation.ErrStranger)
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(parts[1])
	if err := errors.Join(errMajor, errMinor); err != nil || major < 6 {
		return version{}, federation.Meaning(fmt.Errorf("the API is version %q; Relève knows 6.0 and what came after", text), federation.ErrStranger)
	}
	return version{major, minor}, nil
}

type question struct {
	Version string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
	Auth    string `json:"auth,omitempty"`
	ID      int    `json:"id"`
}

func (a *API) ask(ctx context.Context, v version, token, method string, params, result any) error {
	q := question{Version: "2.0", Method: method, Params: params, ID: 1}
	if token != "" && !v.bearer() {
		q.Auth = token
	}
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json-rpc")
	if token != "" && v.bearer() {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := a.client().Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	return readReply(response, result)
}

func (a *API) client() *http.Client {
	if a.Client == nil {
		return http.DefaultClient
	}
	return a.Client
}

func readReply(response *http.Response, result any) error {
	switch code := response.StatusCode; {
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("the server answers %s", response.Status)
	case code != http.StatusOK:
		return federation.Meaning(fmt.Errorf("the server answers %s", response.Status), federation.ErrStranger)
	}
	var reply struct {
		Result json.RawMessage `json:"result"`
		Error  *Refused        `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxReply)).Decode(&reply); err != nil {
		return federation.Meaning(fmt.Errorf("what answers is no Zabbix API: %w", err), federation.ErrStranger)
	}
	switch {
	case reply.Error != nil:
		return reply.Error
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(reply.Result, result); err != nil {
		return federation.Meaning(fmt.Errorf("read the answer: %w", err), federation.ErrStranger)
	}
	return nil
}

// number is a whole number that the API writes as a text.
type number int64

// UnmarshalJSON reads "12", and 12 too.
func (n *number) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q is no whole number", text)
	}
	*n = number(v)
	return nil
}
