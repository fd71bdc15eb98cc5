package lab

import (
	"fmt"
	"log/slog"
	"regexp"
	"time"
)

// Shaper chooses how fast a server lets others talk.
type Shaper int

const (
	// ShaperOff sets no limit of speed.
	ShaperOff Shaper = iota
	// ShaperStock sets the limits the product ships with. ejabberd: 3000 B/s for
	// each client after a burst of 20000 B, 200000 B/s for each server. Prosody:
	// 10 kB/s for each client, 30 kB/s for each server.
	ShaperStock
	// ShaperAgents is ShaperStock with a class of its own for agents, as a federation
	// with many readings makes it: 30000 B/s after a burst of 300000 B for each account
	// whose name begins with "maison". Only ejabberd has classes; Prosody is as stock.
	ShaperAgents
)

// Domain is one XMPP domain of a federation.
type Domain struct {
	Name     string    // "breizh-sen1.example": lower-case letters, digits, hyphens, dots
	Kind     Kind      // what serves it
	Accounts []Account // made before Start returns
	// Nodes is how many servers serve the domain as one cluster, 0 for one; only
	// ejabberd can be more. Clients find any of them by DNS, other servers the first.
	Nodes int
}

// Options say what to start. The zero value starts the two default domains
// without accounts and without limits of speed.
type Options struct {
	// Dir is an existing folder in which the temporary folder is made; "" means
	// the system's. When the caller is root, others must be able to pass through it.
	Dir string
	// Log hears what starts and stops; nil means nobody.
	Log *slog.Logger
	// Domains: nil means breizh-sen1.example on ejabberd, breizh-sen2.example on Prosody.
	Domains []Domain
	// Shaper holds for all servers.
	Shaper Shaper
	// ClientStanzaMax is the longest stanza in bytes a server takes from a client,
	// 0 means 262144 (as shipped). A longer one ends the stream with policy-violation.
	ClientStanzaMax int
	// PeerStanzaMax is the same between servers, 0 means 524288 (as shipped).
	PeerStanzaMax int
	// PeerRetryDelay is how long ejabberd at most refuses to try a domain again
	// that it could not reach, in whole seconds; 0 means 1 s. ejabberd ships with 300 s.
	PeerRetryDelay time.Duration
	// StartTimeout bounds Start as a whole; 0 means 4 min.
	StartTimeout time.Duration
	// Streams has ejabberd write down what it reads and says on its streams, within TLS; see Server.Streams.
	Streams bool
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Domains == nil {
		o.Domains = []Domain{
			{Name: "breizh-sen1.example", Kind: Ejabberd},
			{Name: "breizh-sen2.example", Kind: Prosody},
		}
	}
	o.ClientStanzaMax = orDefault(o.ClientStanzaMax, 262144)
	o.PeerStanzaMax = orDefault(o.PeerStanzaMax, 524288)
	o.PeerRetryDelay = orDefault(o.PeerRetryDelay, time.Second)
	o.StartTimeout = orDefault(o.StartTimeout, 4*time.Minute)
	return o
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

func (o Options) kinds() []Kind {
	var kinds []Kind
	for _, d := range o.Domains {
		kinds = append(kinds, d.Kind)
	}
	return kinds
}

// check refuses what would end up, wrongly quoted, in the files of a server.
func (o Options) check() error {
	seen := map[string]bool{}
	for _, d := range o.Domains {
		if err := d.check(); err != nil {
			return err
		}
		if seen[d.Name] {
			return fmt.Errorf("check options: domain %s is given twice", d.Name)
		}
		seen[d.Name] = true
	}
	return nil
}

func (d Domain) check() error {
	if !regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`).MatchString(d.Name) {
		return fmt.Errorf("check options: domain %q: want lower-case letters, digits, hyphens and at least one dot", d.Name)
	}
	if d.Kind != Ejabberd && d.Kind != Prosody {
		return fmt.Errorf("check options: domain %s: unknown kind of server %d", d.Name, int(d.Kind))
	}
	if d.Nodes < 0 || d.Nodes > maxNodes || d.Nodes > 1 && d.Kind != Ejabberd {
		return fmt.Errorf("check options: domain %s: %d nodes of %s: want 1, or up to %d of ejabberd", d.Name, d.Nodes, d.Kind, maxNodes)
	}
	for _, account := range d.Accounts {
		if err := checkUser(account.User); err != nil {
			return fmt.Errorf("check options: domain %s: %w", d.Name, err)
		}
	}
	return nil
}

func checkUser(user string) error {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`).MatchString(user) {
		return fmt.Errorf("user %q: want lower-case letters, digits, dots, hyphens, underscores", user)
	}
	return nil
}
