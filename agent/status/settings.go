package status

import "time"

// Setup is how a household sets its device. Its errors are a [*Refusal] where something was wrong with what was sent.
type Setup interface {
	Settings() Settings
	// Change puts values on trial, by their paths; nil under a path means what the files say.
	Change(values map[string][]string) error
	// Confirm makes the change on trial stay, TakeBack ends it.
	Confirm() error
	TakeBack() error
	// Issue makes a pass for a screen, whose token is told once; Revoke takes one back.
	Issue(name, view, resolution string) (token string, err error)
	Revoke(id string) error
	// Test has a recipient sent to what waits for it, and says how that went.
	Test(recipient string) (Words, error)
}

// Settings is how the device is set.
type Settings struct {
	Steps       []Step // of setting it up, in their order
	Keys        []Setting
	Trial       *Trial // nil while nothing is on trial
	Screens     []ScreenPass
	Resolutions []string // that a pass can have
	Recipients  []string
	OwnerCode   string // makes the first owner in the federation; "" when there is none
}

// Step is one step of setting the device up.
type Step struct {
	Title, Text Words
	Done        bool
	Anchor      string // where on the settings it is done: section-meter[linky]
}

// Setting is one value.
type Setting struct {
	Path    string // buffer.period, meter[linky].title
	About   Words
	Kind    string // text, check, choice, lines
	Values  []string
	Choices []string
	Range   string
	Changed bool // otherwise than in the files
}

// Trial is a change that has to prove itself, and then to be confirmed.
type Trial struct {
	By      string
	Changes []TrialChange
	Works   bool // all that worked works: it can be confirmed
	Left    time.Duration
}

// TrialChange is one value of it.
type TrialChange struct{ Path, Before, After string }

// ScreenPass is a pass of a screen on a wall.
type ScreenPass struct {
	ID, Name, View, Resolution string
	Made                       time.Time
}
