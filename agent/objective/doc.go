// Package objective holds a year of consumption against a target: some percent less than a reference.
//
// In: a plan, the energies of the reference by month, those of this year so far. Out: how the year stands, month by month: the
// corridor between target and reference, what was used, and where that leads. It knows nothing of meters and reads nothing.
package objective
