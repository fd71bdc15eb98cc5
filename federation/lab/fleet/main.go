// Command fleet runs many emulated agents in one process against one real server, and says what they cost: sessions,
// memory, messages, and how they come back after the server restarts.
//
// Real are ejabberd, TLS, the login, the session of each agent with its keepalive and reconnecting, its Quoalise
// commands, its consents with pseudonyms, its subscription, its delivery with receipts, and the consumers that
// subscribe and acknowledge. Not real are the meter and the store: what an agent hands on is made up from the clock,
// as many records as a meter in standard mode gives, and is made up again when it has to be sent again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"releve/federation/lab"
)

func main() {
	var o options
	flag.IntVar(&o.Agents, "n", 200, "how many agents")
	flag.DurationVar(&o.Every, "every", time.Minute, "how often each agent hands on readings")
	flag.DurationVar(&o.For, "for", 2*time.Minute, "how long messages are counted")
	flag.IntVar(&o.Start, "start", 50, "how many agents are switched on a second")
	flag.IntVar(&o.Nodes, "nodes", 1, "how many servers the houses' domain has; with several, the last is killed instead of the server restarted")
	stock := flag.Bool("shaper", false, "with the limits of speed that ejabberd ships with")
	flag.Parse()
	if *stock {
		o.Shaper = lab.ShaperStock
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := run(ctx, o)
	fmt.Print(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}
