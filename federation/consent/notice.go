package consent

import "time"

// Notice is the word to one address that a consent has come into its state: of a request to who may answer it, of the answer
// to who asked, of a withdrawal to who was sent readings.
type Notice struct {
	To    string    `json:"to"`             // bare address, or the name of a recipient outside the federation
	Sent  time.Time `json:"sent,omitzero"`  // when it last was
	Acked time.Time `json:"acked,omitzero"` // when the address said that it knows, or a person that they have told it
	By    string    `json:"by,omitempty"`   // that person: "terminal", "page", or an address

	Back    time.Time `json:"back,omitzero"`      // when it first came back
	Untold  string    `json:"untold,omitempty"`   // why the agent does not tell it, or not any more: a person has to
	OnTrial bool      `json:"on_trial,omitempty"` // it waits until the configuration that withdraws is there to stay
}

// Owed says whether the address was told nothing yet, and is to be.
func (n Notice) Owed() bool { return n.Sent.IsZero() && n.Acked.IsZero() && n.Untold == "" }

// ByHand says whether a person has to tell it, and has not said so far that they did.
func (n Notice) ByHand() bool { return n.Untold != "" && n.Acked.IsZero() }
