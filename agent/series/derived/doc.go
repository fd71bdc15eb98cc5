// Package derived computes what a meter does not say from what it says.
//
// In: numbers in the units of the meter, with their times. Out: numbers, with how far they can be trusted in the comment
// of each. It knows electricity and nothing of labels, records or names.
package derived
