package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"releve/agent/api"
	"releve/agent/clock"
	"releve/agent/config"
	"releve/agent/led"
	"releve/agent/series"
	"releve/agent/status"
	"releve/agent/update"
	"releve/buffer"
	"releve/federation/command"
	"releve/federation/consent"
	"releve/federation/peer"
	"releve/federation/sen1"
	"releve/federation/xmpp"
	"releve/systemd/notify"
	"releve/tic/share"
)

// agent is the parts of a running Relève.
type agent struct {
	cfg     config.Config
	log     *slog.Logger
	machine clock.Machine
	started clock.Instant

	clock        *clock.Clock
	dictionary   *series.Dictionary
	buffer       *buffer.Buffer
	dater        *dater
	gatherer     *gatherer
	identities   *identities
	addresses    *addresses
	meters       []*meter
	book         *consent.Book
	intake       *intake
	session      *xmpp.Client // nil without [federation]
	subscribers  *subscribers // nil without [federation]
	recipients   []*outgoing  // of the configuration
	former       *formerNodes
	sources      []*source
	followed     []*followed      // of the sources
	proxies      []*sen1.Receiver // of the sources
	farewells    sync.Mutex       // held by what is undone of the configuration before, at a login
	receiver     *peer.Receiver   // nil unless a source hands us packs
	notary       *notary
	keyring      *keyring // nil without [federation]
	herald       *herald  // nil without [federation]
	finishing    sync.Mutex
	finished     int // erasures that were begun before and are recorded; whoever has finishing writes it
	erasures     *erasureNotices
	cosignatures *cosignatures // nil without a witness
	witness      *witness      // of others; nil without any
	door         *command.Door // nil without [federation]
	tracer       *tracer       // nil without [federation]
	lines        *logLines     // of the log, the latest; nil when none are remembered
	health       *status.Check
	remote       *remote       // nil in tests that decide nothing from afar
	entry        *entry        // nil in tests that let nobody in
	edition      *edition      // of the process, or of its own
	porch        *status.Porch // as the edition

	exporting sync.Mutex // held while everything is exported

	vitals  vitals
	presses *presses                // nil without [button]
	rest    context.CancelCauseFunc // stops the agent, and says why
	emptied atomic.Bool             // readings were erased: what recipients remember goes once all has stopped
	noted   atomic.Int64            // when the button last had its way, in Unix nanoseconds
}

// newAgent opens what must be there before anything runs, in the order in which one needs the other. The ledger comes
// after the buffer, whose lock keeps a second agent off the state folder.
func newAgent(ctx context.Context, cfg config.Config, machine clock.Machine, log *slog.Logger, r *remote) (*agent, error) {
	a := &agent{cfg: cfg, log: log, remote: r, machine: machine, started: machine.Elapsed(), dictionary: series.NewDictionary()}
	a.edition, a.porch = newEdition(update.OwnFolder, update.DpkgStatus), new(status.Porch)
	for _, open := range []func(context.Context) error{
		a.openState, a.openClock, a.openBuffer, a.openErased, a.openLedger, a.openMeters, a.openBook, a.join, a.openSources, a.leaveProviders, a.openRecipients, a.openHerald, a.openWitness,
		a.openConsents, a.recordErased,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	a.health = a.checks()
	return a, nil
}

// stop stores what is held and closes what newAgent opened: the meters may have said something after the gatherer
// stopped.
func (a *agent) stop() error {
	var err error
	if a.emptied.Load() {
		err = a.eraseBeside()
	}
	return errors.Join(err, a.gatherer.flush(), a.closeClock(), a.book.Places.Save(), a.closeRecipients(), a.notary.close(), a.buffer.Close())
}

// close ends what a newAgent that failed had opened.
func (a *agent) close() error {
	errs := []error{a.closeRecipients()}
	if a.notary != nil {
		errs = append(errs, a.notary.close())
	}
	if a.buffer != nil {
		errs = append(errs, a.buffer.Close())
	}
	return errors.Join(errs...)
}

func (a *agent) openState(context.Context) error {
	if err := os.MkdirAll(a.cfg.Agent.State, 0o700); err != nil {
		return fmt.Errorf("make the folder agent.state: %w", err)
	}
	ids, err := openIdentities(a.state("identities.json"), a.cfg.Meters, a.log)
	if err != nil {
		return err
	}
	a.identities = ids
	a.addresses, err = openAddresses(a.state("addresses.json"), a.log)
	return err
}

// storeOptions is how every verb opens the store.
func storeOptions(c config.Config, log *slog.Logger) buffer.Options {
	return buffer.Options{
		Dir: filepath.Join(c.Agent.State, "buffer"), Log: log, MaxBytes: c.Buffer.MaxBytes, MaxAge: c.Buffer.MaxAge,
		Location: c.Agent.Location, Class: classOf, Hold: holdOf(c.Buffer.FullSet), KeepCurve: c.Buffer.Curve,
	}
}

func (a *agent) openBuffer(context.Context) error {
	o := storeOptions(a.cfg, a.log)
	o.Clock = a.clock.Now
	b, err := buffer.Open(o)
	if err != nil {
		return err
	}
	a.buffer = b
	a.dater = newDater(a.clock, b, a.log)
	a.gatherer = &gatherer{period: a.cfg.Buffer.Period, log: a.log, put: a.dater.put}
	if err := a.clock.Start(newest(b), firstUndated(b, a.clock)); err != nil {
		a.log.Error("time not written down", "error", err)
	}
	return nil
}

// openBook prepares who may see what, and the way in for what sources bring; both make pseudonyms.
func (a *agent) openBook(context.Context) error {
	key, err := consent.LoadKey(a.state("pseudonym.key"))
	if err != nil {
		return err
	}
	places, err := consent.OpenPlaces(a.state("places.json"))
	if places == nil {
		return err
	}
	if err != nil {
		a.log.Warn("places lost", "error", err)
	}
	rotations, err := consent.OpenRotations(a.state("rotations.json"))
	if err != nil {
		return err
	}
	a.book = &consent.Book{
		Rotations: rotations, Refuses: a.refuses,
		Consents: a.notary.consents, Key: key, PRM: a.identities.prm, Now: a.grantTime,
		Archive: a.archive(), Tally: a.notary.tally, Places: places, Hold: holdOf(a.cfg.Buffer.FullSet), Location: a.cfg.Agent.Location, Log: a.log,
	}
	if a.former, err = openFormerNodes(a.state("former-nodes.json"), a.log); err != nil {
		return err
	}
	a.intake = newIntake(key, a.dater, a.buffer.Known())
	a.intake.forgotten, err = openForgotten(a.state(forgottenFile), key, a.log)
	return err
}

func (a *agent) openMeters(ctx context.Context) error {
	for _, m := range a.cfg.Meters {
		a.meters = append(a.meters, a.newMeter(ctx, m))
	}
	return nil
}

func (a *agent) state(name string) string { return filepath.Join(a.cfg.Agent.State, name) }

// tasks is everything that runs.
func (a *agent) tasks() []task {
	tasks := []task{a.gatherer, a.notary, named{"consents", a.serveCounter}, named{"clock", a.keepTime}, named{"ready", a.announce}}
	for _, m := range a.meters {
		tasks = append(tasks, m)
		if m.share != nil {
			tasks = append(tasks, named{"share " + m.cfg.Name, m.share.Run})
		}
	}
	if a.session != nil {
		tasks = append(tasks, a.session, a.subscribers, a.herald, a.tracer)
	}
	tasks = append(tasks, a.tasksOfSources()...)
	tasks = append(tasks, a.tasksOfRecipients()...)
	if a.remote != nil {
		tasks = append(tasks, named{"report of changes", a.report})
	}
	if a.cosignatures != nil {
		tasks = append(tasks, a.cosignatures)
	}
	if a.cfg.Update != (config.Update{}) {
		tasks = append(tasks, named{"software", a.trackEdition})
	}
	if a.cfg.Status.Listen != "" {
		tasks = append(tasks, named{"page", a.page})
	}
	if a.cfg.LED.Pin != "" {
		tasks = append(tasks, named{"led", a.blink})
	}
	if a.presses != nil {
		tasks = append(tasks, named{"button", a.obey})
	}
	return tasks
}

func (a *agent) newMeter(ctx context.Context, cfg config.Meter) *meter {
	recorder := a.newRecorder(cfg)
	m := &meter{
		cfg:      cfg,
		among:    among(a.cfg.Meters, cfg.Name),
		recorder: recorder,
		clock:    a.clock,
		stamps:   a.clock.Stamps(),
		take:     a.gatherer.add,
		learn:    a.identities.learn,
		moved:    a.identities.isMoved,
		view:     newView(a.cfg.Agent.Location, recorder, a.clock.Shown),
		log:      a.log,
	}
	if cfg.Share != "" {
		m.share = share.New(cfg.Share, a.log)
	}
	if _, known := a.clock.Now(); known {
		a.openDay(ctx, m)
	}
	return m
}

// openDay reads from the buffer what the day began with.
func (a *agent) openDay(ctx context.Context, m *meter) {
	today := midnight(a.now(), a.cfg.Agent.Location)
	for _, path := range dayIndexes() {
		// What was read soon after midnight stands for midnight; what was read later would make the day look short.
		first, _, err := a.buffer.Periods(ctx, m.cfg.Name+"/"+path, buffer.TenMinutes, today, today.Add(nearMidnight), 1)
		if err != nil || len(first) == 0 {
			continue
		}
		if n, ok := first[0].First.Number(); ok {
			m.view.began(today, path, n)
		}
	}
}

// newRecorder returns a recorder that goes on where the last one ended.
func (a *agent) newRecorder(cfg config.Meter) *series.Recorder {
	r := series.NewRecorder(cfg.Name, a.cfg.Buffer.FullSet)
	r.Derived, r.Clock = cfg.Derived, meterClock(a.cfg.Agent.Location)
	r.Met = func(address []byte, sure bool) bool { return a.addresses.another(cfg.Name, address, sure) }
	r.Notify = func(e series.Event) {
		a.log.Info("event", "meter", cfg.Name, "kind", string(e.Kind), "subject", e.Subject, "ended", e.Ended)
	}
	for _, s := range a.buffer.Series() {
		if path, of := strings.CutPrefix(s.Name, cfg.Name+"/"); of {
			r.Resume(path, a.clock.Stamped(s.Last))
		}
	}
	return r
}

// page serves the local page.
func (a *agent) page(ctx context.Context) error {
	at, err := a.porch.Open(ctx, a.cfg.Status.Listen)
	if err != nil {
		return err
	}
	a.log.Info("page", "url", "http://"+at.String()+"/")
	return a.porch.Serve(ctx, status.Handler(a.snapshot, status.Options{
		Kiosk: a.wall(), Guard: a.pageGuard(), Entry: a.pageEntry(), House: pageHouse{a}, Setup: a.pageSetup(), API: api.Handler(a.house()), Past: a.engine(), Household: a.household(),
	}))
}

// blink drives the LED. A light that is not there is said once, and the agent does without.
func (a *agent) blink(ctx context.Context) error {
	pin, err := led.Open(a.cfg.LED.Pin)
	if err != nil {
		a.log.Warn("no light", "error", err)
		return nil
	}
	return led.Blink(ctx, pin, a.light)
}

// announce tells systemd that the agent is ready once it is, and that it stops.
func (a *agent) announce(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for a.health.Run().Ready() != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	if err := notify.Ready(); err != nil {
		return err
	}
	<-ctx.Done()
	if restOrNil(ctx) != nil { // the process stays
		return nil
	}
	return notify.Stopping()
}
