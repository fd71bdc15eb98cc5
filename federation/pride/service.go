// Package pride reaches PRIDE, which is a Warp 10 platform: it hands packs to it, and asks it for what it keeps.
//
// In: packs, as a recipient; as a supplier, a time from which on a series is wanted. Out: lines of the GTS input format
// to /v0/update, and records. It knows nothing of who was granted what, nor where a series is kept: that is in the names
// of records (federation.Place, federation.Outside).
//
// Sources: https://www.warp10.io/doc (GTS input format, FETCH, FIND, exec and update endpoints). The unit of time of a
// platform is asked for where data is read, and taken to be a microsecond, its default, where it is written.
package pride

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"releve/federation"
)

// Service is a Warp 10 platform, to one that has a token for it.
type Service struct {
	URL    string                 // up to the version, such as https://warp.example/api
	Token  func() (string, error) // asked at each request
	Client *http.Client           // which follows no redirects: the token is for URL alone
}

// patience bounds a request, in which an answer of a month of readings may come.
const patience = 2 * time.Minute

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// post sends a body to an endpoint and returns the body of the answer. An error is ErrStopped when somebody has to mend
// something, ErrRefused when the body will never be taken, and else worth another attempt.
func (s *Service) post(ctx context.Context, endpoint, token, body string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+endpoint, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", federation.ErrStopped, err)
	}
	request.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	if endpoint == updateEndpoint {
		request.Header.Set("X-Warp10-Token", token)
	}
	answer, err := s.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case answer.StatusCode != http.StatusOK:
		return nil, refusal(answer, text, token)
	case err != nil:
		return nil, fmt.Errorf("read the answer of PRIDE: %w", err)
	case len(text) > maxAnswer:
		return nil, errTooMuch
	}
	return text, nil
}

// errTooMuch is of an answer that would hold more than is taken at once, here or there.
var errTooMuch = errors.New("the answer is too large")

const (
	updateEndpoint = "/v0/update"
	execEndpoint   = "/v0/exec"
)

// refusal says why a request failed, without the token, which an error of WarpScript may repeat.
func refusal(answer *http.Response, body []byte, token string) error {
	reason := reasonOf(answer, string(body))
	if token != "" {
		reason = strings.ReplaceAll(reason, token, "…")
	}
	err := fmt.Errorf("PRIDE answers %d: %s", answer.StatusCode, clipped(reason))
	switch status := answer.StatusCode; {
	case tooMuch.MatchString(reason):
		return fmt.Errorf("%w: %w", errTooMuch, err)
	case badToken.MatchString(reason), status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fmt.Errorf("%w: %w", federation.ErrStopped, federation.Meaning(err, federation.ErrDenied))
	case status >= 300 && status < 400, status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return fmt.Errorf("%w: %w", federation.ErrStopped, federation.Meaning(err, federation.ErrStranger))
	case badBody.MatchString(reason):
		return fmt.Errorf("%w: %w", federation.ErrRefused, err)
	}
	return err
}

// What the reasons of a platform are known by. The status alone does not tell: versions before 3 answer 500 to everything.
var (
	badToken = regexp.MustCompile(`(?i)\b(invalid|expired|revoked|no) (read |write )?token\b|\btoken (is |has |was )?(expired|revoked|invalid|cannot be used)|\bnot authorized\b`)
	badBody  = regexp.MustCompile(`(?i)\bparse error\b|\bvalue too large\b|\btoo far in the (past|future)\b`)
	tooMuch  = regexp.MustCompile(`(?i)\bexceeded limit of [0-9]+ datapoints\b`)
)

// reasonOf finds the reason: WarpScript gives it in a header, a servlet in the page of the error.
func reasonOf(answer *http.Response, body string) string {
	if reason := answer.Header.Get("X-Warp10-Error-Message"); reason != "" {
		return reason
	}
	text := html.UnescapeString(tags.ReplaceAllString(body, " "))
	if text = strings.Join(strings.Fields(text), " "); text != "" {
		return text
	}
	return answer.Status
}

var tags = regexp.MustCompile(`<[^>]*>`)

// clipped bounds what is shown of a reason, which may be a page.
func clipped(reason string) string {
	const longest = 300
	if r := []rune(reason); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return reason
}
