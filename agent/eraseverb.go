package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"releve/agent/clock"
	"releve/agent/config"
)

type eraseVerb struct {
	configFile
	All    bool     `help:"Erase all readings and all roll-ups."`
	Series []string `help:"Erase only of these series; * stands for any characters. For example voltage/*." placeholder:"GLOB"`
	From   string   `help:"Erase only from this instant on: a day, a time, or how long ago, such as 2026-11-01, 2026-11-01T12:00 or -7d, in the household's zone. Hours go whole." placeholder:"TIME"`
	To     string   `help:"Erase only before this instant." placeholder:"TIME"`
	Ledger bool     `help:"Erase, in place of readings, what the ledger tells of what was sent, all or between --from and --to. That it was erased stays, as do consents."`
	Yes    bool     `help:"Do not ask whether it is meant."`
	JSON   bool     `name:"json" help:"Print what was erased as JSON."`
}

// AfterApply refuses a flag that is given nothing, such as a shell's variable that is not set: more would go than was meant.
func (eraseVerb) AfterApply(line *kong.Context) error {
	for _, word := range line.Path {
		f := word.Flag
		if f == nil || f.Target.Kind() != reflect.String && f.Target.Kind() != reflect.Slice {
			continue
		}
		if f.Target.Len() == 0 {
			return fmt.Errorf("erase: --%s is given nothing", f.Name)
		}
	}
	return nil
}

// erasePatience is how long the agent may take: it reads and writes the whole store.
const erasePatience = 15 * time.Minute

// Run shows what would go, asks, and has it erased: by the agent that runs, or in its place.
func (v eraseVerb) Run(ctx context.Context, t terminal) error {
	c, err := v.load()
	if err != nil {
		return err
	}
	what, err := v.what(c.Agent.Location)
	if err != nil {
		return misuse{fmt.Errorf("erase: %w", err)}
	}
	ask := func(do string) (erased, error) {
		answer, err := askCounter(c, request{Do: do, Erasure: what})
		return answer.Erased, err
	}
	if _, err := ask("erasable"); errors.Is(err, errNotRunning) {
		a, err := v.stopped(ctx, t, c)
		if err != nil {
			return err
		}
		ask = func(do string) (erased, error) { return a.answerErasure(ctx, do, what) }
		return errors.Join(v.confirmed(t, ask), a.stop())
	}
	return v.confirmed(t, ask)
}

// what reads the flags.
func (v eraseVerb) what(location *time.Location) (erasure, error) {
	bounded := v.From+v.To != ""
	switch {
	case v.Ledger && (v.All || len(v.Series) > 0):
		return erasure{}, errors.New("--ledger is by time alone, not with --all or --series: an entry tells of all series at once")
	case v.All && (bounded || len(v.Series) > 0):
		return erasure{}, errors.New("--all leaves nothing to choose; leave it out, or --series, --from and --to")
	case !v.Ledger && !v.All && !bounded && len(v.Series) == 0:
		return erasure{}, errors.New("say what: --all, --series, --from, --to or --ledger")
	}
	what := erasure{Series: v.Series, Ledger: v.Ledger}
	for _, end := range []struct {
		flag, text string
		at         *time.Time
	}{{"from", v.From, &what.From}, {"to", v.To, &what.To}} {
		if end.text == "" {
			continue
		}
		var err error
		if *end.at, err = parseMoment(end.text, time.Now(), location); err != nil {
			return what, fmt.Errorf("--%s: %w", end.flag, err)
		}
	}
	return what, nil
}

// ownState refuses to write files that the agent could not: the store is written anew, by whoever this is.
func ownState(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("look at agent.state: %w", err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not yours: start the agent and try again, or run this as its user, such as with sudo -u releve", folder)
	}
	return nil
}

// stopped opens what an agent consists of, when none runs.
func (v eraseVerb) stopped(ctx context.Context, t terminal, c config.Config) (*agent, error) {
	if err := ownState(c.Agent.State); err != nil {
		return nil, err
	}
	machine, err := clock.OpenSystem()
	if err != nil {
		return nil, err
	}
	return newAgent(ctx, c, machine, newLog(t.err, slog.LevelWarn.String()), nil)
}

// confirmed shows what would go and has it erased if that is meant.
func (v eraseVerb) confirmed(t terminal, ask func(do string) (erased, error)) error {
	sum, err := ask("erasable")
	if err != nil {
		return err
	}
	if v.Ledger {
		fmt.Fprintf(t.err, "%d entries of the ledger would no longer tell what was sent: to whom, when, how much. Their places, and every proof, stay.\n", sum.Entries)
	} else {
		fmt.Fprint(t.err, sum.sentences())
	}
	if !v.Yes {
		fmt.Fprint(t.err, "It cannot be undone. Type erase to go on: ")
		line, _ := bufio.NewReader(t.in).ReadString('\n')
		if strings.TrimSpace(line) != "erase" {
			return errors.New("nothing was erased")
		}
	}
	if sum, err = ask("erase"); err != nil {
		return err
	}
	if v.JSON {
		return json.NewEncoder(t.out).Encode(sum)
	}
	if v.Ledger {
		_, err = fmt.Fprintf(t.out, "erased %d entries of the ledger\n", sum.Entries)
		return err
	}
	_, err = fmt.Fprintf(t.out, "erased %d readings and %d roll-ups of %d series\n", sum.Readings, sum.RollUps, len(sum.Series))
	return err
}

// shownSeries is how many series are named to who confirms.
const shownSeries = 20

// sentences are what a person confirms.
func (e erased) sentences() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d readings and %d roll-ups of %d series would be erased", e.Readings, e.RollUps, len(e.Series)) // a builder takes everything
	if len(e.Series) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(e.Series[:min(len(e.Series), shownSeries)], ", "))
	}
	if more := len(e.Series) - shownSeries; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	b.WriteString(".\n")
	for _, folder := range slices.Sorted(slices.Values(e.Aside)) {
		fmt.Fprintf(&b, "%s, a damaged store that was set aside, goes whole.\n", folder)
	}
	for _, recipient := range e.Tell {
		fmt.Fprintf(&b, "%s was sent readings and knows no notices: ask it yourself to erase them.\n", recipient)
	}
	return b.String()
}

// answerErasure answers a terminal that asks what would be erased, or has it erased.
func (a *agent) answerErasure(ctx context.Context, do string, what erasure) (erased, error) {
	if do == "erase" {
		return a.erase(ctx, what, byTerminal)
	}
	return a.erasable(ctx, what)
}
