package lognact

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Parked is an item that refuses values. What it was not given is in the buffer, from Since on.
type Parked struct {
	Host   string    `json:"host"`
	Key    string    `json:"key"`
	Reason string    `json:"reason"`
	Since  uint64    `json:"since"` // number of the first pack with a value it has not got
	Again  time.Time `json:"again"` // when it is tried again
	// Sent is up to which pack it has been given what it had missed, and not stored yet as far as is known; 0 before.
	Sent uint64 `json:"sent,omitempty"`
}

func (p Parked) item() item { return item{p.Host, p.Key} }

// parking is the items that are parked, in a file.
type parking struct {
	file string // "" to keep them in memory

	mu  sync.Mutex // guards everything below
	all map[item]Parked
}

// openParking reads the file. One that was damaged has been set aside: the error says so, and all items are tried again.
func openParking(file string) (*parking, error) {
	p := &parking{file: file, all: map[item]Parked{}}
	if file == "" {
		return p, nil
	}
	list, err := statefile.Read[[]Parked](file, nil)
	for _, one := range list {
		p.all[one.item()] = one
	}
	return p, err
}

// skips says whether an item gets nothing for now.
func (p *parking) skips(i item) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, parked := p.all[i]
	return parked && one.Sent == 0
}

// park notes items; one that is parked keeps the place from which it lacks values.
func (p *parking) park(list ...Parked) error {
	if len(list) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range list {
		if before, parked := p.all[one.item()]; parked && before.Since < one.Since {
			one.Since = before.Since
		}
		p.all[one.item()] = one
	}
	return p.write()
}

// set notes how it stands with items, whatever was noted before.
func (p *parking) set(list ...Parked) error {
	if len(list) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range list {
		p.all[one.item()] = one
	}
	return p.write()
}

// free takes items out.
func (p *parking) free(items ...item) error {
	if len(items) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range items {
		delete(p.all, i)
	}
	return p.write()
}

// list returns what is parked, by host and key.
func (p *parking) list() []Parked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sorted()
}

func (p *parking) sorted() []Parked {
	list := make([]Parked, 0, len(p.all))
	for _, one := range p.all {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Parked) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Key, b.Key)) })
	return list
}

// write keeps the file as it is in memory. The caller holds mu.
func (p *parking) write() error {
	if p.file == "" {
		return nil
	}
	if err := statefile.Write(p.file, p.sorted()); err != nil {
		return fmt.Errorf("keep which items refuse values: %w", err)
	}
	return nil
}
