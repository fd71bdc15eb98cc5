package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"releve/agent/config"
	"releve/buffer"
)

type exportVerb struct {
	configFile
	All  bool   `help:"Everything. For some of the readings see releve buffer export."`
	File string `arg:"" help:"The ZIP to write, which only you can read then."`
}

// Run has the agent that runs write everything, or reads the store of one that is stopped.
func (v exportVerb) Run(ctx context.Context, t terminal) error {
	if !v.All {
		return misuse{errors.New("export: add --all for everything, or take releve buffer export for some of the readings")}
	}
	c, err := v.load()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(v.File); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("export everything: %s is there already; choose another name, or remove it", v.File)
	}
	files, err := v.export(ctx, t, c)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.err, "%s is whole, %d files; it tells how you live, keep it safe\n", v.File, files)
	return err
}

// export writes the file under its name once all of it is there, and counts what it holds.
func (v exportVerb) export(ctx context.Context, t terminal, c config.Config) (files int, err error) {
	pending, err := renameio.NewPendingFile(v.File, renameio.WithTempDir(filepath.Dir(v.File)), renameio.WithPermissions(0o600))
	if err != nil {
		return 0, fmt.Errorf("export everything: %w", err)
	}
	defer pending.Cleanup() // does nothing once it has its name
	out := bufio.NewWriterSize(pending, 1<<16)
	err = exportTo(ctx, c, out)
	if errors.Is(err, errAtRest) {
		err = v.atRest(ctx, t, c, out)
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return 0, err
	}
	opened, err := openBundle(pending.File)
	if err == nil {
		err = opened.verify(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("export everything: what was written is not whole: %w; try again, and see what the agent's log says", err)
	}
	return len(opened.manifest.Files), pending.CloseAtomicallyReplace()
}

// atRest reads the store itself.
func (v exportVerb) atRest(ctx context.Context, t terminal, c config.Config, out io.Writer) error {
	return storeFlags{configFile: v.configFile}.with(t, func(b *buffer.Buffer) error {
		return portability{buffer: b, cfg: c, now: time.Now()}.write(ctx, out)
	})
}

// exportTo copies what the agent that runs hands over. The error is errAtRest when there is none.
func exportTo(ctx context.Context, c config.Config, out io.Writer) error {
	conn, err := dialCounter(c)
	if err != nil {
		return err
	}
	defer conn.Close() // all was read
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := json.NewEncoder(conn).Encode(request{Do: "export"}); err != nil {
		return fmt.Errorf("ask the agent: %w", err)
	}
	in := bufio.NewReaderSize(conn, 1<<16)
	line, err := in.ReadBytes('\n')
	var answer reply
	if err == nil {
		err = json.Unmarshal(bytes.TrimSpace(line), &answer)
	}
	switch {
	case err != nil:
		return fmt.Errorf("hear the agent's answer: %w", err)
	case answer.Error != "":
		return errors.New(answer.Error)
	}
	if _, err := in.WriteTo(out); err != nil {
		return fmt.Errorf("take what the agent hands over: %w", err)
	}
	return nil
}

// handOver is the agent's side: one line that it begins, and the ZIP to the end of the stream. What breaks off has no
// manifest, and the terminal sees that.
func (a *agent) handOver(ctx context.Context, conn net.Conn) {
	defer conn.Close() // a terminal that is gone needs no answer
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if !a.exporting.TryLock() {
		_ = json.NewEncoder(conn).Encode(reply{Error: errExporting.Error()})
		return
	}
	a.exporting.Unlock()
	if err := json.NewEncoder(conn).Encode(reply{}); err != nil {
		return
	}
	out := bufio.NewWriterSize(unhurried{conn}, 1<<16)
	err := a.exportAll(ctx, out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		a.log.Warn("export of everything broken off", "error", err)
		return
	}
	a.log.Info("everything exported", "by", byTerminal)
}

// unhurried gives each write to a terminal its own time: all of them take as long as they take.
type unhurried struct{ net.Conn }

// Write waits for who reads, but not for ever.
func (p unhurried) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(exportPatience)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// exportPatience is how long a terminal may rest: its disk may be slow.
const exportPatience = time.Minute
