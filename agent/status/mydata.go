package status

import (
	"context"
	"io"
	"net/http"
	"time"
)

// House is what a household can see and decide about its data. Its errors are a [*Refusal] where something was wrong with
// what was asked. Whether who asks may is decided before.
type House interface {
	// MyData is what is known of the data, and where they went.
	MyData(ctx context.Context) (MyData, error)
	// Verify reads the whole ledger and says whether it is what it was.
	Verify(ctx context.Context) Verdict
	// Checkpoint writes the signed state of the ledger, Prove the proof of one entry of it.
	Checkpoint(w io.Writer) error
	Prove(w io.Writer, entry int64) error
	// Export writes everything that is held, as a ZIP.
	Export(ctx context.Context, w io.Writer) error

	Answer(a Answer) error
	// Erasable says what Erase would take away now.
	Erasable(ctx context.Context, e Erasure) (Erased, error)
	Erase(ctx context.Context, e Erasure) (Erased, error)
}

// MyData is what the household's data are subject to.
type MyData struct {
	Terms     []Terms
	Transfers []Transfer // the latest first
	Ledger    Ledger
	Series    []string // of which there are readings
	Unerased  Finding  // of an erasure that is not done
}

// Terms are a consent in full (RGPD art. 13), and what can be answered to it.
type Terms struct {
	ID        string
	State     State
	Text      Words // how it stands
	To        string
	Name      string // of who receives, by law
	Contact   string
	Role      Words
	Purpose   Words
	Series    []string  // globs; * is everything
	Sources   []string  // whose; none: the household's meters'
	Finest    string    // resolution: live, PT10M
	Choices   []string  // that resolution and the coarser ones
	Identity  bool      // the delivery point number may be seen
	From      time.Time // zero: at once
	Until     time.Time // the last instant; zero: no end
	Retention string    // ISO 8601
	Notice    string    // version of what the person was shown
	Since     time.Time // when it came to stand so
	Sent      time.Time // when something last left under it
	Forgotten bool      // whether something has was erased from the ledger
	Entry     int64     // of the ledger that says so; -1 when there is none
	Answers   []string  // accept, refuse, withdraw, told, pause, resume
	Recipient string    // of the configuration, that is paused and resumed
	Untold    string    // whom a person has to tell of the withdrawal
}

// Transfer is what one recipient was sent on one day.
type Transfer struct {
	Day      time.Time
	To       string
	Purpose  Words
	Readings int
	Entry    int64 // of the ledger; -1 while the day is not over
}

// Ledger is the record of what was agreed and done.
type Ledger struct {
	Entries int64
	Key     string // public
	Trouble string // why it cannot be read
}

// Verdict is what reading the whole ledger found.
type Verdict struct {
	Good    bool
	Entries int64
	Erased  int64
	Reason  string // why it is not good
}

// Answer is what somebody answers to a consent.
type Answer struct {
	Consent string
	Do      string    // accept, refuse, withdraw, told
	Finest  string    // of accept: the resolution, "" for the one that was asked for
	Until   time.Time // of accept: the last day, zero for what was asked for
}

// Erasure is what somebody wants erased; the zero value is everything.
type Erasure struct {
	Series   []string
	From, To time.Time // To is the first instant that stays
}

// Erased is what went, or would go.
type Erased struct {
	Readings, RollUps uint64
	Series            []string
}

// serveFile sends what write writes as a file to keep. Who reads slowly is waited for, as long as they read on.
func (s *site) serveFile(w http.ResponseWriter, r *http.Request, name, kind string, write func(w io.Writer) error) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	out := &patient{w: w, control: http.NewResponseController(w)}
	err := write(out)
	switch {
	case err == nil:
	case out.began: // the file is not whole: the connection must not end as if it were
		panic(http.ErrAbortHandler)
	default:
		header.Del("Content-Disposition")
		s.refuseSaying(w, r, http.StatusServiceUnavailable, "form.failed", err)
	}
}

// patient gives each write its time.
type patient struct {
	w       io.Writer
	control *http.ResponseController
	began   bool
}

// Write writes p.
func (p *patient) Write(b []byte) (int, error) {
	p.began = true
	_ = p.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer has deadlines
	return p.w.Write(b)
}
