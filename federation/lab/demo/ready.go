package main

import (
	"context"
	"net/http"
	"os"
	"time"
)

// readyWithin bounds the wait for one program.
const readyWithin = 30 * time.Second

// until asks again and again until the answer is yes.
func until(ctx context.Context, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ready asks the agent's page whether frames are read.
func (s *stage) ready() bool {
	response, err := http.Get("http://" + s.page + "/readyz")
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
