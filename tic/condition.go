package tic

// Condition is when a meter sends a label, besides what Phases and Producer of the Label say. A label that is absent is
// not known: it is never nought.
type Condition uint8

// The conditions. The four contracts are those of historic mode.
const (
	Always Condition = iota
	OnBase
	OnOffPeak
	OnEJP
	OnTempo
	NearPeak
	WhileOver
	OnNewer
	OnConcentrator
	WhenProgrammed
	WhenRecorded
	WhenPeakPending
	AfterMessage
	OnSeries
	OnPilots
)

// Words returns the condition as the documentation says it.
func (c Condition) Words() Words {
	return [...]Words{
		Always:          {"toujours", "always"},
		OnBase:          {"contrat base, ou autre que les quatre", "base contract, or none of the four"},
		OnOffPeak:       {"contrat heures creuses", "off-peak contract"},
		OnEJP:           {"contrat EJP", "EJP contract"},
		OnTempo:         {"contrat Tempo", "Tempo contract"},
		NearPeak:        {"contrat EJP, du préavis à la fin de la pointe", "EJP contract, from the notice to the end of the peak"},
		WhileOver:       {"pendant un dépassement", "while the subscribed current is exceeded"},
		OnNewer:         {"sauf les plus anciens compteurs", "but for the oldest meters"},
		OnConcentrator:  {"concentrateur", "concentrator"},
		WhenProgrammed:  {"si le fournisseur l'a programmé", "if the supplier programmed it"},
		WhenRecorded:    {"si la courbe de charge est enregistrée", "if the load curve is recorded"},
		WhenPeakPending: {"pointe mobile annoncée ou en cours", "mobile peak announced or in progress"},
		AfterMessage:    {"une fois, après MSG1", "once, after MSG1"},
		OnSeries:        {"VTIC 02", "VTIC 02"},
		OnPilots:        {"compteurs pilotes, VTIC 01", "pilot meters, VTIC 01"},
	}[c]
}
