// Package history answers questions about what meters have said: a quantity of a meter, over a day, a week, a month or a
// year of the household's calendar, in steps, beside the time before or another meter.
//
// In: a [Question], and an [Archive] of roll-ups and readings. Out: an [Answer], lines of points, each with its own begin
// and end. It knows the paths of series and how energy follows from an index; it knows nothing of pages, prices or
// consents, and reads nothing but the archive.
//
// # How a point gets its value
//
// Energy is the difference of an index between the begin and the end of a point. That is exact, whatever was missed in
// between. What was drawn while nothing was heard across a boundary belongs to no point: it is in [Line.Unplaced], so that
// the points and it together are what the index says ([Line.Total]). An index that falls, or grows faster than
// any meter can carry, is another meter's: the point is then made of shorter ones, and what cannot be known is left out.
//
// In ten minutes of which nothing was heard an index is not known, nor in those after them in which it has grown. A silence of
// no more than that across a boundary cannot be told from an index that stood still: what was drawn in it is of the point in which
// the meter was heard again.
//
// Any other quantity is the mean of the value in force, each instant counting the same.
//
// A point of which nothing is known has no value. Nothing is interpolated. A point that is known in part says so
// ([Point.Whole]).
package history
