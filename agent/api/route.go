package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"releve/agent/history"
	"releve/agent/status"
)

// route answers at one path. What it takes are the names of its parameters; any other is refused, for a name that is
// misspelt would be an answer to another question.
type route struct {
	path   string
	takes  []string
	answer func(r *http.Request, q parameters) (reply, error)
}

// reply is a whole answer.
type reply struct {
	kind string // media type
	name string // of the file it is to be kept under; "" to be shown
	body []byte
}

func (rt route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		status.Problem(w, http.StatusMethodNotAllowed, "The API can only be read: GET it.")
		return
	}
	q := parameters{values: r.URL.Query()}
	err := q.check(rt.takes)
	var answered reply
	if err == nil {
		answered, err = rt.answer(r, q)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", answered.kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(answered.body)))
	if answered.name != "" {
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", answered.name))
	}
	_, _ = w.Write(answered.body) // the reader may have left; there is nobody to tell
}

// errBusy is the error of who left before their turn came.
var errBusy = errors.New("busy")

// inTurn makes an answer once there is a seat for it.
func (s *server) inTurn(answer func(*http.Request, parameters) (reply, error)) func(*http.Request, parameters) (reply, error) {
	return func(r *http.Request, q parameters) (reply, error) {
		select {
		case s.seats <- struct{}{}:
			defer func() { <-s.seats }()
			return answer(r, q)
		case <-r.Context().Done():
			return reply{}, fmt.Errorf("%w: others are being answered, ask again in a moment", errBusy)
		}
	}
}

// errAbsent is the error of what this device does not have.
var errAbsent = errors.New("absent")

// refuse answers an error: of who asks, or of this device.
func refuse(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	switch {
	case errors.Is(err, errParameter), errors.Is(err, history.ErrQuestion):
		code = http.StatusBadRequest
	case errors.Is(err, errAbsent):
		code = http.StatusNotFound
	case errors.Is(err, errBusy):
		code = http.StatusServiceUnavailable
	}
	status.Problem(w, code, sentence(err))
}

// sentence is an error as one: with a capital and a point.
func sentence(err error) string {
	text := err.Error()
	for _, prefix := range []error{errParameter, errAbsent, errBusy, history.ErrQuestion} {
		text = strings.TrimPrefix(text, prefix.Error()+": ")
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// asJSON is an answer in JSON.
func asJSON(v any) (reply, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return reply{kind: "application/json", body: body.Bytes()}, err
}

// orEmpty is a list that is written as [] when there is nothing in it.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return slices.Clip(list)
}
