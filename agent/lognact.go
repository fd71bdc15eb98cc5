package main

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"releve/agent/config"
	"releve/agent/status"
	"releve/buffer"
	"releve/buffer/statefile"
	"releve/federation"
	"releve/federation/lognact"
)

// reachLognact sends values to a Zabbix. Devices go under a pseudonym of the recipient's own, whatever a grant says: the name of
// a host is seen by everybody there. What was sent is read again through a gate of its own.
func (a *agent) reachLognact(r config.Recipient, way config.ToLognact, one *outgoing) error {
	circle := a.book.Circle(r.Name, []string{r.Grantee()})
	name := func(local string) string {
		meter, path, _ := strings.Cut(local, "/")
		if a.book.Name(r.Grantee(), local) == "" {
			return ""
		}
		return circle.Device(meter) + "_" + path
	}
	one.delivery.Gate, one.routes = a.routed(r, circle, name)
	again, _ := a.routed(r, circle.Again(), name)
	o := lognact.Options{
		Name: r.Name, API: theAPI(way.Zabbix), Gate: again, Cursor: ahead{one.cursor, a.clock.Known()},
		Names: lognact.Names{Hosts: hostsOf(way.Hosts, circle.Device), Keys: way.Keys},
		Pace:  float64(way.Pace), Grace: way.Grace, File: a.parked(r.Name), Now: a.now, Log: a.log,
	}
	o.Way = &lognact.Trapper{Address: way.Server, TLS: encryption(way), Compress: way.Compress}
	if way.Method == config.MethodPush {
		o.Way = &lognact.Pusher{API: o.API}
	}
	zabbix, err := lognact.New(o)
	var damaged *statefile.Damaged
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	if damaged != nil {
		a.log.Warn("all items of a recipient are tried again", "recipient", r.Name, "error", err)
	}
	one.delivery.Recipient, one.delivery.Cursor = zabbix, zabbix.Front()
	one.tasks = []task{named{"confirmation of " + r.Name, zabbix.Run}}
	one.tell = func(shown *status.Recipient) { tellLognact(shown, zabbix.Standing()) }
	return nil
}

// parked is the file of the items of a recipient that refuse values.
func (a *agent) parked(name string) string { return a.state("parked-" + name + ".json") }

// hostsOf is the hosts of a configuration by device in place of meter.
func hostsOf(byMeter map[string]string, device func(meter string) string) map[string]string {
	hosts := map[string]string{}
	for meter, host := range byMeter {
		hosts[device(meter)] = host
	}
	return hosts
}

// ahead shows a cursor of the buffer to a recipient that reads ahead of it.
type ahead struct {
	*buffer.Cursor
	known <-chan struct{} // closed once the time is known
}

// After waits for packs, and until the time is known.
func (c ahead) After(ctx context.Context, seq uint64, limit int) ([]federation.Item, error) {
	select {
	case <-c.known:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	items, err := c.Cursor.After(ctx, buffer.Seq(seq), limit)
	return toItems(items), err
}

// Peek returns packs that are there.
func (c ahead) Peek(ctx context.Context, seq uint64, limit int) ([]federation.Item, error) {
	items, err := c.Cursor.Peek(ctx, buffer.Seq(seq), limit)
	return toItems(items), err
}

// Acked is where the cursor is.
func (c ahead) Acked() uint64 { return uint64(c.Cursor.Acked()) }

// Ack moves the cursor.
func (c ahead) Ack(seq uint64) error { return c.Cursor.Ack(buffer.Seq(seq)) }

// theAPI is that of a Zabbix; nil when it is not to be asked.
func theAPI(z config.Zabbix) *lognact.API {
	if z.URL == "" {
		return nil
	}
	return &lognact.API{URL: z.URL, Token: func() (string, error) { return password("token_file", z.TokenFile) }, Client: webClient(z.CAFile)}
}

// encryption reads the certificates for each connection, so that they can be renewed while running; nil for none.
func encryption(way config.ToLognact) func() (*tls.Config, error) {
	if way.CertificateFile == "" {
		return nil
	}
	return func() (*tls.Config, error) {
		roots, err := authorities("ca_file", way.CAFile)
		if err != nil {
			return nil, err
		}
		pair, err := tls.LoadX509KeyPair(credential(way.CertificateFile), credential(way.KeyFile))
		if err != nil {
			return nil, fmt.Errorf("certificate_file, key_file: %w", err)
		}
		if _, isRSA := pair.PrivateKey.(*rsa.PrivateKey); !isRSA {
			return nil, errors.New("certificate_file: Zabbix as Debian builds it takes RSA certificates only, and this one is none")
		}
		return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: way.ServerName}, nil
	}
}

// tellLognact says how it stands with a Zabbix: what was sent waits for nothing but confirmation.
func tellLognact(shown *status.Recipient, s lognact.Standing) {
	shown.Pending -= min(shown.Pending, s.Unconfirmed)
	if !shown.Text.IsZero() {
		return
	}
	switch {
	case len(s.Parked) > 0:
		first := s.Parked[0]
		shown.State, shown.Text = status.Warning, status.Sayf(
			"%[1]d élément(s) ne prennent pas de valeurs et sont réessayés ; le premier, %[2]s %[3]s : %[4]s",
			"%[1]d item(s) take no values and are tried again; the first, %[2]s %[3]s: %[4]s", len(s.Parked), first.Host, first.Key, first.Reason)
	case s.Err != nil:
		shown.State, shown.Text = status.Waiting, status.Sayf(
			"%[1]d paquets envoyés ne sont pas encore confirmés : %[2]s", "%[1]d packs that were sent are not confirmed yet: %[2]s", s.Unconfirmed, s.Err)
	case s.Misfits > 0:
		shown.State, shown.Text = status.Warning, status.Sayf(
			"%[1]d relevés n'ont pas de place chez ce destinataire, le dernier ainsi : %[2]s",
			"%[1]d readings have no place with this recipient, the last one so: %[2]s", s.Misfits, s.Misfit)
	case s.Unseen > 0:
		shown.State, shown.Text = status.Warning, status.Sayf(
			"%[1]d valeurs envoyées passent pour enregistrées sans vérification : le jeton ne voit pas leurs éléments, ou ceux-ci ne gardent pas d'historique.",
			"%[1]d values that were sent count as stored without being looked for: the token does not see their items, or these keep no history.", s.Unseen)
	case s.Confirms:
		shown.Text = status.Sayf("Confirmé jusqu'au paquet %[1]d ; %[2]d valeurs renvoyées.", "Confirmed up to pack %[1]d; %[2]d values sent again.", s.Confirmed, s.Resent)
	}
}

// tapLognact reads the items of a Zabbix.
func (a *agent) tapLognact(s *source, origin config.FromLognact) error {
	supplier := &lognact.Supplier{API: theAPI(origin.Zabbix), Hosts: origin.Hosts, Keys: origin.Keys}
	return a.collect(s, supplier, origin.Asking)
}
