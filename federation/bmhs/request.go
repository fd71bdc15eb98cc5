package bmhs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// post sends a request. Its error does not repeat the address, which the configuration has.
func post(ctx context.Context, client *http.Client, to, contentType string, content io.Reader, authorization string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, content)
	if err != nil {
		return nil, fmt.Errorf("prepare a request: %w", err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "Releve")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	answer, err := client.Do(request)
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return nil, fmt.Errorf("reach the BMHS server: %w", err)
	}
	return answer, nil
}

// mostOfContent is how much of an answer with content is read, in bytes: 500 rows are 30 kB.
const mostOfContent = 1 << 20

// read returns the content of a 200; any other answer is an error.
func read(answer *http.Response) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostOfContent))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	case answer.StatusCode != http.StatusOK:
		return nil, refusal(answer, text)
	}
	return text, nil
}
