// Package doctor finds what keeps a meter from being read, and says what to do about it in French and English.
//
// In: what is configured, the machine's own files under a root that a test may replace, and functions that listen to a
// line, ask the page, reach the federation or a relay's system. Out: a tree of findings, in which a thing that is wrong explains what
// depends on it. It mends nothing, and knows of a meter only what tells whether it is heard well: no
// finding holds an address or a value.
package doctor

import (
	"context"

	"releve/agent/status"
)

// Exam is what is to be looked at.
type Exam struct {
	Host   Host
	Config string // the configuration file; "" when a port is given instead
	Err    error  // why it cannot be used, or nil

	Meters  []Meter
	Follows bool   // whether readings come from sources, too
	State   string // folder of everything that is written; "" to leave it out
	Room    int64  // bytes that the buffer may take there
	Page    *Page  // nil without one
	Pins    bool   // whether a light or a button is configured
	Relays  []Relay

	TrustClock bool // whether the machine's clock is taken as it is

	Secrets    func() error                // whether what a login needs can be read; nil without a federation
	Federation func(context.Context) error // reaches the server; nil without a federation
	LoggedIn   bool                        // and logs in there
	// Trouble says what an error of Federation means, and what to do.
	Trouble func(error) (text, advice status.Words)
}

// Meter is one meter that is to be examined.
type Meter struct {
	Name   string
	Port   string
	Listen func(context.Context) (*Hearing, error) // for as long as it takes to judge the line
}

// Page is the local page of a Relève that may be running.
type Page struct {
	Address string
	Ask     func(context.Context) (status.Snapshot, error) // what it shows
	Free    func(context.Context) error                    // whether a page could listen at the address
}

// Checks is the tree of what can be wrong. Running it takes as long as listening does.
func (e Exam) Checks(ctx context.Context) *status.Check {
	root := status.Named("releve", nil)
	config := status.Named("configuration", e.configuration)
	account := e.account()
	for _, m := range e.Meters {
		config.Then(e.patient(ctx, m, account).checks())
	}
	if e.State != "" {
		config.Then(status.Named("disk", e.disk).Then(status.Named("state", func() status.Finding { return e.folder(account) })))
	}
	if e.Page != nil {
		config.Then(status.Named("page", func() status.Finding { return e.page(ctx) }))
	}
	if e.Pins {
		config.Then(status.Named("pins", func() status.Finding { return e.pins(account) }))
	}
	if len(e.Relays) > 0 { // before the federation, which may use up the time of who asked
		config.Then(e.relays(ctx))
	}
	if e.Federation != nil {
		config.Then(status.Named("secrets", e.secrets), status.Named("federation", func() status.Finding { return e.federation(ctx) }))
	}
	return root.Then(config, status.Named("clock", e.clock), status.Named("power", e.power))
}

func (e Exam) configuration() status.Finding {
	if e.Err != nil {
		return status.Finding{
			State:  status.Fault,
			Text:   status.Sayf("La configuration %s ne peut pas être utilisée.", "The configuration %s cannot be used.", e.Config),
			Advice: status.Say("Corrigez ce qui est dit ci-dessous, ou essayez un port sans configuration : releve doctor --port /dev/ttyUSB0", "Mend what is said below, or try a port without a configuration: releve doctor --port /dev/ttyUSB0"),
			Detail: e.Err.Error(),
		}
	}
	if len(e.Meters) == 0 && !e.Follows {
		return status.Finding{
			State:  status.Warning,
			Text:   status.Say("Aucun compteur n'est configuré.", "No meter is configured."),
			Advice: status.Say("Ajoutez une section [[meter]] avec son port.", "Add a [[meter]] section with its port."),
		}
	}
	if e.Config == "" {
		return status.Finding{Text: status.Say("aucune, un port est donné", "none, a port is given")}
	}
	return status.Finding{Text: status.Say(e.Config, e.Config)}
}
