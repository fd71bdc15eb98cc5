package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"releve/federation/sen1"
	"releve/senml"
)

type migrateSEN1Verb struct {
	migrationFlags
	File string `arg:"" help:"What pg_dump writes of the proxy's database, in plain SQL." type:"existingfile"`
}

// Run prints our configuration, writes the secrets, and says what is left.
func (v migrateSEN1Verb) Run(t terminal) error {
	text, err := os.ReadFile(v.File)
	if err != nil {
		return fmt.Errorf("read the dump of a proxy: %w", err)
	}
	m := v.begin()
	if err := m.fromSEN1(string(text)); err != nil {
		return fmt.Errorf("read %s: %w", v.File, err)
	}
	return m.write(t)
}

// sen1Proxy is a proxy of the proof of concept, from its tables (schema proxy): app, config, user, user_app, consumer, and
// the messages that wait in inbox and outbox.
type sen1Proxy struct {
	dump
	*migration
	own     string            // its application
	sources map[string]string // of ours, by user
}

// fromSEN1 turns the tables of a proxy into our configuration: what it fetched from the system beside it is a source, each
// application that it sent to for a user a recipient, each row of consumer a route, and who may send to it sources too.
func (m *migration) fromSEN1(text string) error {
	d, err := readDump(text)
	if err != nil {
		return err
	}
	p := &sen1Proxy{dump: d, migration: m, sources: map[string]string{}}
	user, domain := p.setting("XMPP_USERNAME"), p.setting("XMPP_DOMAIN_NAME")
	if user == "" || domain == "" {
		return errors.New("there is no XMPP_USERNAME or no XMPP_DOMAIN_NAME in its table config: it is no dump of a proxy")
	}
	p.own = cmp.Or(p.find("app", "jid", user+"@"+domain)["name"], user)
	p.linef("[federation]\njid = %s\npassword_file = %s\n", tomlText(user+"@"+domain+"/releve"), tomlText(p.secret("xmpp", p.setting("XMPP_PASSWORD"))))
	p.local()
	p.consumers()
	p.senders()
	for _, box := range []string{"inbox", "outbox"} {
		if n := len(p.tables[box]); n > 0 {
			p.leave("%d messages that wait in %s: stop the proxy once there are none", n, box)
		}
	}
	return nil
}

func (p *sen1Proxy) setting(name string) string { return p.find("config", "name", name)["value"] }

// tokens are the rows of user_app of the proxy's own application: who has data in the system beside it, and with what token.
func (p *sen1Proxy) tokens() []row {
	own := p.find("app", "name", p.own)["id"]
	var all []row
	for _, r := range p.tables["user_app"] {
		if own != "" && r["app_id"] == own {
			all = append(all, r)
		}
	}
	return all
}

var notName = regexp.MustCompile(`[^A-Za-z0-9-]+`)

// called is a name that a source or a recipient may have, of these words.
func called(words ...string) string {
	name := strings.Trim(notName.ReplaceAllString(strings.Join(words, "-"), "-"), "-")
	return name[:min(len(name), 32)]
}

// local makes a source of what the proxy fetched from the system beside it, for each user.
func (p *sen1Proxy) local() {
	for _, account := range p.tokens() {
		name := called(p.own, account["id"])
		var series, selectors []string
		for _, c := range p.tables["consumer"] {
			if c["user_app_id"] != account["id"] {
				continue
			}
			series = append(series, c["name"]+"/"+cmp.Or(c["metaname"], "null"))
			selectors = append(selectors, "="+c["metaname"]+"{"+c["metavalue"]+"="+c["name"]+"}")
		}
		switch {
		case len(series) == 0:
			continue
		case p.own == "bmhs":
			p.linef("[[source]]\nname = %s\nkind = \"bmhs\"\nurl = %s", tomlText(name), tomlText(p.setting("PROXY_URL")))
			p.linef("application = %s\ntoken_file = %s\nseries = %s\n", tomlText(p.own), tomlText(p.secret(name, account["token"])), tomlList(series))
		case p.own == "pride":
			p.linef("[[source]]\nname = %s\nkind = \"pride\"\nurl = %s", tomlText(name), tomlText(p.setting("PROXY_URL")))
			label := p.label(account["id"])
			p.linef("token_file = %s\ndevice_label = %s\nselectors = %s\n", tomlText(p.secret(name, account["token"])), tomlText(label), tomlList(selectors))
		default:
			p.leave("what it fetched for user_app %s from %s: its consumers name items by numbers of a database; name hosts and keys in a [[source]] of kind lognact", account["id"], p.own)
			continue
		}
		p.sources[account["id"]] = name
	}
}

// label is the label that most consumers of an account have.
func (p *sen1Proxy) label(account string) string {
	for _, c := range p.tables["consumer"] {
		if c["user_app_id"] == account && c["metavalue"] != "" {
			return c["metavalue"]
		}
	}
	return "device"
}

// consumers makes a recipient of each application that was sent to for a user, and a route of each datum.
func (p *sen1Proxy) consumers() {
	known := map[string]bool{}
	for _, c := range p.tables["consumer"] {
		account, to := p.find("user_app", "id", c["user_app_id"]), p.find("app", "id", c["consumer_app_id"])
		source := p.sources[account["id"]]
		if source == "" || to["jid"] == "" {
			continue // said, or of an application that is not there
		}
		user := p.find("user", "id", account["user_id"])["username"]
		name := called(to["name"], account["id"])
		if !known[name] {
			known[name] = true
			p.linef("[[recipient]]\nname = %s\nkind = \"sen1\"\nto = %s\nusername = %s", tomlText(name), tomlText(to["jid"]), tomlText(user))
			p.linef("application = %s\npeer_application = %s\n", tomlText(p.own), tomlText(to["name"]))
			p.agreed(name, "what "+to["name"]+" was sent the data for", []string{"*"}, []string{source})
		}
		p.linef("[[route]]\nto = [%s]\nfrom = %s\ndevice = %s\nseries = %s", tomlText(name), tomlText(source), tomlText(c["name"]), tomlList([]string{cmp.Or(c["metaname"], "*")}))
		p.linef("to_device = %s\nto_item = %s", tomlText(cmp.Or(c["consumer_name"], c["name"])), tomlText(cmp.Or(c["consumer_metaname"], c["metaname"])))
		p.unit(c)
		p.linef("")
	}
	p.values()
}

// unit is that of a datum. One that SenML does not have cannot be converted to: it is left out.
func (p *sen1Proxy) unit(consumer row) {
	given := consumer["unite"]
	if given == "" {
		return
	}
	unit := sen1.Unit(given)
	if _, known := senml.LookupUnit(unit); known {
		p.linef("unit = %s", tomlText(unit))
		return
	}
	p.leave("unite of consumer %s: SenML has no such unit", consumer["id"])
}

// values says what becomes of how far each datum was sent, and of its type.
func (p *sen1Proxy) values() {
	sent, types := false, false
	for _, c := range p.tables["consumer"] {
		sent, types = sent || c["date_last_value"] != "", types || c["type"] != ""
	}
	if sent {
		p.leave("date_last_value of consumer: each source begins 31 days back (since), and what was sent before is sent once more")
	}
	if types {
		p.leave("type of consumer: each value says its own")
	}
}

// senders makes a source of each other application, for the users that it has an account for here. Where it goes from here
// takes a recipient, whose token the proxy may have, and a consent.
func (p *sen1Proxy) senders() {
	var users []string
	for _, account := range p.tokens() {
		users = append(users, p.find("user", "id", account["user_id"])["username"])
	}
	slices.Sort(users)
	for _, app := range p.tables["app"] {
		if app["name"] == p.own || app["jid"] == "" {
			continue
		}
		p.linef("[[source]]\nname = %s\nkind = \"sen1\"\nfrom = %s\napplication = %s\nusernames = %s\n",
			tomlText(called("from", app["name"])), tomlText(app["jid"]), tomlText(app["name"]), tomlList(slices.Compact(users)))
	}
	p.leave("where what others send goes from here: add a [[recipient]] of kind %s, its token, its [[route]]s and a consent", p.own)
}
