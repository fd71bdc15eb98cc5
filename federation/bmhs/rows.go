package bmhs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"releve/senml"
)

// Data is access to the data API, which takes and gives rows of any of a user's devices.
type Data struct {
	URL         string // as Account.URL
	Application string
	Token       Secret
}

// row is one value of a series, in milliseconds of UTC.
type row struct {
	Value     string `json:"value"`
	Timestamp int64  `json:"timestamp"`
}

// series names a series of a device; its metavalue is "" for the value of the device itself.
type series struct{ device, metavalue string }

// push stores rows, all of one local day of the server: it adds up the energy of the day of the newest one only.
//
//	POST <url>/api/device/push, JSON, Authorization: <token>. 200 without content: stored; 400: {"error":"…"}.
func (d Data) push(ctx context.Context, client *http.Client, of series, unit string, rows []row) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := plain(struct {
		Application string `json:"application"`
		Name        string `json:"name"`
		Metaname    string `json:"metaname,omitempty"`
		Unite       string `json:"unite,omitempty"`
		Datas       []row  `json:"datas"`
	}{d.Application, of.device, of.metavalue, unit, rows})
	if err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	answer, err := post(ctx, client, d.URL+"/api/device/push", "application/json", bytes.NewReader(text), token)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return verdict(answer)
}

// mainSeries is the word by which a fetch asks for the value of the device itself: the field may not be left out.
const mainSeries = "null"

// pageRows is how many rows a fetch gives at most.
const pageRows = 500

// fetch returns a page of rows from an instant on, oldest first.
//
//	POST <url>/api/device/fetch. 200: {"count":…,"datas":[{"value":1.3427301E7,"timestamp":1795421573490},…],"offset":0,"size":…}
func (d Data) fetch(ctx context.Context, client *http.Client, of series, from time.Time, zone *time.Location, offset int) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	metaname := of.metavalue
	if metaname == "" {
		metaname = mainSeries
	}
	text, err := plain(struct {
		Application string `json:"application"`
		Name        string `json:"name"`
		Metaname    string `json:"metaname"`
		Order       string `json:"order"`
		Limit       int    `json:"limit"`
		Offset      int    `json:"offset"`
		Start       string `json:"start"`
	}{d.Application, of.device, metaname, "asc", pageRows, offset, bound(from, zone)})
	if err != nil {
		return page{}, fmt.Errorf("write a query: %w", err)
	}
	token, err := d.Token()
	if err != nil {
		return page{}, err
	}
	answer, err := post(ctx, client, d.URL+"/api/device/fetch", "application/json", bytes.NewReader(text), token)
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	content, err := read(answer)
	if err != nil {
		return page{}, err
	}
	return decodeRows(content)
}

// page is rows that were read, and how many the server has sent: also those that are none.
type page struct {
	rows []point
	size int
}

// point is a value and its time in milliseconds.
type point struct {
	value float64
	at    int64
}

var errNoRows = errors.New("read rows: the answer is not what a BMHS server writes")

// decodeRows reads what a fetch answers. A row that is no number at a time is left out: the server keeps nothing else, and
// one that is damaged must not hold up the others.
func decodeRows(content []byte) (page, error) {
	var sent struct {
		Datas *[]struct {
			Value     json.RawMessage `json:"value"`
			Timestamp json.Number     `json:"timestamp"`
		} `json:"datas"`
	}
	if err := json.Unmarshal(content, &sent); err != nil || sent.Datas == nil {
		return page{}, errNoRows
	}
	p := page{size: len(*sent.Datas)}
	for _, d := range *sent.Datas {
		value, err := strconv.ParseFloat(strings.Trim(string(d.Value), `"`), 64)
		at, err2 := d.Timestamp.Int64()
		if err == nil && err2 == nil && !math.IsInf(value, 0) && !math.IsNaN(value) && at > 0 && at < 1<<53 {
			p.rows = append(p.rows, point{value, at})
		}
	}
	return p, nil
}

// decimal writes a value as the server reads one, without an exponent; false for a text, which it cannot keep.
func decimal(v senml.Value) (string, bool) {
	switch v.Kind() {
	case senml.Number:
		n, _ := v.Number()
		return strconv.FormatFloat(n, 'f', -1, 64), true
	case senml.Bool:
		on, _ := v.Bool()
		if on {
			return "1", true
		}
		return "0", true
	}
	return "", false
}
