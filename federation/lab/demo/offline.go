package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// narrate prints what the agent's page knows, every few seconds: without a consumer nothing else would show it.
func (s *stage) narrate(ctx context.Context) {
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if line, err := s.now(ctx); err == nil { // while the agent is away there is nothing to say
			fmt.Println(line)
		}
	}
}

func (s *stage) now(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.page+"/api/v1/status", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var page struct {
		Meters []struct {
			Name   string
			Frames uint64
			Power  struct {
				Apparent float64 `json:"apparent_va"`
			}
		}
		Buffer struct{ Packs uint64 }
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		return "", err
	}
	if len(page.Meters) == 0 {
		return "", errors.New("the page shows no meter")
	}
	m := page.Meters[0]
	return fmt.Sprintf("%s: %.0f VA now, %d frames read, %d packs kept", m.Name, m.Power.Apparent, m.Frames, page.Buffer.Packs), nil
}
