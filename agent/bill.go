package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"releve/agent/config"
	"releve/agent/tariff"
)

// bill is what the month of an instant costs by a meter. The file of prices is read each time: it may have been changed.
func (a *agent) bill(ctx context.Context, meter string, at time.Time) (tariff.Statement, error) {
	book, err := prices(a.cfg)
	if err != nil {
		return tariff.Statement{}, err
	}
	return book.Statement(ctx, a.engine(), meter, at, a.subscribed(meter))
}

// cost is what the energy of the day of an instant costs by a meter.
func (a *agent) cost(ctx context.Context, meter string, at time.Time) (tariff.Bill, error) {
	book, err := prices(a.cfg)
	if err != nil {
		return tariff.Bill{}, err
	}
	return book.Day(ctx, a.engine(), meter, at)
}

// prices reads the file of prices.
func prices(c config.Config) (*tariff.Book, error) {
	text, err := os.ReadFile(c.Prices.File)
	if err != nil {
		return nil, fmt.Errorf("prices.file: %w", err)
	}
	return tariff.Parse(c.Prices.File, text, c.Agent.Location)
}

// subscribed is the power that a meter says is subscribed, else that of the configuration, in kVA.
func (a *agent) subscribed(meter string) int {
	for _, m := range a.meters {
		if va := m.recorder.Contracted(); m.cfg.Name == meter && va > 0 {
			return int(math.Round(va / 1000))
		}
	}
	return a.cfg.Prices.Power
}
