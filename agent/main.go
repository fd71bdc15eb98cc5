// Command releve listens to electricity meters, keeps their readings, and hands them to the recipients the household
// has agreed to. One file a verb; agent.go is the list of parts that releve run consists of.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a card without zone files still knows when midnight is

	"github.com/alecthomas/kong"

	"releve/agent/update"
	"releve/federation/consent"
)

// Exit codes, a contract with systemd and scripts.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitSilent  = 3  // probe heard no meter
	exitRefused = 78 // EX_CONFIG: starting again does not help
)

// verbs is the command line.
type verbs struct {
	Run        runVerb        `cmd:"" help:"Listen to the meters and hand on what was agreed, until stopped."`
	Probe      probeVerb      `cmd:"" help:"List the serial ports, and say what meter is heard there."`
	Decode     decodeVerb     `cmd:"" help:"Decode the bytes of a meter and print its frames."`
	Simulate   simulateVerb   `cmd:"" help:"Play an electricity meter."`
	Listen     listenVerb     `cmd:"" help:"Subscribe to a provider of the federation and print what it sends."`
	GetHistory getHistoryVerb `cmd:"" help:"Ask a provider of the federation for what it keeps, and print it."`
	Access     accessVerbs    `cmd:"" help:"Who may change what on the page: its first code, a forgotten password."`
	Config     configVerbs    `cmd:"" help:"Work with the configuration."`
	Doctor     doctorVerb     `cmd:"" help:"Say what keeps a meter from being read, and what to do about it."`
	Buffer     bufferVerbs    `cmd:"" help:"Look into the store of an agent that is stopped."`
	Export     exportVerb     `cmd:"" help:"Write everything the agent holds into a ZIP: readings, roll-ups, consents, the ledger and its proofs."`
	Import     importVerb     `cmd:"" help:"Bring the readings of such a ZIP into the store of an agent that is stopped; doing it again adds none."`
	Erase      eraseVerb      `cmd:"" help:"Erase readings for good: all, those of a period, or those of some series."`
	Consent    consentVerbs   `cmd:"" help:"See, give and take back the consents under which readings leave."`
	Directory  directoryVerb  `cmd:"" help:"Ask members of the federation for their cards."`
	Catalogue  catalogueVerb  `cmd:"" help:"List what an address could obtain of this agent."`
	Lognact    lognactVerbs   `cmd:"" help:"Prepare a Zabbix to be sent readings."`
	Ledger     ledgerVerbs    `cmd:"" help:"Read and check the record of what was agreed."`
	Migrate    migrateVerbs   `cmd:"" help:"Turn the configuration of another program into ours."`
	Update     updateVerb     `cmd:"" help:"Install, as root, the signed version that the agent has placed, or return to the one before. releve-update.service runs it."`
	Kiosk      kioskVerb      `cmd:"" help:"Show the page's view for walls on a screen that has no desktop."`
	Rgpd       rgpdVerbs      `cmd:"" help:"Write the papers that the GDPR asks for."`
	Version    versionVerb    `cmd:"" help:"Print the version."`
}

// terminal is where verbs read and write: data to out, talk to err.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

// refusal marks an error of the configuration.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// misuse marks an error of the command line that only its verb could see.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever asks twice does not want to wait
	code := execute(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(code)
}

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, t terminal) int {
	var v verbs
	helped := false
	parser, err := kong.New(&v, kong.Name("releve"),
		kong.Description("A meter reading agent for the energy data federation."),
		kong.Writers(t.out, t.err), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.WithHyphenPrefixedParameters(true), // --from -7d
		kong.Vars{"resolutions": consent.Words(), "status": update.DpkgStatus, "own": update.OwnFolder},
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(t))
	if err != nil {
		return report(t, err)
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return exitDone
	case err != nil:
		return report(t, misuse{err})
	}
	return report(t, command.Run())
}

// report says what went wrong and chooses the exit code.
func report(t terminal, err error) int {
	var refused refusal
	var misused misuse
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE): // whoever read us has enough
		return exitDone
	case errors.As(err, &refused):
		fmt.Fprintf(t.err, "releve: configuration refused:\n%s\n", err)
		return exitRefused
	case errors.As(err, &misused):
		fmt.Fprintf(t.err, "releve: %s; see releve --help\n", err)
		return exitUsage
	}
	fmt.Fprintf(t.err, "releve: %s\n", err)
	if errors.Is(err, errUnheard) {
		return exitSilent
	}
	return exitFailed
}
