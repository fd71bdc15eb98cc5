package update

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"time"

	"releve/buffer/statefile"
)

// Names of what both versions and root tell each other by. A newer version must go on to read and write these files as they
// are here: it would be taken back otherwise.
const (
	AskedFile   = "update.json"            // in the state folder, the agent's
	outcomeFile = "outcome.json"           // in root's folder, for the agent to read
	OwnFolder   = "/var/lib/releve-update" // root's
)

// Asked is what somebody asked for, as the agent writes it down before it places a package: the version before it and the
// version after it read it.
type Asked struct {
	By     string    `json:"by"`    // an address
	At     time.Time `json:"at"`    // for people only
	After  time.Time `json:"after"` // At of the outcome that was there: another one is of this, however late or early the clock is
	From   string    `json:"from"`
	To     string    `json:"to"`
	Need   []string  `json:"need"` // what worked before, and has to work after
	Proved bool      `json:"proved"`
	// Missing is what of Need does not work yet.
	Missing  []string `json:"missing"`
	Recorded bool     `json:"recorded"` // what became of it, in the ledger
}

// Lacks returns what of Need does not work.
func (a Asked) Lacks(works []string) []string {
	return slices.DeleteFunc(slices.Clone(a.Need), func(one string) bool { return slices.Contains(works, one) })
}

// Outcome is root's word on what became of a version.
type Outcome struct {
	From string    `json:"from"`
	To   string    `json:"to"`
	At   time.Time `json:"at"`            // for people only
	Why  string    `json:"why,omitempty"` // it was taken back; "" for a version that stays
	// Refused says that the version before did not have to return: nothing was begun, or there is another now.
	Refused bool `json:"refused,omitempty"`
	// Runs is the version that somebody else has installed meanwhile; "" for none.
	Runs string `json:"runs,omitempty"`
}

// Stays is the version that was not taken back.
func (o Outcome) Stays() string {
	switch {
	case o.Runs != "":
		return o.Runs
	case o.Returned():
		return o.From
	}
	return o.To
}

// Returned says whether the version before is the one that runs.
func (o Outcome) Returned() bool { return o.Why != "" }

// ReadOutcome returns root's last word; the zero value when there is none.
func ReadOutcome(own string) (Outcome, error) {
	return statefile.Look[Outcome](own+"/"+outcomeFile, nil)
}

// say writes the outcome where the agent may read it.
func (i Installer) say(o Outcome) error {
	file := i.Own + "/" + outcomeFile
	o.At = time.Now().UTC()
	err := statefile.Write(file, o)
	if err == nil {
		err = os.Chmod(file, 0o644)
	}
	return err
}

// proof is the agent's word on a version on trial: whether it works, and what is missing. It can at most keep a version that
// was signed, and the text is only shown.
func (i Installer) proof(to string) (works bool, missing string) {
	asked := i.asked()
	if asked.To != to {
		return false, ""
	}
	return asked.Proved, plain(strings.Join(asked.Missing, ", "))
}

// asked is what the agent says that was asked for; the zero value when it says nothing that is understood.
func (i Installer) asked() (a Asked) {
	state, err := os.OpenRoot(i.State)
	if err != nil {
		return a
	}
	defer state.Close()
	said, err := text(state, AskedFile)
	if err != nil || json.Unmarshal(said, &a) != nil {
		return Asked{}
	}
	return a
}

// plain is the beginning of a text without what could do anything to a terminal.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0x24f {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), 200)]
}
