package port

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cenkalti/backoff/v5"
)

// Among tells a meter with port auto of the other meters. The zero value is that of an only meter.
type Among struct {
	Index, Of int      // this is meter Index, counted from 0, of so many with port auto
	Taken     []string // the ports of those that named theirs
}

// auto finds the port by itself, among those of known dongles only. It never guesses, because readings kept under the
// name of another meter are worse than none: there have to be exactly as many dongles as meters that want one, and then
// they are dealt in the order of their serial numbers. What was dealt is kept: after the dongle was pulled out, only it
// will do, or one that was not there before.
type auto struct {
	machine Machine
	among   Among
	own     string          // identity of the dongle that was dealt; "" before
	seen    map[string]bool // identities of those that were there at that time
}

func (a *auto) open(_ context.Context, speed int) (conn, error) {
	found, err := a.choose()
	if err != nil {
		return nil, err
	}
	return openDevice(a.machine, found.Device, speed)
}

// choose looks which dongles are there and returns this meter's.
func (a *auto) choose() (Adapter, error) {
	all, err := a.machine.Adapters()
	if err != nil {
		return Adapter{}, absent{fmt.Errorf("look for a port: %w", err)}
	}
	free := a.free(all)
	if i := slices.IndexFunc(free, func(f Adapter) bool { return f.USB.key() == a.own }); i >= 0 {
		return free[i], nil
	}
	index, of := a.among.Index, max(a.among.Of, 1)
	if a.own != "" {
		free = slices.DeleteFunc(free, func(f Adapter) bool { return a.seen[f.USB.key()] })
		index, of = 0, 1
	}
	if len(free) != of {
		return Adapter{}, absent{a.mismatch(free, of)}
	}
	a.deal(free[index].USB.key(), a.free(all))
	return free[index], nil
}

func (a *auto) deal(own string, there []Adapter) {
	a.own, a.seen = own, map[string]bool{}
	for _, f := range there {
		a.seen[f.USB.key()] = true
	}
}

// free returns the known dongles that no meter named, in the order in which they are dealt.
func (a *auto) free(all []Adapter) []Adapter {
	taken := map[string]bool{}
	for _, name := range a.among.Taken {
		if device, err := filepath.EvalSymlinks(name); err == nil {
			taken[device] = true
		}
		taken[name] = true
	}
	free := slices.DeleteFunc(slices.Clone(all), func(f Adapter) bool {
		return f.Dongle == "" || taken[f.Device] || taken[f.ByID]
	})
	slices.SortFunc(free, func(x, y Adapter) int { return cmp.Compare(x.USB.key(), y.USB.key()) })
	return free
}

// key identifies an adapter: by its serial number, and by its socket when it has none.
func (u *USB) key() string {
	return strings.Join([]string{cmp.Or(u.Serial, u.Place), u.Vendor, u.Product}, " ")
}

// mismatch says why no dongle can be dealt.
func (a *auto) mismatch(free []Adapter, of int) error {
	switch {
	case len(free) == 0 && a.own != "":
		return errors.New("open port auto: the dongle was unplugged: plug it in again")
	case len(free) == 0:
		return errors.New("open port auto: no known TIC dongle is plugged in: plug one in, or name the port (releve probe lists them)")
	}
	var names []string
	for _, f := range free {
		names = append(names, f.Device)
	}
	return fmt.Errorf("open port auto: %d TIC dongle(s) for %d meter(s) with port auto (%s): plug in as many, or name the port of each meter (releve probe lists them)",
		len(free), of, strings.Join(names, ", "))
}

// absent marks the error of what is not plugged in. To look for it costs nothing, so it is looked for every second.
type absent struct{ error }

func (a absent) Unwrap() []error { return []error{a.error, backoff.RetryAfter(1)} }
