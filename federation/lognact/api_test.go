package lognact

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The token goes where each version wants it, and what has many rows in one second is read whole.
func TestHistoryIsReadWhole(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"6.0.14", "6.4.0", "7.0.22"} {
		z := newZabbix(t, time.Now)
		z.version = version
		one := z.has(host, "a", typeFloat)
		var want []kept
		for n := range 2*perPage + 7 {
			s := stamp{item{host, "a"}, noon.Unix() + int64(n/15_000), n%15_000 + 1}
			z.rows[s] = fmt.Sprint(n)
			want = append(want, kept{one.id, number(s.clock), number(s.ns), fmt.Sprint(n)})
		}
		api := &API{URL: z.api.URL, Token: func() (string, error) { return "secret", nil }}
		var got []kept
		err := readHistory(t.Context(), api, []string{one.id}, typeFloat, noon.Unix(), 0, func(rows []kept) error {
			got = append(got, rows...)
			return nil
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, %d of %d rows", version, err, len(got), len(want))
		}
	}
}

func TestAPIRefuses(t *testing.T) {
	t.Parallel()
	z := newZabbix(t, time.Now)
	api := &API{URL: z.api.URL, Token: func() (string, error) { return "wrong", nil }}
	var refused *Refused
	if err := api.call(t.Context(), "host.create", nil, nil); !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	z.change(func() { z.away = true })
	err := api.call(t.Context(), "item.get", map[string]any{}, nil)
	if want := "ask the API for item.get: the server answers 502 Bad Gateway"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for text, want := range map[string]string{
		"5.4.0": `the API is version "5.4.0"; Relève knows 6.0 and what came after`, "x": `the API says that it is version "x"`,
	} {
		if _, err := parseVersion(text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// history.push says of each value what is wrong with it.
func TestPusher(t *testing.T) {
	t.Parallel()
	z := newZabbix(t, time.Now)
	z.version = "7.0.22"
	z.has(host, "a", typeFloat)
	p := &Pusher{API: &API{URL: z.api.URL, Token: func() (string, error) { return "secret", nil }}}
	values := []Value{{host, "a", "1", noon.Unix(), 1}, {host, "b", "2", noon.Unix(), 1}, {host, "a", "3", noon.Unix() + 1, 1}}
	at, why, err := p.take(t.Context(), values)
	if at != 1 || why != "No permissions to referred object or it does not exist!" || err != nil {
		t.Errorf("got %d, %q, %v", at, why, err)
	}
	if at, _, err := p.take(t.Context(), values[2:]); at != none || err != nil {
		t.Errorf("got %d, %v", at, err)
	}
	z.change(func() { z.away = true })
	if _, _, err := p.take(t.Context(), values); !errors.Is(err, ErrUnheard) {
		t.Errorf("got %v", err)
	}
}

func TestKeeps(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"90d": "2160h0m0s true", "1w": "168h0m0s true", "3600": "1h0m0s true", "0": "0s false", "{$H}": "0s true", "{$H}d": "0s true"} {
		period, stores := known{History: text}.keeps()
		if got := fmt.Sprint(period, stores); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
