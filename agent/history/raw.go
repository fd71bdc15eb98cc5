package history

import (
	"context"
	"math"
	"time"
)

// Of readings at most one in rawEvery is told: a day has 86 400 of a meter in standard mode.
const (
	rawEvery   = 10 * time.Second
	rawReading = 8000 // an hour of readings, twice over
)

// raw is the readings of a series, the first of each ten seconds. It reads an hour at a time.
func (e *Engine) raw(ctx context.Context, names []string, span Span) ([]Point, error) {
	var points []Point
	if len(names) != 1 {
		return nil, nil
	}
	for from := span.From; from.Before(span.To) && !from.After(e.Now()); from = from.Add(time.Hour) {
		records, _, err := e.Archive.History(ctx, names[0], from, earlier(from.Add(time.Hour), span.To), rawReading)
		if err != nil {
			return nil, err
		}
		for i := range records {
			at := time.UnixMilli(int64(math.Round(records[i].Time * 1000))).In(e.Location)
			v, ok := records[i].Value.Number()
			if n := len(points); !ok || n > 0 && at.Sub(points[n-1].From) < rawEvery {
				continue
			}
			points = append(points, Point{From: at, To: at, Value: &v, Count: 1, Whole: true, Final: true})
		}
	}
	return points, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
