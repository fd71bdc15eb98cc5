package consent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"releve/buffer/statefile"
)

// Consents is the list of all consents, kept in a file. Every change is recorded before it holds, but a withdrawal,
// which holds at once whatever the disk says. Who changes it takes turns; it is read by many.
type Consents struct {
	// Record makes a change durable elsewhere, in the ledger. Set it before the first change.
	Record func(Consent) error
	file   string

	mu       sync.Mutex // guards everything below
	list     []Consent  // in the order in which they came
	standing []Grant    // of those in force; replaced, never changed
}

// maxConsents bounds the list: who asks from outside cannot fill the disk.
const maxConsents = 500

// OpenConsents reads the list from its file, which need not exist yet. A file that is not understood is set aside, and
// its trouble comes beside a usable empty list.
func OpenConsents(file string) (*Consents, error) {
	list, err := statefile.Read(file, checkList)
	var damaged *statefile.Damaged
	if err != nil {
		err = fmt.Errorf("read consents: %w", err)
		if !errors.As(err, &damaged) {
			return nil, err
		}
	}
	c := &Consents{file: file, list: list}
	c.stand()
	return c, err
}

// checkList refuses a list of which one consent is not what its identifier stands for: nobody has agreed to that.
func checkList(list []Consent) error {
	for i, one := range list {
		if one.Grant.Check() != nil || one.Grant.ID() != one.ID {
			return fmt.Errorf("consent %d is not the one of its identifier", i+1)
		}
	}
	return nil
}

// All returns the consents in the order in which they came.
func (c *Consents) All() []Consent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// Find returns the consent whose identifier begins so.
func (c *Consents) Find(id string) (Consent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Find(c.list, id)
}

// Find returns the consent of a list whose identifier begins so.
func Find(list []Consent, id string) (Consent, error) {
	at, err := place(list, id)
	if err != nil {
		return Consent{}, err
	}
	return list[at], nil
}

// List reads the list from its file, whoever may be writing it.
func List(file string) ([]Consent, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var list []Consent
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err == nil {
		err = checkList(list)
	}
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return list, nil
}

func place(list []Consent, id string) (int, error) {
	at := -1
	for i, one := range list {
		switch {
		case id == "", !strings.HasPrefix(one.ID, id):
		case at >= 0:
			return 0, fmt.Errorf("several consents begin with %q; give more of the identifier", id)
		default:
			at = i
		}
	}
	if at < 0 {
		return 0, fmt.Errorf("there is no consent %q", id)
	}
	return at, nil
}

// Ask puts a grant on the list for a person to answer. One that was ever asked for in the same terms stays as it is.
func (c *Consents) Ask(g Grant, by string, now time.Time) (Consent, error) {
	return c.ask(Consent{Grant: g, Since: now, By: by}, c.room)
}

func (c *Consents) ask(one Consent, room func() error) (Consent, error) {
	if err := one.Grant.Check(); err != nil {
		return Consent{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	one.ID, one.State = one.Grant.ID(), Pending
	if at, err := place(c.list, one.ID); err == nil {
		return c.list[at], nil
	}
	if err := room(); err != nil {
		return Consent{}, err
	}
	return one, c.commit(len(c.list), one)
}

// room says whether one more can be kept.
func (c *Consents) room() error {
	if len(c.list) >= maxConsents {
		return fmt.Errorf("there are %d consents already, which is as many as are kept", maxConsents)
	}
	return nil
}

// Accept brings a consent in force. It may have been refused or withdrawn before: people change their minds.
func (c *Consents) Accept(id, by string, now time.Time) (Consent, error) {
	return c.move(id, Consent{State: InForce, Since: now, By: by}, Pending, Refused, Withdrawn)
}

// Amend puts a grant in other terms in the place of one that a person has not answered or said no to, with another
// identifier, and returns that. The same terms change nothing.
func (c *Consents) Amend(id string, g Grant) (string, error) {
	if err := g.Check(); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at, err := place(c.list, id)
	if err != nil {
		return "", err
	}
	one := c.list[at]
	switch _, known := place(c.list, g.ID()); {
	case known == nil:
		return g.ID(), nil
	case one.State != Pending:
		return "", fmt.Errorf("consent %s is %s; request another one in the new terms", one.ID, one.State)
	}
	one.ID, one.Grant, one.Proof = g.ID(), g, nil // a receipt proves its own terms only
	return one.ID, c.commit(at, one)
}

// Refuse says no to what was asked for.
func (c *Consents) Refuse(id, by string, now time.Time) (Consent, error) {
	return c.move(id, Consent{State: Refused, Since: now, By: by}, Pending)
}

// Withdraw takes a consent back. It holds at once, also when the error says that it could not be written down. These
// notices are owed then.
func (c *Consents) Withdraw(id, by string, now time.Time, tell []Notice) (Consent, error) {
	return c.move(id, Consent{State: Withdrawn, Since: now, By: by, Notices: tell}, InForce)
}

// move brings a consent from one of some states into another.
func (c *Consents) move(id string, to Consent, from ...State) (Consent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, err := place(c.list, id)
	if err != nil {
		return Consent{}, err
	}
	one := c.list[at].At(to.Since)
	if !slices.Contains(from, one.State) {
		return one, fmt.Errorf("consent %s is %s", one.ID, one.State)
	}
	if to.State == InForce && one.Grant.Over(to.Since) {
		return one, fmt.Errorf("consent %s ended on %s; ask for another one", one.ID, one.Grant.Until.Format(time.DateOnly))
	}
	if one.Asker != "" && to.State != Withdrawn {
		to.Notices = []Notice{{To: one.Asker}}
	}
	one.State, one.Since, one.By, one.Notices = to.State, to.Since, to.By, to.Notices
	return one, c.commit(at, one)
}

// commit records a consent, writes the list with it, and only then lets it hold; a withdrawal holds first.
func (c *Consents) commit(at int, one Consent) error {
	list := append(slices.Clone(c.list[:at]), one)
	if at < len(c.list) {
		list = append(list, c.list[at+1:]...)
	}
	if one.State == Withdrawn {
		c.list = list
		c.stand()
		return errors.Join(c.Record(one), c.write(list))
	}
	if err := c.Record(one); err != nil {
		return err
	}
	if err := c.write(list); err != nil {
		return err
	}
	c.list = list
	c.stand()
	return nil
}

func (c *Consents) write(list []Consent) error {
	if err := statefile.Write(c.file, list); err != nil {
		return fmt.Errorf("write consents: %w", err)
	}
	return nil
}

// stand notes which grants are in force.
func (c *Consents) stand() {
	c.standing = nil
	for _, one := range c.list {
		if one.State == InForce {
			c.standing = append(c.standing, one.Grant)
		}
	}
}

// Standing returns the grants that were given and not taken back. Some may not have begun, or be over.
func (c *Consents) Standing() []Grant {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing
}

// Told notes what came of the notice to an address.
func (c *Consents) Told(id string, of Notice) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, err := place(c.list, id)
	if err != nil {
		return err
	}
	list := slices.Clone(c.list)
	list[at].Notices = slices.Clone(list[at].Notices)
	for i, n := range list[at].Notices {
		if n.To == of.To {
			list[at].Notices[i] = of
		}
	}
	c.list = list
	return c.write(list)
}
