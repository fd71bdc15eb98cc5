package lognact

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"releve/federation"
	"releve/senml"
)

// TestAnswers holds for every way in which a Zabbix does not keep a value, with a token and without.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const whole = "the item takes whole numbers from 0 on, and something else came: its type must be numeric (float), or text"
	const swallowed = "the server processes values and does not store them: look at the item's state and the host's maintenance"
	tests := []struct {
		name    string
		token   bool
		items   func(z *zabbix)
		records []senml.Record
		stored  []string
		parked  map[string]string
		misfit  string
	}{
		{
			name: "all is well", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat); z.has(host, "releve[b]", typeText) },
			records: []senml.Record{num("a", 0, 1), at("b", 0, senml.TextValue("HC..")), num("a", 1.5, 230.25), at("a", 2, senml.BoolValue(true))},
			stored:  []string{"a=1", "b=HC..", "a=230.25", "a=1"}, parked: map[string]string{},
		},
		{
			name: "one item of three is unknown", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat); z.has(host, "releve[c]", typeFloat) },
			records: []senml.Record{num("a", 0, 1), num("b", 0, 2), num("c", 0, 3), num("a", 1, 4), num("b", 1, 5), num("c", 1, 6)},
			stored:  []string{"a=1", "c=3", "a=4", "c=6"}, parked: map[string]string{"b": refusedByTrapper},
		},
		{
			name: "nothing is known", items: func(*zabbix) {},
			records: []senml.Record{num("a", 0, 1), num("b", 0, 2), num("a", 1, 3)},
			parked:  map[string]string{"a": refusedByTrapper, "b": refusedByTrapper},
		},
		{
			name: "an item is disabled", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat).disabled = true },
			records: []senml.Record{num("a", 0, 1)}, parked: map[string]string{"a": refusedByTrapper},
		},
		{
			name: "an item is disabled, and the token sees it", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat).disabled = true },
			records: []senml.Record{num("a", 0, 1)}, parked: map[string]string{"a": "the item is disabled"},
		},
		{
			name: "a fraction for an item of whole numbers", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeUnsigned) },
			records: []senml.Record{num("a", 0, 12), num("a", 1, 12.7), num("a", 2, 13)}, stored: []string{"a=12"}, parked: map[string]string{"a": whole},
		},
		{
			name: "a text for an item of numbers", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat) },
			records: []senml.Record{at("a", 0, senml.TextValue("abc"))},
			parked:  map[string]string{"a": "the item takes numbers, and a text came: its type must be text"},
		},
		{
			name: "a long text for an item of characters", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeChar) },
			records: []senml.Record{at("a", 0, senml.TextValue(strings.Repeat("é", 256)))},
			parked:  map[string]string{"a": "the item takes 255 characters, and more came: its type must be text"},
		},
		{
			name: "older than the item keeps", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat).history = "1h" },
			records: []senml.Record{num("a", -3601, 1), num("a", 0, 2)}, stored: []string{"a=2"}, parked: map[string]string{}, misfit: errOld.Error(),
		},
		{
			name: "a host in maintenance without data", token: true, items: func(z *zabbix) {
				z.has(host, "releve[a]", typeFloat).swallows = true
				z.has(host, "releve[b]", typeFloat)
			},
			records: []senml.Record{num("a", 0, 1), num("b", 0, 2)}, stored: []string{"b=2"}, parked: map[string]string{"a": swallowed},
		},
		{
			name: "an item the token may not see", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat).hidden = true },
			records: []senml.Record{num("a", 0, 1)}, stored: []string{"a=1"}, parked: map[string]string{},
		},
		{
			name: "an item that keeps nothing", token: true, items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat).history = "0" },
			records: []senml.Record{num("a", 0, 1)}, stored: []string{"a=1"}, parked: map[string]string{},
		},
		{
			name: "no value", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat) },
			records: []senml.Record{at("a", 0, senml.Value{}), num("a", 1, 2)}, stored: []string{"a=2"}, parked: map[string]string{}, misfit: errNoValue.Error(),
		},
		{
			name: "a text without an end", items: func(z *zabbix) { z.has(host, "releve[a]", typeText) },
			records: []senml.Record{at("a", 0, senml.TextValue(strings.Repeat("x", maxText+1)))}, parked: map[string]string{}, misfit: errLong.Error(),
		},
		{
			name: "a time before 1970", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat) },
			records: []senml.Record{num("a", -3e9, 1)}, parked: map[string]string{}, misfit: errTime.Error(),
		},
		{
			name: "a delivery point number in the name", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat) },
			records: []senml.Record{{Name: "urn:dev:prm:99111111111111_a", Value: senml.NumberValue(1), Time: float64(noon.Unix())}},
			parked:  map[string]string{}, misfit: ErrNamed.Error(),
		},
		{
			name: "the same twice", items: func(z *zabbix) { z.has(host, "releve[a]", typeFloat) },
			records: []senml.Record{num("a", 0, 1), num("a", 0, 1)}, stored: []string{"a=1"}, parked: map[string]string{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, tt.token)
			tt.items(g.z)
			g.tape.put(tt.records...)
			for range 8 { // short of trying again what is parked
				g.must(g.deliver())
				g.pass(confirmAfter)
				g.must(g.r.confirm(t.Context()))
			}
			g.stored(tt.stored...)
			g.parked(tt.parked)
			s, misfit := g.r.Standing(), ""
			if s.Misfit != nil {
				misfit = s.Misfit.Error()
			}
			g.same("misfit", tt.misfit, misfit)
			if tt.token && s.Confirmed != 1 {
				t.Errorf("confirmed up to %d: %+v", s.Confirmed, s)
			}
		})
	}
}

// What a Zabbix that is killed had not stored is sent again, and is there in the end; with a token also when nobody noticed.
func TestKilledZabbix(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		token, noticed bool
	}{{"with a token, unnoticed", true, false}, {"with a token, noticed", true, true}, {"without a token, noticed", false, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, tt.token)
			g.z.has(host, "releve[a]", typeFloat)
			g.z.change(func() { g.z.keeps = true })
			for n := range 5 {
				g.tape.put(num("a", float64(n), float64(n)))
			}
			g.must(g.deliver())
			g.z.kill()
			g.stored()
			g.tape.put(num("a", 5, 5))
			if tt.noticed {
				if err := g.deliver(); !errors.Is(err, ErrUnheard) {
					t.Fatalf("got %v", err)
				}
			}
			g.z.change(func() { g.z.away, g.z.keeps = false, false })
			if !tt.noticed {
				g.pass(confirmAfter)
				g.must(g.tick())
			}
			g.settled()
			g.stored("a=0", "a=1", "a=2", "a=3", "a=4", "a=5")
			if s := g.r.Standing(); s.Resent != 5 {
				t.Errorf("resent %d values, want 5", s.Resent)
			}
		})
	}
}

// A server that takes values and does not answer gets them again.
func TestNoAnswerIsNoAcknowledgement(t *testing.T) {
	t.Parallel()
	g := newRig(t, false)
	g.z.has(host, "releve[a]", typeFloat)
	g.tape.put(num("a", 0, 1))
	g.z.change(func() { g.z.mute = true })
	if err := g.deliver(); !errors.Is(err, ErrUnheard) {
		t.Fatalf("got %v", err)
	}
	g.same("front", uint64(0), g.r.Standing().Sent)
	g.z.change(func() { g.z.mute = false })
	g.must(g.deliver())
	g.stored("a=1")
}

// Without a token what was sent stays in reach for the time of grace, and no longer.
func TestGrace(t *testing.T) {
	t.Parallel()
	g := newRig(t, false)
	g.z.has(host, "releve[a]", typeFloat)
	for range 3 {
		g.tape.put(num("a", 0, 1))
		g.must(g.deliver())
		g.pass(10 * time.Hour)
		g.must(g.tick())
	}
	g.same("confirmed", uint64(1), g.tape.Acked())
	g.pass(24 * time.Hour)
	g.must(g.tick())
	g.same("confirmed in the end", uint64(3), g.tape.Acked())
}

// An item that did not exist gets everything once it does, in order; the others have not waited, and nothing of it is
// forgotten by a restart.
func TestParkedItemCatchesUp(t *testing.T) {
	t.Parallel()
	for _, token := range []bool{false, true} {
		t.Run(fmt.Sprint("token ", token), func(t *testing.T) {
			t.Parallel()
			g := newRig(t, token)
			g.z.has(host, "releve[a]", typeFloat)
			for n := range 200 {
				g.tape.put(num("a", float64(n), float64(n)), num("b", float64(n), float64(n)))
			}
			g.pass(5 * time.Minute)
			g.must(g.deliver())
			g.same("stored of a", 200, len(g.z.stored()))
			g.restart()
			g.must(g.deliver())
			g.parked(map[string]string{"b": refusedByTrapper})
			g.z.has(host, "releve[b]", typeFloat)
			g.pass(retryParked)
			g.must(g.tick())
			g.tape.put(num("a", 200, 200), num("b", 200, 200))
			g.settled()
			var b []string
			for _, line := range g.z.stored() {
				if strings.HasPrefix(line, "releve[b]=") {
					b = append(b, strings.TrimPrefix(line, "releve[b]="))
				}
			}
			var want []string
			for n := range 201 {
				want = append(want, fmt.Sprint(n))
			}
			g.same("stored of b", want, b)
			g.parked(map[string]string{})
		})
	}
}

// A value of the future is held until its time has come, and nothing behind it goes before it.
func TestFutureIsHeld(t *testing.T) {
	t.Parallel()
	g := newRig(t, false)
	g.z.has(host, "releve[a]", typeFloat)
	g.z.has(host, "releve[b]", typeFloat)
	g.tape.put(num("a", 59, 1), num("a", 3600, 2), num("b", 1, 3))
	g.must(g.deliver())
	g.tape.put(num("a", 3601, 4))
	g.must(g.deliver())
	g.stored("a=1", "b=3")
	g.parked(map[string]string{"a": "a value is in the future"})
	g.pass(time.Hour)
	g.must(g.tick())
	g.stored("a=1", "b=3", "a=2", "a=4")
	g.parked(map[string]string{})
}

// TestNothingIsLost kills the Zabbix and us at random, and makes an item late: everything is there in the end, once, each
// item in order as far as nobody was killed.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed, 1))
			g := newRig(t, true)
			g.z.has(host, "releve[a]", typeFloat)
			var want []string
			for n := range 120 {
				g.tape.put(num("a", float64(n), float64(n)), num("b", float64(n), float64(n)))
				want = append(want, fmt.Sprintf("releve[a]=%d", n), fmt.Sprintf("releve[b]=%d", n))
				_ = g.deliver()
				g.pass(time.Duration(dice.IntN(20)) * time.Second)
				switch dice.IntN(8) {
				case 0:
					g.z.kill()
				case 1, 2:
					g.z.change(func() { g.z.away = false })
				case 3:
					g.z.change(func() { g.z.keeps = !g.z.keeps; g.z.flush() })
				case 4:
					g.restart()
				case 5:
					g.z.change(func() { g.z.mute = dice.IntN(2) == 0 })
				}
				if n == 60 {
					g.z.has(host, "releve[b]", typeFloat)
				}
				_ = g.tick()
			}
			g.z.change(func() { g.z.away, g.z.mute, g.z.keeps = false, false, false; g.z.flush() })
			g.settled()
			got := g.z.stored()
			slices.Sort(got)
			slices.Sort(want)
			g.same("stored", want, got)
			g.same("confirmed", uint64(120), g.tape.Acked())
		})
	}
}

// A consent that ends while a pack goes stops what is left of it, and is no interruption: nothing is sent again for it.
func TestWithdrawnMeanwhile(t *testing.T) {
	t.Parallel()
	g := newRig(t, false)
	g.z.has(host, "releve[a]", typeFloat)
	var p senml.Pack
	for n := range 600 {
		p = append(p, num("a", float64(n)-600, float64(n)))
	}
	batches := 0
	err := g.r.SendWhile(t.Context(), p, func() error {
		if batches++; batches > 2 {
			return federation.ErrWithdrawn
		}
		return nil
	})
	if !errors.Is(err, federation.ErrWithdrawn) || len(g.z.stored()) != 2*batchOfTrapper || g.r.broken {
		t.Errorf("got %v, %d values stored", err, len(g.z.stored()))
	}
}
