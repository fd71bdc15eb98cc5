package main

import (
	"context"
	"errors"
	"net"
	"net/url"

	"releve/agent/config"
	"releve/agent/doctor"
	"releve/agent/status"
	"releve/federation/bmhs"
	"releve/federation/lognact"
	"releve/federation/pride"
)

// What a check that finds nothing wrong could see.
var (
	admitted  = status.Say("Répond, et prend le jeton.", "Answers, and takes the token.")
	answering = status.Say("Répond ; ce qui y est pris ne se voit qu'à l'envoi.", "Answers; what it takes shows only on sending.")
	known     = status.Say("Répond, et connaît le compte ; la clé et l'activation ne se voient qu'à l'envoi.", "Answers, and knows the account; the key and the activation show only on sending.")
)

// relaysOf are the systems outside the federation that a configuration names, each with its ends.
func relaysOf(c config.Config) []doctor.Relay {
	var all []doctor.Relay
	add := func(name string, paused bool, files []error, ends []doctor.End) {
		if len(ends) > 0 {
			all = append(all, doctor.Relay{Name: name, Paused: paused, Files: errors.Join(files...), Ends: ends})
		}
	}
	for _, r := range c.Recipients {
		add("recipient "+r.Name, r.Paused, wayFiles(r.Way), endsOfWay(c, r))
	}
	for _, s := range c.Sources {
		add("source "+s.Name, false, originFiles(s.Origin), endsOfOrigin(s.Origin))
	}
	return all
}

// endsOfWay are those of a recipient; none of one in the federation.
func endsOfWay(c config.Config, r config.Recipient) []doctor.End {
	switch way := r.Way.(type) {
	case config.ToBMHS:
		return endsOfBMHS(way)
	case config.ToLognact:
		return endsOfLognact(way, hostsExpected(c, r, way))
	case config.ToPride:
		return []doctor.End{{Name: "server", Examine: door{
			name: "Warp 10", address: endpointOf(way.URL), key: "url", secret: "token_file", well: admitted, reach: (&pride.Recipient{Service: platform(way.Pride)}).Reach,
		}.examine}}
	}
	return nil
}

// endsOfOrigin are those of a source.
func endsOfOrigin(o config.Origin) []doctor.End {
	switch origin := o.(type) {
	case config.FromBMHS:
		supplier := &bmhs.Supplier{Data: dataOf(origin.BMHS), Wanted: origin.Series, Zone: origin.Zone, Client: webClient(origin.CAFile)}
		return []doctor.End{{Name: "data", Examine: door{
			name: "BMHS", address: endpointOf(origin.URL), key: "url", secret: "application, token_file", well: admitted, reach: supplier.Reach,
			absent: status.Say("Corrigez series, ou attendez le premier message de cet appareil.", "Correct series, or wait for the first message of that device."),
		}.examine}}
	case config.FromLognact:
		supplier := &lognact.Supplier{API: theAPI(origin.Zabbix), Hosts: origin.Hosts, Keys: origin.Keys}
		d := zabbixDoor(origin.Zabbix, supplier.Reach)
		d.absent = status.Say("Corrigez hosts et keys, ou donnez à l'utilisateur du jeton le droit de lire ces hôtes.", "Correct hosts and keys, or let the token's user read those hosts.")
		return []doctor.End{{Name: "api", Examine: d.examine}}
	case config.FromPride:
		supplier := &pride.Supplier{Service: platform(origin.Pride), Selectors: origin.Selectors}
		return []doctor.End{{Name: "server", Examine: door{
			name: "Warp 10", address: endpointOf(origin.URL), key: "url", secret: "token_file", well: admitted, reach: supplier.Reach,
			absent: status.Say("Corrigez selectors, ou donnez un jeton qui lit ces séries.", "Correct selectors, or give a token that reads those series."),
		}.examine}}
	}
	return nil
}

func endsOfBMHS(way config.ToBMHS) (ends []doctor.End) {
	client := webClient(way.CAFile)
	d := door{name: "BMHS", address: endpointOf(way.URL), key: "url"}
	if way.Username != "" {
		account := bmhs.Account{URL: way.URL, Username: way.Username}
		d.secret, d.well, d.reach = "username", known, func(ctx context.Context) error { return account.Reach(ctx, client) }
		ends = append(ends, doctor.End{Name: "account", Examine: d.examine})
	}
	if way.Application != "" {
		data := dataOf(way.BMHS)
		d.secret, d.well, d.reach = "application, token_file", admitted, func(ctx context.Context) error { return data.Reach(ctx, client) }
		ends = append(ends, doctor.End{Name: "data", Examine: d.examine})
	}
	return ends
}

func endsOfLognact(way config.ToLognact, hosts []string) (ends []doctor.End) {
	api := theAPI(way.Zabbix)
	if way.Method == config.MethodSender {
		trapper := &lognact.Trapper{Address: way.Server, TLS: encryption(way), Compress: way.Compress}
		ends = append(ends, doctor.End{Name: "server", Examine: door{
			name: "Zabbix", address: way.Server, key: "server", secret: "certificate_file", well: answering, reach: trapper.Reach,
		}.examine})
	}
	if api != nil {
		ask := api.Reach
		if way.Method == config.MethodPush {
			ask = (&lognact.Pusher{API: api}).Reach
		}
		d := zabbixDoor(way.Zabbix, func(ctx context.Context) error { return ask(ctx, hosts) })
		d.absent = status.Say("Créez les hôtes : releve lognact provision NOM --token-file FICHIER ; ou donnez à l'utilisateur du jeton le droit de les lire.",
			"Make the hosts: releve lognact provision NAME --token-file FILE; or let the token's user read them.")
		ends = append(ends, doctor.End{Name: "api", Examine: d.examine})
	}
	return ends
}

func zabbixDoor(z config.Zabbix, reach func(context.Context) error) door {
	return door{name: "Zabbix", address: endpointOf(z.URL), key: "url", secret: "token_file", well: admitted, reach: reach}
}

// hostsExpected are the hosts that a Zabbix must have; none where that is not known: routes give names of their own, and
// the key of pseudonyms may not be there yet, or not for us.
func hostsExpected(c config.Config, r config.Recipient, way config.ToLognact) []string {
	if len(r.Routes) > 0 {
		return nil
	}
	hosts, err := hostsFor(c, r.Name, way)
	if err != nil {
		return nil
	}
	return hosts
}

// endpointOf is where a URL leads, host:port.
func endpointOf(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return address
	case u.Port() != "":
		return u.Host
	case u.Scheme == "http":
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return net.JoinHostPort(u.Hostname(), "443")
}
