package consent

import "time"

// State is where a consent stands.
type State string

// The states. A consent that has ended stays in the list: that it was given is part of what can be shown.
const (
	Pending   State = "pending"   // asked for, and not answered
	InForce   State = "in force"  // given
	Refused   State = "refused"   // a person said no
	Withdrawn State = "withdrawn" // a person took it back
	Lapsed    State = "lapsed"    // its agreed end came
)

// Consent is a grant and what became of it.
type Consent struct {
	ID      string    `json:"id"` // Grant.ID
	Grant   Grant     `json:"grant"`
	State   State     `json:"state"`
	Since   time.Time `json:"since,omitzero"`  // when it came into the state; zero when the time was not known
	By      string    `json:"by"`              // who brought it there: ByFile, "terminal", "page", or an address
	Asker   string    `json:"asker,omitempty"` // bare address of who asked for it from outside
	Notices []Notice  `json:"notices,omitempty"`
	Proof   *Proof    `json:"proof,omitempty"` // of one that was given elsewhere
}

// ByFile is who gives and takes back what stands in the configuration: its author.
const ByFile = "file"

// At is the consent as it stands at a time: nobody has to do anything for one to lapse.
func (c Consent) At(now time.Time) Consent {
	if c.State == InForce && c.Grant.Over(now) {
		c.State, c.Since, c.By = Lapsed, c.Grant.Until, ""
	}
	return c
}

// warnAhead is how long before its end a consent is spoken of: who wants it to go on has to find the time.
const warnAhead = 15 * 24 * time.Hour

// EndsSoon says whether a consent in force comes to its agreed end within two weeks.
func (c Consent) EndsSoon(now time.Time) bool {
	return c.State == InForce && !c.Grant.Until.IsZero() && !c.Grant.Over(now) && c.Grant.Over(now.Add(warnAhead))
}
