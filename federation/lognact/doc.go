// Package lognact hands readings to a Zabbix, and has them from one: logNact is a Zabbix.
//
// In: packs whose records a gate has named urn:dev:org:60060-<pseudonym>_<path>, and items of a Zabbix. Out: values of items, by
// the protocol that zabbix_sender speaks or by history.push; records of items, by history.get. It knows neither the buffer
// nor the meter, and makes hosts and templates only when it is told to.
//
// # What an answer is worth
//
// "processed" means that the item is known and its host enabled, and that the value is in the server's memory. It does not
// mean that the value fits, or that it is stored. So there are two places: the front, up to which values were sent and
// processed, and the cursor behind it, up to which they are known to be stored. With a token the cursor follows what
// history.get finds; without one, a period of grace. After each interruption what lies between the two is sent again. A value
// keeps its clock and ns (which is never 0), so that what comes twice is one row.
//
// An item that refuses a value is parked: the rest goes on without it, and once it takes values again it is given all that
// the buffer still has, oldest first.
package lognact
