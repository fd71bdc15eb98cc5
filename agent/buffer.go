package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"releve/buffer"
)

type bufferVerbs struct {
	Stat    bufferStatVerb    `cmd:"" help:"Say how much is stored and where each recipient stands."`
	Ls      bufferLsVerb      `cmd:"" help:"List the packs."`
	Export  bufferExportVerb  `cmd:"" help:"Write readings or roll-ups as SenML or CSV."`
	Import  bufferImportVerb  `cmd:"" help:"Add the readings of an export that are not there; doing it again adds none."`
	Verify  bufferVerifyVerb  `cmd:"" help:"Read everything, and say what is damaged."`
	Compact bufferCompactVerb `cmd:"" help:"Let go what is too old, and give its space back."`
}

// storeFlags are what the verbs of the store share.
type storeFlags struct {
	configFile
	JSON bool `name:"json" help:"Print JSON, one object a line."`
}

// with opens the store of a stopped agent and does something with it. A damaged store is left as it is.
func (v storeFlags) with(t terminal, do func(b *buffer.Buffer) error) (err error) {
	c, err := v.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	o := storeOptions(c, log)
	o.KeepDamaged = true
	if _, err := os.Stat(o.Dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open buffer %s: there is none; agent.state in %s says where it is", o.Dir, v.Config)
	}
	b, err := buffer.Open(o)
	if errors.Is(err, buffer.ErrDamaged) {
		return fmt.Errorf("%w; releve run keeps it under a dated name and begins an empty one", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return do(b)
}

type bufferStatVerb struct{ storeFlags }

// statLine is a store as JSON, a contract with other programs. Sizes are bytes, times RFC 3339.
type statLine struct {
	Packs     uint64       `json:"packs"`
	Bytes     int64        `json:"bytes"`
	DiskBytes int64        `json:"disk_bytes"`
	First     buffer.Seq   `json:"first"`
	Last      buffer.Seq   `json:"last"`
	Trimmed   uint64       `json:"trimmed"`
	Series    int          `json:"series"`
	Undated   uint64       `json:"undated_records"`
	SetAside  []string     `json:"set_aside"`
	Strays    int          `json:"strays"`
	Cursors   []cursorLine `json:"cursors"`
}

type cursorLine struct {
	Name    string     `json:"name"`
	Acked   buffer.Seq `json:"acknowledged"`
	Pending uint64     `json:"pending"`
	Expired uint64     `json:"expired"`
}

// Run prints the state of the store.
func (v bufferStatVerb) Run(t terminal) error {
	return v.with(t, func(b *buffer.Buffer) error {
		s := statOf(b)
		if v.JSON {
			return json.NewEncoder(t.out).Encode(s)
		}
		return s.print(t.out)
	})
}

func statOf(b *buffer.Buffer) statLine {
	s := b.Stats()
	line := statLine{
		Packs: s.Packs, Bytes: s.Bytes, DiskBytes: s.DiskBytes, First: s.First, Last: s.Last, Trimmed: s.Trimmed,
		Series: len(b.Series()), SetAside: append([]string{}, s.SetAside...), Strays: s.Strays, Cursors: []cursorLine{},
	}
	for _, u := range b.Undated() {
		line.Undated += u.Records
	}
	for _, c := range b.Cursors() {
		line.Cursors = append(line.Cursors, cursorLine(c))
	}
	return line
}

func (s statLine) print(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "packs    %d, %s compressed, %s on disk\n", s.Packs, size(s.Bytes), size(s.DiskBytes))
	if s.Packs > 0 {
		fmt.Fprintf(w, "numbers  %d to %d\n", s.First, s.Last)
	}
	fmt.Fprintf(w, "gone     %d packs, as too old or too many\nseries   %d\n", s.Trimmed, s.Series)
	if s.Undated > 0 {
		fmt.Fprintf(w, "undated  %d readings wait for the time of day\n", s.Undated)
	}
	for _, sentence := range s.SetAside {
		fmt.Fprintf(w, "aside    %s\n", sentence)
	}
	if s.Strays > 0 {
		fmt.Fprintf(w, "strays   %d table(s) beside the store (*.sst.unknown), never finished or with what the store lacks\n", s.Strays)
	}
	for _, c := range s.Cursors {
		fmt.Fprintf(w, "cursor   %s: %d wait, %d expired unsent\n", c.Name, c.Pending, c.Expired)
	}
	return w.Flush()
}

// size is a number of bytes for people.
func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

type bufferLsVerb struct {
	storeFlags
	From buffer.Seq `help:"Begin with this number." default:"0"`
}

// packLine is a pack as JSON.
type packLine struct {
	Seq     buffer.Seq `json:"seq"`
	Put     time.Time  `json:"put"`
	Bytes   int64      `json:"bytes"`
	Records int        `json:"records"`
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
	Error   string     `json:"error,omitempty"`
}

// Run lists the packs.
func (v bufferLsVerb) Run(ctx context.Context, t terminal) error {
	return v.with(t, func(b *buffer.Buffer) error {
		out := bufio.NewWriter(t.out)
		tell := func(i buffer.PackInfo) error { return printPack(out, i) }
		if v.JSON {
			lines := json.NewEncoder(out)
			tell = func(i buffer.PackInfo) error { return lines.Encode(packLineOf(i)) }
		}
		return errors.Join(b.List(ctx, v.From, tell), out.Flush())
	})
}

func packLineOf(i buffer.PackInfo) packLine {
	line := packLine{
		Seq: i.Seq, Put: i.Put.UTC(), Bytes: i.Bytes, Records: i.Records, First: i.First.UTC(), Last: i.Last.UTC(),
	}
	if i.Err != nil {
		line.Error = i.Err.Error()
	}
	return line
}

func printPack(out io.Writer, i buffer.PackInfo) error {
	if i.Err != nil {
		_, err := fmt.Fprintf(out, "%d  %7d B  %s\n", i.Seq, i.Bytes, i.Err)
		return err
	}
	const layout = "2006-01-02T15:04:05Z"
	_, err := fmt.Fprintf(out, "%d  %7d B  %6d records  %s to %s\n",
		i.Seq, i.Bytes, i.Records, i.First.UTC().Format(layout), i.Last.UTC().Format(layout))
	return err
}

type bufferVerifyVerb struct{ storeFlags }

// verifyLine ends what verify prints as JSON; each problem before it is {"problem": …}.
type verifyLine struct {
	Packs    int `json:"packs"`
	Undated  int `json:"undated"`
	Entries  int `json:"entries"`
	Hours    int `json:"hours"`
	Blocks   int `json:"blocks"`
	Cells    int `json:"cells"`
	Series   int `json:"series"`
	Cursors  int `json:"cursors"`
	Problems int `json:"problems"`
}

// Run checks the store and fails when something is wrong with it.
func (v bufferVerifyVerb) Run(ctx context.Context, t terminal) error {
	return v.with(t, func(b *buffer.Buffer) error {
		lines := json.NewEncoder(t.out)
		sum, err := b.Verify(ctx, func(problem string) {
			if v.JSON {
				_ = lines.Encode(map[string]string{"problem": problem})
				return
			}
			fmt.Fprintln(t.out, problem)
		})
		if err != nil {
			return err
		}
		if v.JSON {
			err = lines.Encode(verifyLine(sum))
		} else {
			_, err = fmt.Fprintf(t.out, "%d packs, %d blocks and %d cells of history, %d series, %d cursors: %d problem(s)\n",
				sum.Packs, sum.Blocks, sum.Cells, sum.Series, sum.Cursors, sum.Problems)
		}
		if err == nil && sum.Problems > 0 {
			err = fmt.Errorf("%d problem(s) in the store; what is damaged is skipped, all else can be used", sum.Problems)
		}
		return err
	})
}

type bufferCompactVerb struct{ storeFlags }

// Run compacts the store.
func (v bufferCompactVerb) Run(t terminal) error {
	return v.with(t, func(b *buffer.Buffer) error {
		before := b.Stats()
		if err := b.Compact(); err != nil {
			return err
		}
		after := b.Stats()
		if v.JSON {
			return json.NewEncoder(t.out).Encode(map[string]int64{"before_bytes": before.DiskBytes, "after_bytes": after.DiskBytes, "packs": int64(after.Packs), "before_packs": int64(before.Packs)})
		}
		_, err := fmt.Fprintf(t.out, "packs %d, before %d; on disk %s, before %s\n", after.Packs, before.Packs, size(after.DiskBytes), size(before.DiskBytes))
		return err
	})
}
