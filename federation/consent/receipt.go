package consent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Receipt is the record of a consent as it is handed on: by an application that asked the person before there was an agent,
// or by an agent to who was granted. Its members have the names of ISO/IEC TS 27560:2023 where that has one. One purpose and
// one resolution a receipt, as one a grant.
type Receipt struct {
	Schema     string     `json:"schema_version"`
	Record     string     `json:"record_id"`        // its own, for its issuer
	Principal  string     `json:"pii_principal_id"` // whose: the agent's bare address, or the name of its ledger
	Processing Processing `json:"pii_processing"`
	Controller Party      `json:"party_identification"`
	Event      Event      `json:"event"`
}

// Processing is what the person was told, and agreed to.
type Processing struct {
	Notice   string   `json:"privacy_notice,omitempty"` // its version
	Purpose  Purpose  `json:"purpose"`
	Basis    string   `json:"lawful_basis"` // consent
	Data     Data     `json:"pii_information"`
	Keep     string   `json:"retention_period,omitempty"` // ISO 8601
	Withdraw Sentence `json:"withdrawal_method"`
}

// Purpose is what for.
type Purpose struct {
	Sentence
	Code string `json:"purpose_type,omitempty"` // in a vocabulary such as W3C DPV's
}

// Sentence is the same in French and English.
type Sentence struct {
	FR string `json:"fr"`
	EN string `json:"en,omitempty"`
}

// Data is what may be seen, in the words of a grant.
type Data struct {
	Series     []string   `json:"pii_type"`
	Sources    []string   `json:"pii_source,omitempty"`
	Resolution Resolution `json:"resolution"`
	Identity   bool       `json:"pii_attribute_id"` // the delivery point number
}

// Party is who may see it.
type Party struct {
	ID      string `json:"party_id"` // as Grant.To
	Name    string `json:"party_name,omitempty"`
	Contact string `json:"party_contact,omitempty"`
	Role    Role   `json:"party_role,omitempty"`
}

// Event is when and where the person agreed, and for how long.
type Event struct {
	Type   string    `json:"event_type"`  // explicit
	State  string    `json:"event_state"` // given
	Time   time.Time `json:"event_time"`
	Entity string    `json:"entity_id"` // who collected it
	From   time.Time `json:"valid_from,omitzero"`
	Until  time.Time `json:"valid_until,omitzero"` // exclusive
}

const (
	receiptSchema = "ISO/IEC TS 27560:2023"
	// receiptHead is the first line of what is signed: a ledger's key signs nothing else that begins so.
	receiptHead = "Receipt of a consent, urn:releve:receipt:1\n"
	maxReceipt  = 12 << 10 // bytes, signatures included
)

// NewReceipt is the receipt of a consent in force, of the agent that a principal names; entity is who collected it.
func NewReceipt(c Consent, principal, entity string) Receipt {
	g := c.Grant
	return Receipt{
		Schema: receiptSchema, Record: fmt.Sprintf("%s.%d", c.ID, c.Since.Unix()), Principal: principal,
		Processing: Processing{
			Notice: g.Notice, Purpose: Purpose{Sentence{g.Purpose, g.PurposeEN}, g.Code}, Basis: "consent",
			Data: Data{g.Series, g.Sources, g.Resolution, g.Identity}, Keep: g.Retention,
			Withdraw: Sentence{"À tout moment, dans l'agent de la maison.", "At any time, in the household's agent."},
		},
		Controller: Party{g.To, g.Name, g.Contact, g.Role},
		Event:      Event{Type: "explicit", State: "given", Time: c.Since.UTC().Truncate(time.Second), Entity: entity, From: g.From, Until: g.Until},
	}
}

// Grant is the terms of a receipt.
func (r Receipt) Grant() Grant {
	d := r.Processing.Data
	return Grant{
		To: r.Controller.ID, Series: d.Series, Sources: d.Sources, Resolution: d.Resolution, Identity: d.Identity,
		Purpose: r.Processing.Purpose.FR, Until: r.Event.Until,
		Details: Details{
			From: r.Event.From, PurposeEN: r.Processing.Purpose.EN, Code: r.Processing.Purpose.Code, Retention: r.Processing.Keep,
			Notice: r.Processing.Notice, Name: r.Controller.Name, Contact: r.Controller.Contact, Role: r.Controller.Role,
		},
	}
}

// Text is what is signed: a line that says what it is, and the receipt as JSON on another.
func (r Receipt) Text() (string, error) {
	var out bytes.Buffer
	out.WriteString(receiptHead)
	line := json.NewEncoder(&out)
	line.SetEscapeHTML(false)
	if err := line.Encode(r); err != nil {
		return "", fmt.Errorf("write a receipt: %w", err)
	}
	return out.String(), nil
}

// parseReceipt reads what was signed. A member that is not known is refused: it might say what is not shown.
func parseReceipt(text string) (Receipt, error) {
	var r Receipt
	line, isReceipt := strings.CutPrefix(text, receiptHead)
	if !isReceipt || strings.Count(line, "\n") != 1 {
		return r, errors.New("it is no receipt of a consent: it does not begin as one does")
	}
	in := json.NewDecoder(strings.NewReader(line))
	in.DisallowUnknownFields()
	if err := in.Decode(&r); err != nil {
		return r, fmt.Errorf("it is no receipt of a consent: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("it is no receipt of a consent: something stands behind it")
	}
	return r, r.check()
}

func (r Receipt) check() error {
	switch {
	case r.Schema != receiptSchema:
		return fmt.Errorf("it has the fields of %.64q, and this program reads %s", r.Schema, receiptSchema)
	case r.Record == "" || r.Principal == "" || r.Event.Time.IsZero():
		return errors.New("it lacks its record_id, pii_principal_id or event_time")
	case r.Event.State != "given" || r.Processing.Basis != "consent":
		return fmt.Errorf("it is of a consent that is %.32q on the basis %.32q, not given", r.Event.State, r.Processing.Basis)
	}
	return r.Grant().Check()
}

// ahead is how much the clock of an issuer may be before ours.
const ahead = 5 * time.Minute

// Holds says why a receipt proves nothing here and now: it is of another device, over, or of times to come.
func (r Receipt) Holds(principals []string, now time.Time) error {
	switch {
	case !slices.Contains(principals, r.Principal):
		return fmt.Errorf("it is of another device, %.128q, and this is %s", r.Principal, strings.Join(principals, " or "))
	case r.Grant().Over(now):
		return fmt.Errorf("the consent in it ended on %s; ask for another one", r.Event.Until.Format(time.DateOnly))
	case r.Event.Time.After(now.Add(ahead)):
		return fmt.Errorf("it was given on %s, which is to come; a clock is wrong", r.Event.Time.Format(time.DateTime))
	}
	return nil
}
