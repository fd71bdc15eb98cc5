package bmhs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"releve/federation"
	"releve/senml"
)

// Supplier asks a server for the rows of series, by its data API.
type Supplier struct {
	Data   Data
	Name   string
	Wanted []string       // series as "<device>/<metavalue>"; the metavalue null is the value of the device itself
	Zone   *time.Location // the server's
	Client *http.Client
}

var _ federation.Supplier = (*Supplier)(nil)

// String names the supplier.
func (s *Supplier) String() string { return s.Name }

// Series returns what is wanted: the server lists nothing.
func (s *Supplier) Series(context.Context) ([]string, error) { return s.Wanted, nil }

// Fetch asks for the rows of a series from a time on, a page of the server's at a time until one of them goes on. A page may
// begin before from, and rows of one instant may be more than a page holds.
func (s *Supplier) Fetch(ctx context.Context, wanted string, from time.Time) (federation.Page, error) {
	of := seriesOf(wanted)
	name, unit := nameOf(of)
	page := federation.Page{Next: from}
	for offset := 0; ; offset += pageRows {
		points, err := s.Data.fetch(ctx, s.Client, of, from, s.Zone, offset)
		if errors.Is(err, errNoDevice) {
			return federation.Page{}, absent{}
		}
		if err != nil {
			return federation.Page{}, err
		}
		for _, p := range points.rows {
			t := time.UnixMilli(p.at)
			if t.Before(from) {
				continue
			}
			page.Records = append(page.Records, senml.Record{Name: name, Unit: unit, Value: senml.NumberValue(p.value), Time: float64(p.at) / 1000})
			if t.After(page.Next) {
				page.Next = t
			}
		}
		page.More = points.size >= pageRows
		if !page.More || page.Next.After(from) {
			return page, nil
		}
	}
}

// seriesOf reads <device>/<metavalue>.
func seriesOf(wanted string) series {
	at := strings.LastIndexByte(wanted, '/')
	return series{wanted[:max(at, 0)], strings.TrimPrefix(wanted[at+1:], mainSeries)}
}

// absent is the error of a device that the server does not have. It keeps none of the other series, as what is refused; but it
// is not for good: a device is there from its first message on.
type absent struct{}

func (absent) Error() string {
	return "the server has no such device so far; it is asked for again in each round"
}

func (absent) Is(target error) bool { return target == federation.ErrRefused }

// nameOf is the name of a series of the server's as a record of an outside source, and its unit.
func nameOf(s series) (name, unit string) {
	for _, w := range append(words, hours...) {
		if w.metavalue == s.metavalue && s.metavalue != "" {
			return federation.Outside(s.device, w.path), w.unit
		}
	}
	switch s.metavalue {
	case "":
		return federation.Outside(s.device, "value"), ""
	case "baseinst", "hcinst", "hpinst":
		return federation.Outside(s.device, s.metavalue), "Wh"
	case "adps":
		return federation.Outside(s.device, s.metavalue), "A"
	}
	return federation.Outside(s.device, s.metavalue), ""
}

// hours are the two indexes of a contract, which are not to be told apart from a single one the other way round.
var hours = []word{{pathSupplier + "1", "hchc", "Wh"}, {pathSupplier + "2", "hchp", "Wh"}}
