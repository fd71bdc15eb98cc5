package consent

import "releve/senml"

// Tally counts what leaves, before it does: whoever reads it never reads less than what left.
type Tally interface {
	// Leaving notes records that are about to leave from a place, so that no cut loses it. What was about to leave there before,
	// and is not settled, is the same when it comes again. From the place "" nothing comes again. With an error nothing may leave.
	Leaving(place string, all ...Batch) error
	// Settled notes of what was last about to leave from a place that it arrived, or that it will not come again.
	Settled(place string, arrived bool)
}

// Batch is records for one recipient under one consent, by its identifier.
type Batch struct {
	Recipient, Consent string
	Pack               senml.Pack
}
