package series

import (
	"releve/senml"
	"releve/tic"
)

// register is STGE, field by field, but for what is of the tariff. Its supplier index is NTARF's.
func register() []entry {
	const std = tic.Standard
	return []entry{
		{"STGE", std, 0, "status/contact", "", state(func(s tic.Status) string { return openOrClosed(s.ContactOpen) }), "Contact sec", "Dry contact"},
		{"STGE", std, 0, "status/breaker", "", state(func(s tic.Status) string { return s.Breaker.String() }), "Organe de coupure", "Breaker"},
		{"STGE", std, 0, "status/cover", "", state(func(s tic.Status) string { return openOrClosed(s.CoverOpen) }), "Cache-bornes du distributeur", "Cover of the distributor's terminals"},
		{"STGE", std, 0, "status/overvoltage", "", flag(func(s tic.Status) bool { return s.Overvoltage }), "Surtension", "Overvoltage"},
		{"STGE", std, 0, pathOverPower, "", flag(func(s tic.Status) bool { return s.OverPower }), "Dépassement de la puissance souscrite", "Above the subscribed power"},
		{"STGE", std, 0, "status/producer", "", flag(func(s tic.Status) bool { return s.Producer }), "Compteur de producteur", "Meter of a producer"},
		{"STGE", std, 0, PathInjecting, "", flag(func(s tic.Status) bool { return s.Injecting }), "Injection en cours", "Injecting"},
		{"STGE", std, 0, "status/clock/degraded", "", flag(func(s tic.Status) bool { return s.ClockDegraded }), "Horloge du compteur dégradée", "Clock of the meter degraded"},
		{"STGE", std, 0, "status/mode", "", state(func(s tic.Status) string { return s.Mode.String() }), "Mode de la télé-information", "Mode of the customer bus"},
		{"STGE", std, 0, "status/euridis", "", state(func(s tic.Status) string { return s.Euridis.String() }), "Sortie Euridis", "Euridis output"},
		{"STGE", std, 0, "status/plc", "", state(func(s tic.Status) string { return s.PowerLine.String() }), "Liaison CPL", "Power line link"},
		{"STGE", std, 0, "status/plc/synchronised", "", flag(func(s tic.Status) bool { return s.Synchronised }), "Liaison CPL synchronisée", "Power line link synchronised"},
	}
}

// switches are the contacts and phases that the meter says apart from STGE, and its version.
func switches() []entry {
	const std, his = tic.Standard, tic.Historic
	return []entry{
		{"VTIC", std, 0, "status/version", "", text(), "Version de la télé-information", "Version of the customer bus"},
		{"RELAIS", std, 8, "status/relay/%d", "", reading{value: func(g tic.Group, n int) (senml.Value, bool) {
			relays, err := tic.ParseRelays(g.Value)
			return senml.BoolValue(relays.Closed(n)), err == nil
		}}, "Relais %d fermé", "Relay %d closed"},
		{"MOTDETAT", his, 0, "status/word", "", text(), "Mot d'état", "Status word"},
		{"PPOT", his, 3, "status/phase/%d/missing", "", reading{value: func(g tic.Group, n int) (senml.Value, bool) {
			missing, err := tic.ParseMissingPhases(g.Value)
			return senml.BoolValue(missing.Missing(n)), err == nil
		}}, "Phase %d absente", "Phase %d missing"},
	}
}

// said is what the recorder says of its own, from several labels. No label feeds these alone.
func said() []entry {
	return []entry{
		{"", tic.Historic, 0, pathOverPower, "", reading{}, "Dépassement de la puissance souscrite", "Above the subscribed power"},
		{"", tic.Auto, 0, pathDubious, "", reading{}, "Puissance invraisemblable", "Implausible power"},
		{"", tic.Auto, 0, PathEvent, "", reading{}, "Événement", "Event"},
	}
}

// flag reads one bit of STGE.
func flag(of func(tic.Status) bool) reading {
	return parsed(tic.ParseStatus, func(s tic.Status) senml.Value { return senml.BoolValue(of(s)) })
}

// count reads a number of STGE.
func count(of func(tic.Status) int) reading {
	return parsed(tic.ParseStatus, func(s tic.Status) senml.Value { return senml.NumberValue(float64(of(s))) })
}

// state reads a field of STGE in a word.
func state(of func(tic.Status) string) reading {
	return parsed(tic.ParseStatus, func(s tic.Status) senml.Value { return senml.TextValue(of(s)) })
}

func openOrClosed(open bool) string {
	if open {
		return "open"
	}
	return "closed"
}
