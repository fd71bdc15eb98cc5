package federation

import (
	"context"
	"fmt"
	"time"

	"releve/senml"
)

// Supplier is a system outside the federation that is asked for what it keeps.
type Supplier interface {
	fmt.Stringer
	// Series lists what there is to ask for, in words that this supplier alone has to understand and that stay the same.
	Series(ctx context.Context) ([]string, error)
	// Fetch asks for a series from a time on, that one included.
	Fetch(ctx context.Context, series string, from time.Time) (Page, error)
}

// Page is a part of a series, or all of it.
type Page struct {
	Records senml.Pack // resolved, under names of Outside, in any order
	Next    time.Time  // what is older is had now, the supplier willing
	More    bool       // there is something at or after Next; it is after from then
}
