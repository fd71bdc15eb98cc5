package config

import (
	"strconv"
	"strings"
	"time"

	"releve/federation/lognact"
)

// KindLognact is the kind of a Zabbix, on both sides.
const KindLognact = "lognact"

// How values get to a Zabbix.
const (
	MethodSender = "sender"
	MethodPush   = "push"
)

// Zabbix is what a recipient and a source need to ask one over its API.
type Zabbix struct {
	URL       string // …/api_jsonrpc.php; "" not to ask at all
	TokenFile string
	CAFile    string // PEM, or "" for the system's authorities
}

// ToLognact is the way to a Zabbix.
type ToLognact struct {
	outside
	Zabbix
	Server          string // host:port of the trapper; "" with MethodPush
	Method          string // MethodSender or MethodPush
	ServerName      string // in the certificate of the server; "" for that of Server
	CertificateFile string // PEM; "" to connect in the clear
	KeyFile         string // PEM
	Compress        bool
	Hosts           map[string]string // by meter
	Keys            map[string]string // by path
	Pace            int               // values a second of one host
	Grace           time.Duration     // how long what was sent is kept in reach when nothing can be confirmed
}

// FromLognact is a Zabbix whose items are read.
type FromLognact struct {
	beyond
	Zabbix
	Asking
	Hosts, Keys []string // globs; none: all that the token may see
}

type rawToLognact struct {
	Server          string   `toml:"server" type:"endpoint"`
	Method          string   `toml:"method" type:"choice" choices:"sender,push" default:"sender"`
	ServerName      string   `toml:"server_name"`
	CertificateFile string   `toml:"certificate_file" type:"file"`
	ClientKey       string   `toml:"key_file" type:"file"`
	Compress        *bool    `toml:"compress" default:"false"`
	Hosts           []string `toml:"hosts"`
	Keys            []string `toml:"keys"`
	Pace            string   `toml:"pace" default:"500/s"`
	Grace           string   `toml:"grace" type:"duration" least:"1m" most:"31d" default:"1d"`
}

type rawFromLognact struct {
	Hosts []string `toml:"hosts"`
	Keys  []string `toml:"keys"`
}

func (f *findings) toLognact(key string, _ document, raw rawRecipient) Way {
	own := raw.rawToLognact
	w := ToLognact{
		Zabbix: f.zabbix(key, raw.rawReach), Server: own.Server, Method: or(own.Method, MethodSender), ServerName: own.ServerName,
		CertificateFile: own.CertificateFile, KeyFile: own.ClientKey, Compress: own.Compress != nil && *own.Compress,
		Hosts: f.pairs(key+": hosts", own.Hosts, "linky=Maison 12", lognact.CheckHost),
		Keys:  f.pairs(key+": keys", own.Keys, "tariff/label=tic[LTARF]", lognact.CheckKey), Pace: f.valuesPerSecond(key, own.Pace),
	}
	w.Grace = f.duration(key+": grace", own.Grace, day, time.Minute, 31*day)
	switch {
	case w.Method != MethodSender && w.Method != MethodPush:
		f.addf("%s: method %q is not one of %s, %s", key, w.Method, MethodSender, MethodPush)
	case w.Method == MethodSender && !isHostPort(w.Server):
		f.addf("%s: server: %q is not host:port, such as zabbix.breizh-sen2.example:10051", key, w.Server)
	case w.Method == MethodPush && w.Server+w.CertificateFile+w.ServerName != "":
		f.addf("%s: method %s goes by url: server, server_name and certificate_file are of method %s", key, MethodPush, MethodSender)
	case w.Method == MethodPush && w.URL == "":
		f.addf("%s: method %s needs url and token_file", key, MethodPush)
	}
	if (w.CertificateFile == "") != (w.KeyFile == "") {
		f.addf("%s: certificate_file and key_file go together", key)
	}
	return w
}

func (f *findings) fromLognact(key string, _ document, raw rawSource) Origin {
	own := raw.rawFromLognact
	w := FromLognact{Zabbix: f.zabbix(key, raw.rawReach), Asking: f.asking(key, raw.rawAsking), Hosts: own.Hosts, Keys: own.Keys}
	if w.URL == "" {
		f.addf("%s: url is missing: where the API is, such as %s", key, exampleAPI)
	}
	return w
}

const exampleAPI = "https://zabbix.breizh-sen2.example/api_jsonrpc.php"

func (f *findings) zabbix(key string, raw rawReach) Zabbix {
	if (raw.URL == "") != (raw.TokenFile == "") {
		f.addf("%s: url and token_file go together", key)
	}
	if raw.URL != "" {
		raw.URL = f.url(key, raw.URL, exampleAPI)
	}
	return Zabbix(raw)
}

// valuesPerSecond reads a pace such as "500/s".
func (f *findings) valuesPerSecond(key, value string) int {
	number, ok := strings.CutSuffix(or(value, "500/s"), "/s")
	n, err := strconv.Atoi(number)
	if err != nil || !ok || n < 1 || n > 100_000 {
		f.addf("%s: pace: %q is not a number of values a second from 1/s to 100000/s, such as 500/s", key, value)
	}
	return n
}

// pairs reads "ours=theirs". What is theirs is checked, and stands once: two of ours would otherwise be mixed up there.
func (f *findings) pairs(key string, list []string, example string, check func(string) error) map[string]string {
	pairs, taken := map[string]string{}, map[string]bool{}
	for _, one := range list {
		ours, theirs, ok := strings.Cut(one, "=")
		switch err := check(theirs); {
		case !ok || ours == "":
			f.addf("%s: %q is not a pair such as %s", key, one, example)
		case err != nil:
			f.addf("%s: %w", key, err)
		case taken[theirs] || pairs[ours] != "":
			f.addf("%s: %q names one of the two a second time", key, one)
		}
		pairs[ours], taken[theirs] = theirs, true
	}
	return pairs
}
