package series

import (
	"strings"
	"time"
)

// Kind is what can happen to a meter, as its word in records and logs. A contract with readers of status/event.
type Kind string

// What happens at once.
const (
	MeterReplaced  Kind = "meter-replaced"         // another address; its indexes begin anew
	PointChanged   Kind = "delivery-point-changed" // the meter was moved, or is read at another home
	ModeChanged    Kind = "mode-changed"           // historic to standard, or back
	TariffChanged  Kind = "tariff-changed"         // another option or calendar
	IndexWithheld  Kind = "index-withheld"         // it went backwards or faster than can be; subject: its path
	IndexConfirmed Kind = "index-confirmed"        // the frames agree on the value withheld; subject: its path
)

// What begins and ends. The end is told when nothing was heard of it for a minute.
const (
	OverPower        Kind = "over-power"        // more than subscribed: ADPS, ADIR or STGE bit 7
	Overvoltage      Kind = "overvoltage"       // STGE bit 6
	BreakerOpen      Kind = "breaker-open"      // STGE bits 1–3
	CoverOpen        Kind = "cover-open"        // STGE bit 4
	ClockDegraded    Kind = "clock-degraded"    // STGE bit 16
	PowerImplausible Kind = "implausible-power" // volt-amperes that volts and amperes contradict
	Standby          Kind = "standby"           // veille: frames that hold the address only, the meter is not in TIC mode
	Silent           Kind = "meter-silent"      // no frame
)

// Event is something that happened to a meter. It holds nothing personal.
type Event struct {
	Kind    Kind
	Subject string // path of a series, a mode, why a breaker is open; often ""
	Called  Title  // the subject
	Ended   bool
	At      time.Time
}

// String is the event as status/event says it: its kind, its subject, and "ended" when it is over.
func (e Event) String() string {
	words := []string{string(e.Kind)}
	if e.Subject != "" {
		words = append(words, e.Subject)
	}
	if e.Ended {
		words = append(words, "ended")
	}
	return strings.Join(words, " ")
}

// Title is the event in a sentence without its point.
func (e Event) Title() Title {
	t := e.Kind.Title()
	if e.Called != (Title{}) {
		t.FR += " (" + e.Called.FR + ")"
		t.EN += " (" + e.Called.EN + ")"
	}
	if e.Ended {
		t.FR += " : terminé"
		t.EN += ": over"
	}
	return t
}

// Title is what people call the kind.
func (k Kind) Title() Title {
	if t, ok := titles()[k]; ok {
		return t
	}
	return Title{string(k), string(k)}
}

func titles() map[Kind]Title {
	return map[Kind]Title{
		MeterReplaced:    {"Le compteur a été remplacé", "The meter was replaced"},
		PointChanged:     {"Le point de livraison a changé", "The delivery point has changed"},
		ModeChanged:      {"Le compteur a changé de mode", "The meter changed its mode"},
		TariffChanged:    {"L'offre tarifaire a changé", "The tariff has changed"},
		IndexWithheld:    {"Un index invraisemblable est retenu", "An implausible index is withheld"},
		IndexConfirmed:   {"Un index retenu est confirmé", "An index that was withheld is confirmed"},
		OverPower:        {"La puissance souscrite est dépassée", "More than the subscribed power is drawn"},
		Overvoltage:      {"Le compteur signale une surtension", "The meter reports an overvoltage"},
		BreakerOpen:      {"L'organe de coupure du compteur est ouvert", "The breaker of the meter is open"},
		CoverOpen:        {"Le cache-bornes du compteur est ouvert", "The terminal cover of the meter is open"},
		ClockDegraded:    {"L'horloge du compteur est dégradée", "The clock of the meter is degraded"},
		PowerImplausible: {"Le compteur annonce une puissance invraisemblable", "The meter announces an implausible power"},
		Standby:          {"Le compteur n'est pas en mode télé-information (veille)", "The meter is not in customer bus mode (standby)"},
		Silent:           {"Le compteur ne dit plus rien", "The meter says nothing any more"},
	}
}
