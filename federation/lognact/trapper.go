package lognact

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"
)

// Trapper hands values to the port of a Zabbix server or proxy, one connection a batch, as zabbix_sender does.
type Trapper struct {
	Address  string                      // host:port
	TLS      func() (*tls.Config, error) // read anew for each connection; nil for a connection in the clear
	Compress bool
}

// patience bounds one exchange. A server whose memory is full answers late.
const patience = time.Minute

// batchOfTrapper is what zabbix_sender sends at once, and enough: larger batches are not faster.
const batchOfTrapper = 250

// ErrUnheard marks an error after which nobody knows whether the values were taken.
var ErrUnheard = errors.New("no answer")

func (t *Trapper) String() string { return t.Address }

func (t *Trapper) most() int { return batchOfTrapper }

// take hands values over. When one is refused it returns the first such; all before it were taken, and those behind it may
// have been. The answer only counts: which one it is shows by sending ever smaller parts again, which the server does no
// harm with.
func (t *Trapper) take(ctx context.Context, values []Value) (refused int, why string, err error) {
	processed, err := t.send(ctx, values)
	switch {
	case err != nil:
		return 0, "", err
	case processed == len(values):
		return none, "", nil
	case len(values) == 1:
		return 0, refusedByTrapper, nil
	}
	half := len(values) / 2
	if refused, why, err = t.take(ctx, values[:half]); err != nil || refused != none {
		return refused, why, err
	}
	refused, why, err = t.take(ctx, values[half:])
	if refused != none {
		refused += half
	}
	return refused, why, err
}

// none is the index of no value.
const none = -1

// refusedByTrapper is all that a trapper says: it counts.
const refusedByTrapper = "the server does not take it: no such host or item, not a trapper item, switched off, or not from here"

// request is what a trapper is sent. Its own clock lets a server correct others', and is left out: ours are right.
type request struct {
	Request string  `json:"request"`
	Data    []Value `json:"data"`
}

// send exchanges one message and returns how many values were processed.
func (t *Trapper) send(ctx context.Context, values []Value) (processed int, err error) {
	message, err := json.Marshal(request{"sender data", values})
	if err != nil {
		return 0, fmt.Errorf("write values: %w", err)
	}
	answer, err := t.exchange(ctx, encodeFrame(message, t.Compress))
	if err != nil {
		return 0, fmt.Errorf("send %d values to %s: %w", len(values), t.Address, err)
	}
	return readAnswer(answer)
}

func (t *Trapper) exchange(ctx context.Context, frame []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(frame); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnheard, err)
	}
	answer, err := decodeFrame(conn, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnheard, err)
	}
	return answer, nil
}

func (t *Trapper) dial(ctx context.Context) (net.Conn, error) {
	if t.TLS == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", t.Address)
	}
	config, err := t.TLS()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", t.Address)
}

// info is how a server counts. Its third number need not be the number of values: those without a usable clock are in none.
//
// Example: processed: 1; failed: 0; total: 1; seconds spent: 0.000056
var info = regexp.MustCompile(`^processed: (\d+); failed: \d+; total: \d+`)

func readAnswer(message []byte) (processed int, err error) {
	var answer struct {
		Response string          `json:"response"`
		Info     string          `json:"info"`
		Redirect json.RawMessage `json:"redirect"`
	}
	if err := json.Unmarshal(message, &answer); err != nil {
		return 0, fmt.Errorf("%w: the answer is not JSON", ErrUnheard)
	}
	counts := info.FindStringSubmatch(answer.Info)
	switch {
	case len(answer.Redirect) > 0:
		return 0, errors.New("this proxy sends others to another of its group: give the address of the server, or of a proxy that is in no group")
	case answer.Response != "success":
		return 0, fmt.Errorf("the server answers %q: %s", answer.Response, answer.Info)
	case counts == nil:
		return 0, fmt.Errorf("%w: the answer does not say how many values were processed", ErrUnheard)
	}
	processed, err = strconv.Atoi(counts[1])
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnheard, err)
	}
	return processed, nil
}
