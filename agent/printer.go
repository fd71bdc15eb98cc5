package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"releve/agent/series"
	"releve/senml"
	"releve/tic"
)

// printer writes frames in the format asked for. The first error sticks.
type printer struct {
	format string
	out    *bufio.Writer
	err    error

	recorder *series.Recorder // made when first needed
}

// frameLine is a frame as JSON, a contract with other programs.
type frameLine struct {
	Mode     string      `json:"mode"`
	Complete bool        `json:"complete"`
	Groups   []groupLine `json:"groups"`
	Rejected int         `json:"rejected"`
}

// groupLine is a group as JSON. Values are raw: padding is kept.
type groupLine struct {
	Label    string  `json:"label"`
	Horodate *string `json:"horodate,omitempty"`
	Value    string  `json:"value"`
}

func (p *printer) print(f *tic.Frame) {
	if p.err != nil {
		return
	}
	switch p.format {
	case "json":
		p.err = p.printLine(lineOf(f))
	case "values":
		p.err = p.printLine(valuesOf(f))
	default:
		p.err = p.printPack(f)
	}
}

// flush lets out what was printed.
func (p *printer) flush() {
	if p.err == nil {
		p.err = p.out.Flush()
	}
}

func lineOf(f *tic.Frame) frameLine {
	line := frameLine{Mode: f.Mode.String(), Complete: f.Complete, Groups: []groupLine{}, Rejected: f.Rejected}
	for _, g := range f.Groups {
		one := groupLine{Label: string(g.Label), Value: string(g.Value)}
		if g.Horodate != nil {
			horodate := string(g.Horodate)
			one.Horodate = &horodate
		}
		line.Groups = append(line.Groups, one)
	}
	return line
}

// printLine prints a frame as one line of JSON.
func (p *printer) printLine(line any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(line)
}

func (p *printer) printPack(f *tic.Frame) error {
	if p.recorder == nil {
		p.recorder = series.NewRecorder("linky", 0)
	}
	pack := p.recorder.Record(f, heardAt(f))
	if len(pack) == 0 {
		return nil
	}
	format, err := senml.ParseFormat(strings.TrimPrefix(p.format, "senml-"))
	if err != nil {
		return err
	}
	text, err := senml.Encode(format, pack.Compact())
	if err != nil {
		return fmt.Errorf("print a frame: %w", err)
	}
	if format != senml.CBOR {
		text = append(text, '\n')
	}
	_, err = p.out.Write(text)
	return err
}

// heardAt is the meter's own time where it tells it; else the frame was heard now, as far as anybody knows.
func heardAt(f *tic.Frame) time.Time {
	for _, g := range f.Groups {
		if string(g.Label) != "DATE" {
			continue
		}
		if h, err := tic.ParseHorodate(g.Horodate); err == nil && h.Season != tic.NoSeason {
			return h.Time()
		}
	}
	return time.Now()
}
