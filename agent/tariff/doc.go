// Package tariff estimates what electricity costs: the energies that each register of a meter counted on each day, and a file of
// prices, each with the day from which it is valid, become the lines of a bill.
//
// It is an estimate and no bill: it knows no credit, no adjustment and no rounding of a supplier's own. It reads and stores nothing.
//
// A price counts from the midnight at which it begins until the next one begins, so a price that is added never changes what a
// day before it cost.
package tariff
