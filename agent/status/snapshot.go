package status

import (
	"cmp"
	"time"
)

// VoltAmpere is an apparent power. It is what the meter measures at once; it is
// close to watts and never below them, so it is never printed as watts.
type VoltAmpere float64

// WattHour is an energy.
type WattHour uint64

// Snapshot is everything the page shows, taken at one instant. It is about the
// household and shown to the household: it carries readings, and it must never
// carry the meter's address or the PRM. Slices are not modified once handed over.
type Snapshot struct {
	Version    string      `json:"version"`
	Started    time.Time   `json:"started,omitzero"`
	Now        time.Time   `json:"now,omitzero"` // in the time zone the page is to show
	Meters     []Meter     `json:"meters"`
	Buffer     Buffer      `json:"buffer"`
	Recipients []Recipient `json:"recipients"`
	Consents   []Consent   `json:"consents,omitempty"`
	Federation Federation  `json:"federation"`
	Health     Node        `json:"health"`
	Machine    Machine     `json:"machine,omitzero"`
}

// Meter is one meter as last heard.
type Meter struct {
	Name      string    `json:"name"`
	Title     string    `json:"title,omitempty"`     // what people call it
	Port      string    `json:"port"`                // device or URL being read
	Mode      string    `json:"mode,omitempty"`      // "historic", "standard", or empty while unknown
	LastFrame time.Time `json:"last_frame,omitzero"` // zero until the first
	Frames    uint64    `json:"frames"`              // complete frames since the start
	Groups    uint64    `json:"groups"`              // groups with a good checksum since the start
	Rejected  uint64    `json:"rejected"`            // groups refused since the start
	Diagnosis Words     `json:"diagnosis,omitzero"`  // what the line looks like, when it does not look right
	Power     *Power    `json:"power,omitempty"`     // nil until the first reading of power
	Phases    []Phase   `json:"phases,omitempty"`    // empty on a single-phase meter
	Trend     []Point   `json:"trend,omitempty"`     // last minutes, oldest first; a gap in time is drawn as a gap
	Tariff    Words     `json:"tariff,omitzero"`     // period in force: "Heures creuses", "Off-peak"
	Option    string    `json:"option,omitempty"`    // contract: "base", "hphc", "ejp", "tempo"; empty when not known
	Colours   *Colours  `json:"colours,omitempty"`   // of a contract that has some
	Today     *Today    `json:"today,omitempty"`     // nil while midnight's index is not known
	Indexes   []Index   `json:"indexes,omitempty"`   // registers worth showing, the total first
	Readings  []Reading `json:"readings,omitempty"`  // everything else, in the order to show
	Events    []Event   `json:"events,omitempty"`    // what happened to the meter, the latest first

	Recent  Tally    `json:"recent,omitzero"`      // of the last quarter of an hour or two
	ClockBy *float64 `json:"clock_by_s,omitempty"` // seconds by which the meter's clock is ahead; nil when that is not known
	Wire    []Wire   `json:"-"`                    // the last frames, the latest first
}

// Tally is how well a line was heard.
type Tally struct {
	Groups   uint64 `json:"groups"`   // with a good checksum
	Rejected uint64 `json:"rejected"` // refused
}

// called is what people call the meter.
func (m Meter) called() string { return cmp.Or(m.Title, m.Name) }

// Colours are those of Tempo: "blue", "white", "red", or empty while the meter does not say.
type Colours struct {
	Today    string `json:"today,omitempty"`
	Tomorrow string `json:"tomorrow,omitempty"`
}

// Power is what crosses the meter at one instant.
type Power struct {
	Apparent   VoltAmpere `json:"apparent_va"`             // drawn from the network
	Injected   VoltAmpere `json:"injected_va,omitempty"`   // given to the network
	Estimated  bool       `json:"estimated,omitempty"`     // Injected was estimated, the meter does not announce it
	Subscribed VoltAmpere `json:"subscribed_va,omitempty"` // contract's limit; 0 when unknown
	At         time.Time  `json:"at"`                      // instant of the measure
}

// Phase is one phase of a three-phase meter. A quantity the meter does not announce is nil.
type Phase struct {
	Name     string      `json:"name"` // "1", "2", "3"
	Apparent *VoltAmpere `json:"apparent_va,omitempty"`
	Current  *float64    `json:"current_a,omitempty"` // amperes
	Voltage  *float64    `json:"voltage_v,omitempty"` // volts
}

// Point is one point of the curve of the last minutes.
type Point struct {
	At       time.Time  `json:"at"`
	Apparent VoltAmpere `json:"apparent_va"`
	Injected VoltAmpere `json:"injected_va,omitempty"`
}

// Today is the energy since local midnight.
type Today struct {
	Drawn    WattHour `json:"drawn_wh"`
	Injected WattHour `json:"injected_wh,omitempty"`
}

// Index is one energy register of the meter.
type Index struct {
	Label   Words     `json:"label"`             // "Heures creuses", "Off-peak"
	Value   WattHour  `json:"value_wh"`          //
	Current bool      `json:"current,omitempty"` // this register is the one running now
	At      time.Time `json:"at"`
}

// Event is something that happened to a meter.
type Event struct {
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // "over-power", "meter-replaced ended"
	Text Words     `json:"text"`
}

// Reading is one value already worded for a person.
type Reading struct {
	Series string    `json:"series"` // path relative to the meter: "voltage/1"
	Label  Words     `json:"label"`
	Value  string    `json:"value"` // a number with a decimal point, a text, true or false
	Unit   string    `json:"unit,omitempty"`
	At     time.Time `json:"at"`
}

// Buffer is what the device keeps until every recipient has taken it.
type Buffer struct {
	Packs  uint64    `json:"packs"`
	Bytes  int64     `json:"bytes"`
	Oldest time.Time `json:"oldest,omitzero"` // oldest pack still kept; zero when none
	Note   Words     `json:"note,omitzero"`   // anything out of the ordinary: set aside at opening, some expired
}

// Recipient is one party that receives packs.
type Recipient struct {
	Name     string    `json:"name"`
	State    State     `json:"state"`
	Pending  uint64    `json:"pending"`            // packs not acknowledged yet
	LastSent time.Time `json:"last_sent,omitzero"` // last acknowledgement
	Text     Words     `json:"text,omitzero"`      // why it is not OK
}

// Consent is one that was asked for or given, and how it stands. State is [OK] while it is in force, [Waiting] until it is
// answered, [Warning] when it ends soon or was withdrawn and not everybody who should know does.
type Consent struct {
	To    string `json:"to"`
	State State  `json:"state"`
	Text  Words  `json:"text"`           // how it stands
	Terms Words  `json:"terms,omitzero"` // what for, how finely, until when
}

// Federation is the XMPP session. An empty JID means that none is configured.
// State is [OK] while connected, [Waiting] while connecting, [Warning] while out
// of reach (readings wait, nothing is lost), [Fault] when refused for good.
type Federation struct {
	JID   string    `json:"jid,omitempty"`
	State State     `json:"state"`
	Since time.Time `json:"since,omitzero"` // when this state began
	Text  Words     `json:"text,omitzero"`
}
