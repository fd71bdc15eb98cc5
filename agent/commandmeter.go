package main

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"releve/agent/config"
	"releve/agent/status"
	"releve/federation/command"
)

func meterTitle() status.Words { return status.Say("Compteurs", "Meters") }

// probeTime is how long a port is listened to that no meter of ours is read at.
const probeTime = 8 * time.Second

// What can be done about meters.
const (
	doProbe  = "probe"
	doRename = "rename"
	doMode   = "mode"
)

// commandMeters asks for a meter and what to do about it.
func (a *agent) commandMeters(context.Context, command.Caller) (command.Turn, error) {
	what := command.Field{Name: "do", Label: status.Say("Action", "Action"), Kind: command.Choice, Required: true, Values: []string{doProbe}, Options: []command.Option{
		{Value: doProbe, Label: status.Say("chercher les ports et ce qu'on y entend", "look at the ports and what is heard there")},
	}}
	page := &command.Page{Title: meterTitle(), Fields: []command.Field{what}, Then: a.doMeter}
	if len(a.meters) > 0 {
		page.Fields[0].Options = append(what.Options,
			command.Option{Value: doRename, Label: status.Say("donner un nom à afficher", "give it a name to show")},
			command.Option{Value: doMode, Label: status.Say("choisir le mode", "set the mode")})
		page.Fields = append(page.Fields, a.meterField())
	}
	return page, nil
}

func (a *agent) doMeter(ctx context.Context, _ command.Caller, answers command.Answers) (command.Turn, error) {
	key := map[string]string{doRename: "title", doMode: "mode"}[answers.One("do")]
	if key == "" {
		return a.probePorts(ctx)
	}
	path := config.Path{Table: "meter", Entry: answers.One("meter"), Key: key}.String()
	s, known := a.remote.settings().Setting(path)
	if !known {
		return command.Refused(meterTitle(), text("%s", path)), nil
	}
	field := keyField(path, s.Key, s.Values)
	field.Required = true
	return &command.Page{
		Title: meterTitle(), Final: true, Fields: []command.Field{field},
		Then: func(_ context.Context, c command.Caller, answers command.Answers) (command.Turn, error) {
			return a.configure(c, meterTitle(), config.Changes{path: answers[path]})
		},
	}, nil
}

// probePorts lists the serial ports. Those of dongles that no meter is read at are listened to; nothing else is opened.
func (a *agent) probePorts(ctx context.Context) (command.Turn, error) {
	found, err := probeVerb{}.ports()
	if err != nil {
		return nil, err
	}
	read := map[string]string{} // meters, by the device they are read at
	for _, m := range a.meters {
		line, _ := m.look()
		read[cmp.Or(line.Device, m.cfg.Port)] = m.cfg.Name
	}
	var listening sync.WaitGroup
	for _, p := range found {
		if p.Listened && read[p.Port]+read[p.ByID] == "" {
			listening.Go(func() { p.listen(ctx, probeTime, strings.NewReader("")) })
		}
	}
	listening.Wait()
	return &command.Result{
		Title:   meterTitle(),
		Columns: []command.Field{column("port", "Port", "Port"), column("adapter", "Adaptateur", "Adapter"), column("meter", "Compteur", "Meter"), column("heard", "Entendu", "Heard")},
		Rows:    a.probedRows(found, read),
	}, nil
}

// probedRows is a row a meter, and one for each other port.
func (a *agent) probedRows(found []*probed, read map[string]string) [][]string {
	var rows [][]string
	for _, m := range a.meters {
		line, counters := m.look()
		rows = append(rows, []string{cmp.Or(line.Device, m.cfg.Port), "", m.cfg.Name, text("%s: %d", line.Mode, counters.Frames).EN})
	}
	for _, p := range found {
		if read[p.Port]+read[p.ByID] != "" {
			continue
		}
		heard := p.Error
		if p.Heard != nil {
			heard = p.Heard.String()
		}
		rows = append(rows, []string{cmp.Or(p.ByID, p.Port), p.adapter(), "", heard})
	}
	return rows
}
