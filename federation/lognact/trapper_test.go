package lognact

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text, err string
		processed       int
	}{
		{"all taken", `{"response":"success","info":"processed: 12; failed: 0; total: 12; seconds spent: 0.000056"}`, "", 12},
		{"counted nowhere", `{"response":"success","info":"processed: 0; failed: 0; total: 0; seconds spent: 0.000011"}`, "", 0},
		{"failed", `{"response":"failed","info":"cannot parse"}`, `the server answers "failed": cannot parse`, 0},
		{"no counts", `{"response":"success","info":"fine"}`, "no answer: the answer does not say how many values were processed", 0},
		{"no JSON", `OK`, "no answer: the answer is not JSON", 0},
		{"a proxy of a group", `{"response":"failed","redirect":{"revision":1,"address":"127.0.0.1:10051"}}`, "this proxy sends others to another of its group: give the address of the server, or of a proxy that is in no group", 0},
		{"a number without end", `{"response":"success","info":"processed: 99999999999999999999; failed: 0; total: 0"}`, `no answer: strconv.Atoi: parsing "99999999999999999999": value out of range`, 0},
	} {
		processed, err := readAnswer([]byte(row.text))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if processed != row.processed || text != row.err {
			t.Errorf("%s: got %d, %s", row.name, processed, text)
		}
	}
}

// Whatever is refused, and however much travels compressed, the first one is found and all before it were taken.
func TestTrapperFindsRefused(t *testing.T) {
	t.Parallel()
	for _, compress := range []bool{false, true} {
		for _, bad := range []int{none, 0, 1, 124, 125, 248, 249} {
			z := newZabbix(t, func() time.Time { return noon })
			z.has(host, "good", typeFloat)
			var values []Value
			for n := range 250 {
				key := "good"
				if n == bad || bad != none && n > bad && n%3 == 0 {
					key = "bad"
				}
				values = append(values, Value{host, key, fmt.Sprint(n), noon.Unix() + int64(n), 1})
			}
			at, why, err := (&Trapper{Address: z.addr, Compress: compress}).take(t.Context(), values)
			wantWhy := ""
			if bad != none {
				wantWhy = refusedByTrapper
			}
			if at != bad || why != wantWhy || err != nil {
				t.Errorf("compressed %t: got %d, %q, %v; want %d", compress, at, why, err, bad)
			}
			for n := range values[:max(bad, 0)] {
				if z.rows[values[n].stamp()] != fmt.Sprint(n) {
					t.Errorf("value %d before %d was not taken", n, bad)
				}
			}
		}
	}
}

func TestTrapperErrors(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	_, _, err = (&Trapper{Address: gone.Addr().String()}).take(t.Context(), []Value{{}})
	if err == nil || errors.Is(err, ErrUnheard) {
		t.Errorf("nobody there: got %v", err)
	}
	z := newZabbix(t, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (&Trapper{Address: z.addr}).take(ctx, []Value{{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: got %v", err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := Names{
		Hosts: map[string]string{"urn:dev:org:60060-aa": "Maison 1"},
		Keys:  map[string]string{"tariff/label": "tic[LTARF]"},
	}
	for _, row := range []struct {
		series string
		want   item
		err    error
	}{
		{"urn:dev:org:60060-0123456789abcdef_consumption/power/apparent/raw", item{"linky-0123456789abcdef", "releve[consumption/power/apparent/raw]"}, nil},
		{"urn:dev:org:60060-aa_tariff/label", item{"Maison 1", "tic[LTARF]"}, nil},
		{"urn:dev:prm:99111111111111_tariff/label", item{"", "tic[LTARF]"}, ErrNamed},
		{"place:Maison:202/tic:5BX:5D/urn:dev:org:60060-aa_tariff/label", item{"Maison 2", "tic[X]"}, nil},
		{"linky/tariff/label", item{"", "releve[]"}, ErrNamed},
	} {
		got, err := names.item(row.series)
		if diff := cmp.Diff(row.want, got, cmp.AllowUnexported(item{})); diff != "" || !errors.Is(err, row.err) {
			t.Errorf("%s: %v (-want +got):\n%s", row.series, err, diff)
		}
	}
	for name, want := range map[string]bool{"linky-00": true, "Zabbix server": true, "é": false, "a:b": false, "": false} {
		if got := CheckHost(name) == nil; got != want {
			t.Errorf("host %q is taken: %t", name, got)
		}
	}
	for key, want := range map[string]bool{"tic[NJOURF+1]": true, "tic.EAST": true, "NJOURF+1": false, "a:b": false, "releve[a/b]x": false, "": false} {
		if got := CheckKey(key) == nil; got != want {
			t.Errorf("key %q is taken: %t", key, got)
		}
	}
}
