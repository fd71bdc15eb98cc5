package lognact

import (
	"cmp"
	"context"
	"slices"
)

// kept is one row of history.
type kept struct {
	Item  string `json:"itemid"`
	Clock number `json:"clock"`
	NS    number `json:"ns"`
	Value string `json:"value"`
}

// perPage is how many rows are asked for at once.
const perPage = 10_000

// readHistory tells every row of items of one type from one clock to another, both included, in order, a page at a time. A
// page may end within a second: the next begins with that second again, and leaves out what was told.
func readHistory(ctx context.Context, api *API, items []string, of valueType, from, till int64, tell func([]kept) error) error {
	limit := perPage
	told := map[kept]bool{} // of second from
	for {
		rows, err := historyPage(ctx, api, items, of, from, till, limit)
		if err != nil {
			return err
		}
		full := len(rows) == limit
		if full && int64(rows[len(rows)-1].Clock) == from { // one second has more than a page
			limit *= 2
			continue
		}
		rows = slices.DeleteFunc(rows, func(k kept) bool { return told[k] })
		if len(rows) > 0 {
			if err := tell(rows); err != nil {
				return err
			}
		}
		if !full {
			return nil
		}
		last := rows[len(rows)-1].Clock
		told, from, limit = map[kept]bool{}, int64(last), perPage
		for _, row := range rows {
			if row.Clock == last {
				told[row] = true
			}
		}
	}
}

func historyPage(ctx context.Context, api *API, items []string, of valueType, from, till int64, limit int) ([]kept, error) {
	params := map[string]any{
		"output": []string{"itemid", "clock", "ns", "value"}, "history": of, "itemids": items, "time_from": from,
		"sortfield": "clock", "sortorder": "ASC", "limit": limit,
	}
	if till > 0 {
		params["time_till"] = till
	}
	var rows []kept
	err := api.call(ctx, "history.get", params, &rows) // which sorts by seconds at most
	slices.SortStableFunc(rows, func(a, b kept) int { return cmp.Or(cmp.Compare(a.Clock, b.Clock), cmp.Compare(a.NS, b.NS)) })
	return rows, err
}
