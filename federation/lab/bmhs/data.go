package bmhs

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const jsonType = "application/json"

// authorise finds the grant of a token; without the header the real server falls over.
func (s *Server) authorise(r *http.Request, application string) (grant, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return grant{}, errBroken
	}
	token := strings.TrimSpace(strings.TrimPrefix(header, "Basic"))
	for _, g := range s.grants {
		switch {
		case g.token != token:
		case g.application != application:
			return grant{}, refused("Invalid application !")
		default:
			return g, nil
		}
	}
	return grant{}, refused("Invalid token !")
}

// push answers POST /api/device/push.
func (s *Server) push(r *http.Request) (string, string, error) {
	var asked struct {
		Application string  `json:"application"`
		Name        string  `json:"name"`
		Metaname    *string `json:"metaname"`
		Unite       string  `json:"unite"`
		Datas       []struct {
			Value     json.RawMessage `json:"value"`
			Timestamp json.Number     `json:"timestamp"`
		} `json:"datas"`
	}
	if err := readJSON(r, &asked); err != nil {
		return "", jsonType, err
	}
	g, err := s.authorise(r, asked.Application)
	switch {
	case err != nil:
		return "", jsonType, err
	case asked.Name == "":
		return "", jsonType, refused("Erreur validation du formulaire")
	case len(asked.Datas) == 0:
		return "", jsonType, refused("datas are required !")
	}
	d := g.user.devices[asked.Name]
	if d == nil {
		d = newDevice("smarthome.automation.deviceType.Capteur")
		g.user.devices[asked.Name] = d
	}
	name := ""
	if asked.Metaname != nil {
		name = *asked.Metaname
		d.see(name, Metavalue{Unit: asked.Unite, Trace: true})
	}
	var newest time.Time
	var rows []Row
	for _, datum := range asked.Datas {
		ms, err := datum.Timestamp.Int64()
		if err != nil {
			return "", jsonType, refused("Erreur validation du formulaire")
		}
		value, numeric := number(datum.Value)
		if at := time.UnixMilli(ms).UTC(); numeric {
			rows = append(rows, Row{at, value})
			if at.After(newest) {
				newest = at
			}
		}
	}
	if len(rows) == 0 {
		return "", jsonType, nil
	}
	d.rows[name] = append(d.rows[name], rows...)
	d.addUp(name, newest, s.options.Zone) // of no other day
	d.At = newest
	if v := d.metavalues[name]; name == "" || v.Main {
		d.Value = strconv.FormatFloat(rows[len(rows)-1].Value, 'f', -1, 64)
	}
	return "", jsonType, nil
}

// number reads a value: true and on are 1, false and off 0, and what is no number is skipped.
func number(raw json.RawMessage) (float64, bool) {
	text := strings.Trim(string(raw), `"`)
	switch text {
	case "true", "on":
		return 1, true
	case "false", "off":
		return 0, true
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// mostRows is the cap of a fetch, which also holds when no limit is given.
const mostRows = 500

// fetch answers POST /api/device/fetch.
func (s *Server) fetch(r *http.Request) (string, string, error) {
	var asked struct {
		Application, Name, Metaname, Order, Start, End string
		Limit, Offset                                  int
	}
	if err := readJSON(r, &asked); err != nil {
		return "", jsonType, err
	}
	g, err := s.authorise(r, asked.Application)
	switch {
	case err != nil:
		return "", jsonType, err
	case asked.Metaname == "" || asked.Name == "" || asked.Order != "asc" && asked.Order != "desc":
		return "", jsonType, refused("Erreur validation du formulaire")
	}
	d := g.user.devices[asked.Name]
	if d == nil {
		return "", jsonType, refused("Device " + asked.Name + " not found !")
	}
	metavalue := asked.Metaname
	if metavalue == "null" {
		metavalue = ""
	}
	rows, err := s.between(d.rows[metavalue], asked.Start, asked.End)
	if err != nil {
		return "", jsonType, err
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		if asked.Order == "desc" {
			a, b = b, a
		}
		return a.At.Compare(b.At)
	})
	count := len(rows)
	rows = rows[min(asked.Offset, count):]
	if asked.Limit <= 0 || asked.Limit > mostRows {
		asked.Limit = mostRows
	}
	rows = rows[:min(asked.Limit, len(rows))]
	return page(rows, count, asked.Offset), jsonType, nil
}

// between keeps rows within bounds, which are local time whatever their letter says.
func (s *Server) between(rows []Row, start, end string) ([]Row, error) {
	kept := slices.Clone(rows)
	for _, bound := range []struct {
		text    string
		outside func(at, bound time.Time) bool
	}{{start, time.Time.Before}, {end, time.Time.After}} {
		if bound.text == "" {
			continue
		}
		at, err := time.ParseInLocation("2006-01-02T15:04:05Z", bound.text, s.options.Zone)
		if err != nil {
			return nil, refused("Erreur validation du formulaire")
		}
		kept = slices.DeleteFunc(kept, func(row Row) bool { return bound.outside(row.At, at) })
	}
	return kept, nil
}

func page(rows []Row, count, offset int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"count":%d,"datas":[`, count)
	for i, row := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"value":%s,"timestamp":%d}`, double(row.Value), row.At.UnixMilli())
	}
	fmt.Fprintf(&b, `],"offset":%d,"size":%d}`, offset, len(rows))
	return b.String()
}

// double writes a number as Java's Double.toString does: with an exponent from 1e7 on.
func double(v float64) string {
	if v != 0 && (v >= 1e7 || v <= -1e7 || v < 1e-3 && v > -1e-3) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'E', -1, 64), "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent) // strconv's own
		return fmt.Sprintf("%sE%d", mantissa, n)
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func readJSON(r *http.Request, into any) error {
	text, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), jsonType) || json.Unmarshal(text, into) != nil {
		return errBroken
	}
	return nil
}
