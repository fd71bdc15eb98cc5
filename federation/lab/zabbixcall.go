package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Call asks the API for something as its administrator, and reads the answer into result unless that is nil.
func (z *Zabbix) Call(ctx context.Context, method string, params, result any) error {
	session, err := z.login(ctx)
	if err != nil {
		return err
	}
	return z.ask(ctx, session, method, params, result)
}

// Token makes a token (API) of the administrator's.
func (z *Zabbix) Token(ctx context.Context) (string, error) {
	var made struct {
		IDs []string `json:"tokenids"`
	}
	if err := z.Call(ctx, "token.create", map[string]any{"name": "lab", "userid": "1"}, &made); err != nil {
		return "", err
	}
	var tokens []struct {
		Token string `json:"token"`
	}
	err := z.Call(ctx, "token.generate", made.IDs, &tokens)
	if err != nil || len(tokens) != 1 {
		return "", fmt.Errorf("%d tokens: %w", len(tokens), err)
	}
	return tokens[0].Token, nil
}

func (z *Zabbix) login(ctx context.Context) (string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.session != "" {
		return z.session, nil
	}
	err := z.ask(ctx, "", "user.login", map[string]string{"username": "Admin", "password": "zabbix"}, &z.session)
	return z.session, err
}

func (z *Zabbix) ask(ctx context.Context, session, method string, params, result any) error {
	question := map[string]any{"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
	if session != "" {
		question["auth"] = session
	}
	body, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("ask Zabbix for %s: %w", method, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, z.APIURL(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json-rpc")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask Zabbix for %s: %w", method, err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Message, Data string
		} `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("read what Zabbix answers to %s (%s): %w", method, response.Status, err)
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: %s %s", method, answer.Error.Message, answer.Error.Data)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, result)
}
