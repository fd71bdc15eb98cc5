package bmhs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"releve/federation/lab/bmhs"
)

const (
	user = "foyer@breizh-sen1.example"
	key  = "00000000-0000-4000-8000-000000000001"
	mac  = "02:00:00:00:00:01"
)

func started(t *testing.T) *bmhs.Server {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	server, err := bmhs.Start(bmhs.Options{Zone: paris})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.AddUser(user, key)
	server.Activate(user, mac)
	return server
}

func posted(t *testing.T, server *bmhs.Server, path, kind, body string) (int, string) {
	t.Helper()
	answer, err := http.Post(server.URL()+path, kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestProbes asks what the real server was asked, and wants the same answers.
func TestProbes(t *testing.T) {
	t.Parallel()
	server := started(t)
	form := func(change ...string) string {
		v := url.Values{"username": {user}, "applicationKey": {key}, "mac": {mac}, "privateIp": {"127.0.0.1"}, "agentModel": {"x"}}
		v.Set(change[0], change[1])
		return v.Encode()
	}
	for _, tt := range []struct{ field, value, want string }{
		{"privateIp", "", "400 Subscribe message incomplete !"},
		{"agentModel", "", "400 Subscribe message incomplete !"},
		{"username", "other", "400 Invalid username !"},
		{"applicationKey", "other", "400 Invalid applicationId !"},
		{"mac", "new", "400 Error no token"},
		{"mac", "new", "400 Agent not activated !"},
		{"mac", mac, "200 "},
	} {
		code, text := posted(t, server, "/agent/subscribe", "application/x-www-form-urlencoded", form(tt.field, tt.value))
		if got := fmt.Sprint(code, " ", text); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s %q: %s, want %s", tt.field, tt.value, got, tt.want)
		}
	}
}

// TestSocketProbes says what the real endpoint was told, and wants the same: what is answered, and what ends the session.
func TestSocketProbes(t *testing.T) {
	t.Parallel()
	server := started(t)
	value := `{"header":"deviceValue","implClass":"smarthome.automation.deviceType.TeleInformation","mac":"m","value":"1","dateValue":"2026-11-23T08:13:04.061Z","timezoneOffset":-60}`
	padded := func(token string, n int) string {
		empty := text(token, `{"header":"ping","x":""}`, "")
		return text(token, `{"header":"ping","x":"`+strings.Repeat("x", n-len(empty))+`"}`, "")
	}
	for _, tt := range []struct {
		name string
		says func(token string) []string
		want string // header of the answer, or the code that ends the session
	}{
		{"hello and ping", func(k string) []string {
			return []string{text(k, `{"header":"Hello"}`, ""), text(k, `{"header":"ping"}`, "")}
		}, "pong"},
		{"the first is lost", func(k string) []string { return []string{text(k, value, ""), text(k, `{"header":"ping"}`, "")} }, "pong"},
		{"an unknown key", func(k string) []string { return []string{text(k, `{"header":"Hello"}`, `,"x":1`)} }, "1000"},
		{"no token", func(string) []string { return []string{text("", `{"header":"Hello"}`, "")} }, "1000"},
		{"another token", func(string) []string { return []string{text("other", `{"header":"Hello"}`, "")} }, "1000"},
		{"another token later", func(k string) []string {
			return []string{text(k, `{"header":"Hello"}`, ""), text("other", `{"header":"ping"}`, "")}
		}, "1000"},
		{"no JSON", func(string) []string { return []string{"hello"} }, "1000"},
		{"no data", func(k string) []string { return []string{strings.Replace(text(k, "{}", ""), `,"data":{}`, "", 1)} }, "1000"},
		{"data that is a text", func(k string) []string { return []string{text(k, `"Hello"`, "")} }, "1000"},
		{"8192 characters", func(k string) []string { return []string{text(k, `{"header":"Hello"}`, ""), padded(k, 8192)} }, "pong"},
		{"8193 characters", func(k string) []string { return []string{text(k, `{"header":"Hello"}`, ""), padded(k, 8193)} }, "1009"},
	} {
		if got := told(t, server, tt.says); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := server.Messages(); len(got) > 0 {
		t.Errorf("the first message was stored: %s", got[0].Raw)
	}
}

func text(token, data, more string) string {
	return fmt.Sprintf(`{"mac":%q,"token":%q,"applicationKey":%q,"username":%q,"data":%s%s}`, mac, token, key, user, data, more)
}

// told subscribes, says texts, and returns what came of the last.
func told(t *testing.T, server *bmhs.Server, says func(token string) []string) string {
	t.Helper()
	for server.Online(user, mac) { // its token goes with the session before
		time.Sleep(time.Millisecond)
	}
	form := url.Values{"username": {user}, "applicationKey": {key}, "mac": {mac}, "privateIp": {"127.0.0.1"}, "agentModel": {"x"}}
	_, body := posted(t, server, "/agent/subscribe", "application/x-www-form-urlencoded", form.Encode())
	var pass struct{ Token, WebsocketURL string }
	if err := json.Unmarshal([]byte(body), &pass); err != nil {
		t.Fatal(body, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, pass.WebsocketURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	for _, one := range says(pass.Token) {
		if err := conn.Write(ctx, websocket.MessageText, []byte(one)); err != nil {
			t.Fatal(err)
		}
	}
	_, answer, err := conn.Read(ctx)
	if err != nil {
		return fmt.Sprint(int(websocket.CloseStatus(err)))
	}
	var e struct{ Data struct{ Header string } }
	if err := json.Unmarshal(answer, &e); err != nil {
		t.Fatal(err)
	}
	return e.Data.Header
}

// TestStrict holds what a message may not be, in the words of the real server where it has any.
func TestStrict(t *testing.T) {
	t.Parallel()
	server := started(t)
	const good = `{"header":"deviceValue","implClass":"smarthome.automation.deviceType.TeleInformation","mac":"m","value":"1","dateValue":"2026-11-23T08:13:04.061Z","timezoneOffset":-60,"metavalues":{"base":{"value":"000012","label":"Total","trace":true}}}`
	for _, tt := range []struct{ from, to, want string }{
		{"x", "x", "200 "},
		{`"mac":"m"`, `"mac":""`, "400 Mac is empty !"},
		{`"value":"1"`, `"value":null`, "400 Value is empty !"},
		{`"value":"1"`, `"value":1`, "400 strict: value is a number, which becomes a Double on its way"},
		{`"value":"000012"`, `"value":12`, "400 strict: the value of base is a number, which becomes a Double on its way"},
		{`"value":"000012"`, `"value":"1.2E7"`, `400 For input string: "1.2E7"`},
		{".061Z", "Z", `400 Unparseable date: "2026-11-23T08:13:04Z"`},
		{".061Z", ".061+00:00", `400 Unparseable date: "2026-11-23T08:13:04.061+00:00"`},
		{"TeleInformation", "Autre", "400 Type device (implClass) is empty or not found : smarthome.automation.deviceType.Autre"},
		{`"mac":"m"`, `"mac":"m","label":"Temperature"`, "400 strict: the label changes the type of the device"},
	} {
		body := fmt.Sprintf(`{"username":%q,"applicationKey":%q,"mac":%q,"privateIp":"127.0.0.1","agentModel":"x","data":%s}`, user, key, mac, strings.Replace(good, tt.from, tt.to, 1))
		code, text := posted(t, server, "/device/publicChangeValueFromAgent", "application/json", body)
		if got := fmt.Sprint(code, " ", text); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.to, got, tt.want)
		}
	}
	// Six decimals are taken, and shift the reading by what they are in milliseconds.
	body := fmt.Sprintf(`{"username":%q,"applicationKey":%q,"mac":%q,"privateIp":"127.0.0.1","agentModel":"x","data":%s}`, user, key, mac, strings.Replace(good, ".061Z", ".061123Z", 1))
	if code, text := posted(t, server, "/device/publicChangeValueFromAgent", "application/json", body); code != 200 {
		t.Fatal(code, text)
	}
	messages := server.Messages()
	if got := messages[len(messages)-1].At.Format(time.RFC3339Nano); got != "2026-11-23T08:14:05.123Z" {
		t.Errorf("six decimals are %s", got)
	}
}
