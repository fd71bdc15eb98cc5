package lognact

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// zabbix is a Zabbix as strict and as forgetful as the real one: it counts what it does not take, says processed of what it
// does not store, and loses what it has not stored yet when it is killed.
type zabbix struct {
	t    *testing.T
	addr string
	api  *httptest.Server
	now  func() time.Time

	mu       sync.Mutex // guards everything below
	version  string
	items    map[item]*thing
	memory   []Value // processed, not stored yet
	rows     map[stamp]string
	order    []Value // as stored
	keeps    bool    // in memory until flush
	away     bool    // connections are closed without an answer
	mute     bool    // takes values and does not answer
	requests int
	asked    map[string]int // questions of the API, by method
}

// thing is an item of the fake.
type thing struct {
	id       string
	of       valueType
	history  string
	disabled bool
	hidden   bool // not for the token
	swallows bool // in maintenance without data
}

func newZabbix(t *testing.T, now func() time.Time) *zabbix {
	t.Helper()
	z := &zabbix{t: t, now: now, version: "6.0.14", items: map[item]*thing{}, rows: map[stamp]string{}, asked: map[string]int{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z.addr = listener.Addr().String()
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go z.serve(conn)
		}
	}()
	z.api = httptest.NewServer(http.HandlerFunc(z.answer))
	t.Cleanup(z.api.Close)
	return z
}

// has makes an item.
func (z *zabbix) has(host, key string, of valueType) *thing {
	z.mu.Lock()
	defer z.mu.Unlock()
	one := &thing{id: strconv.Itoa(1000 + len(z.items)), of: of, history: "90d"}
	z.items[item{host, key}] = one
	return one
}

func (z *zabbix) change(do func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	do()
}

// flush stores what is in memory.
func (z *zabbix) flush() {
	for _, v := range z.memory {
		one := z.items[v.item()]
		period, _ := known{History: one.history}.keeps()
		_, twice := z.rows[v.stamp()]
		if twice || one.swallows || one.of.fits(v.Value) != nil || period > 0 && z.now().Sub(time.Unix(v.Clock, 0)) > period {
			continue
		}
		z.rows[v.stamp()] = v.Value
		z.order = append(z.order, v)
	}
	z.memory = nil
}

// kill loses what is in memory.
func (z *zabbix) kill() { z.change(func() { z.memory, z.away = nil, true }) }

// stored is what was stored, in order, as key=value lines.
func (z *zabbix) stored() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	var all []string
	for _, v := range z.order {
		all = append(all, v.Key+"="+v.Value)
	}
	return all
}

func (z *zabbix) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var head [13]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return
	}
	if string(head[:5]) != "ZBXD\x01" && string(head[:5]) != "ZBXD\x03" {
		z.t.Errorf("a frame begins with % x", head[:5])
		return
	}
	body := make([]byte, binary.LittleEndian.Uint32(head[5:]))
	if _, err := io.ReadFull(conn, body); err != nil {
		return
	}
	message, err := decodeFrame(io.MultiReader(bytes.NewReader(head[:]), bytes.NewReader(body)), 1<<30)
	if err != nil {
		z.t.Error(err)
		return
	}
	z.mu.Lock()
	answer, away := z.trap(message), z.away || z.mute
	z.mu.Unlock()
	if !away {
		_, _ = conn.Write(encodeFrame([]byte(answer), head[4] == 3))
	}
}

// trap takes one message. The caller holds mu.
func (z *zabbix) trap(message []byte) string {
	z.requests++
	var q struct {
		Request string
		Data    []struct {
			Host, Key, Value *string
			Clock, NS        *json.Number
		}
	}
	if json.Unmarshal(message, &q) != nil || q.Request != "sender data" {
		return `{"response":"failed","info":"cannot read it"}`
	}
	if z.away {
		return ""
	}
	processed, failed := 0, 0
	for _, d := range q.Data {
		clock, err := strconv.ParseInt(d.Clock.String(), 10, 32)
		ns, errNS := strconv.Atoi(d.NS.String())
		if err != nil || errNS != nil || clock < 1 || ns >= 1e9 {
			continue // counted nowhere
		}
		if ns == 0 {
			z.t.Error("ns is 0: the server would invent one")
		}
		v := Value{*d.Host, *d.Key, *d.Value, clock, ns}
		if one := z.items[v.item()]; one == nil || one.disabled {
			failed++
			continue
		}
		processed++
		z.memory = append(z.memory, v)
	}
	if !z.keeps {
		z.flush()
	}
	return fmt.Sprintf(`{"response":"success","info":"processed: %d; failed: %d; total: %d; seconds spent: 0.000056"}`, processed, failed, processed+failed)
}

// answer is the API.
func (z *zabbix) answer(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Method, Auth string
		Params       json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		z.t.Error(err)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked[q.Method]++
	v, _ := parseVersion(z.version)
	bearer := r.Header.Get("Authorization")
	reply := func(result any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "result": result})
	}
	switch {
	case q.Method == "apiinfo.version":
		if q.Auth+bearer != "" {
			z.t.Error("the version was asked for with a token")
		}
		reply(z.version)
		return
	case z.away:
		w.WriteHeader(http.StatusBadGateway)
		return
	case v.bearer() && bearer+q.Auth != "Bearer secret", !v.bearer() && q.Auth+bearer != "secret":
		_, _ = io.WriteString(w, `{"error":{"code":-32602,"message":"Invalid params.","data":"Not authorised."}}`)
		return
	}
	switch q.Method {
	case "item.get":
		reply(z.itemGet(q.Params))
	case "host.get":
		reply(z.hostGet())
	case "history.get":
		reply(z.historyGet(q.Params))
	case "history.push":
		reply(z.historyPush(q.Params))
	default:
		_, _ = fmt.Fprintf(w, `{"error":{"code":-32601,"message":"Method not found.","data":"%s"}}`, q.Method)
	}
}

func (z *zabbix) itemGet(params json.RawMessage) []any {
	var p struct {
		Filter struct{ Host []string }
	}
	_ = json.Unmarshal(params, &p)
	found := []any{}
	for i, one := range z.items {
		if one.hidden || len(p.Filter.Host) > 0 && !slices.Contains(p.Filter.Host, i.host) {
			continue
		}
		status := "0"
		if one.disabled {
			status = "1"
		}
		found = append(found, map[string]any{
			"itemid": one.id, "key_": i.key, "name": i.key, "value_type": strconv.Itoa(int(one.of)), "type": "2", "status": status,
			"history": one.history, "units": "VA",
			"hosts": []any{map[string]string{"host": i.host, "status": "0", "maintenance_status": "0", "maintenance_type": "0"}},
		})
	}
	return found
}

// hostGet is a host for each item: it is asked whether there is any.
func (z *zabbix) hostGet() []any {
	found := []any{}
	for _, one := range z.items {
		if !one.hidden {
			found = append(found, map[string]string{"hostid": one.id})
		}
	}
	return found
}

func (z *zabbix) historyGet(params json.RawMessage) []kept {
	var p struct {
		History *int
		ItemIDs []string
		From    int64 `json:"time_from"`
		Till    int64 `json:"time_till"`
		Limit   int
		Sort    string `json:"sortfield"`
	}
	if err := json.Unmarshal(params, &p); err != nil || p.Sort != "clock" {
		z.t.Errorf("sorted by %q, %v", p.Sort, err)
	}
	rows := []kept{}
	for s, value := range z.rows {
		one := z.items[s.item]
		if one == nil || one.hidden || p.History == nil || int(one.of) != *p.History || !slices.Contains(p.ItemIDs, one.id) ||
			s.clock < p.From || p.Till > 0 && s.clock > p.Till {
			continue
		}
		rows = append(rows, kept{one.id, number(s.clock), number(s.ns), value})
	}
	slices.SortFunc(rows, func(a, b kept) int {
		if a.Clock != b.Clock {
			return int(a.Clock - b.Clock)
		}
		return int(a.NS - b.NS)
	})
	return rows[:min(len(rows), p.Limit)]
}

func (z *zabbix) historyPush(params json.RawMessage) any {
	var values []Value
	_ = json.Unmarshal(params, &values)
	data := []any{}
	for _, v := range values {
		if one := z.items[v.item()]; one == nil {
			data = append(data, map[string]string{"error": "No permissions to referred object or it does not exist!"})
			continue
		}
		z.memory = append(z.memory, v)
		data = append(data, map[string]string{"itemid": "1"})
	}
	z.flush()
	return map[string]any{"response": "success", "data": data}
}
