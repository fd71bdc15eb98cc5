package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/agent/strict"
	"releve/agent/strict/stricttest"
	"releve/federation/consent"
	"releve/federation/xmpp"
	"releve/tic"
	"releve/tic/port"
)

// The file as it stands is a good start: one meter, and the defaults of a file that says nothing else.
func TestReferenceAsItStands(t *testing.T) {
	t.Parallel()
	got := parsed(t, string(stricttest.Reference(t)))
	want := parsed(t, "[[meter]]\n")
	if diff := cmp.Diff(want, got, compareConfig); diff != "" {
		t.Errorf("reference.toml is not the defaults (-want +got):\n%s", diff)
	}
}

// The defaults that reference.toml shows are those in force: brought to life, they change nothing but what its text
// calls an example.
func TestReferenceUncommented(t *testing.T) {
	t.Parallel()
	var d document
	if err := d.parse("reference.toml", stricttest.Uncommented(stricttest.Reference(t))); err != nil {
		t.Fatal(err)
	}
	got, err := check(d)
	if err != nil {
		t.Fatal(err)
	}
	wanted := parsed(t, "[[meter]]\n")
	wanted.Federation = got.Federation
	server := BMHS{
		URL: "https://bmhs.example/smarthome", CAFile: "/etc/releve/bmhs-ca.pem", Application: "releve", TokenFile: "/etc/releve/secrets/bmhs-token",
		Zone: wanted.Agent.Location,
	}
	zabbix := Zabbix{
		URL: "https://zabbix.breizh-sen2.example/api_jsonrpc.php", TokenFile: "/etc/releve/secrets/zabbix-token", CAFile: "/etc/releve/zabbix-ca.pem",
	}
	wanted.Recipients = []Recipient{
		{
			Name: "serveur", Kind: KindReleve, Every: 10 * time.Second,
			Way: ToReleve{To: jid.MustParse("serveur@breizh-sen2.example/releve"), Naming: NamingQuoalise},
		},
		{
			Name: "tableau", Kind: KindPubSub, Every: 10 * time.Second,
			Way: ToPubSub{Readers: []xmpp.JID{jid.MustParse("tableau@breizh-sen2.example")}, Service: jid.MustParse("pubsub.breizh-sen1.example")},
		},
		{
			Name: "zabbix", Kind: KindLognact, Every: 10 * time.Second,
			Way: ToLognact{
				Zabbix: zabbix, Server: "zabbix.breizh-sen2.example:10051", Method: MethodSender, ServerName: "zabbix",
				CertificateFile: "/etc/releve/zabbix.pem", KeyFile: "/etc/releve/secrets/zabbix.key",
				Hosts: map[string]string{"linky": "Maison 12"}, Keys: map[string]string{"tariff/label": "tic[LTARF]"}, Pace: 500, Grace: day,
			},
		},
		{
			Name: "pride", Kind: KindPride, Every: 10 * time.Second,
			Way: ToPride{
				Pride:  Pride{URL: "https://warp.example/api", TokenFile: "/etc/releve/secrets/pride-write", CAFile: "/etc/releve/ca.pem", Label: "device"},
				Prefix: "releve.", Labels: map[string]string{"site": "lorient"},
			},
			Routes: []Route{{
				From: "enedis", Device: "01234567890123", Series: []string{"consumption/power/active/mean"},
				ToDevice: "maison 12", ToItem: "releve.cdc", Unit: "kW", Every: 30 * time.Minute,
			}},
		},
		{
			Name: "bmhs", Kind: KindBMHS, Every: 5 * time.Minute,
			Way: ToBMHS{
				BMHS: server, Username: "foyer@breizh-sen1.example", KeyFile: "/etc/releve/secrets/bmhs", MAC: "02:00:00:00:00:01",
				Devices: map[string]string{"linky": "linky-12"},
			},
		},
		{
			Name: "poc", Kind: KindSEN1, Every: 10 * time.Second,
			Way: ToSEN1{To: jid.MustParse("bmhs@breizh-sen2.example"), Username: "foyer", Source: "releve", Target: "bmhs"},
		},
	}
	wanted.Sources = []Source{
		{
			Name: "voisins", Kind: KindFederation,
			Origin: FromFederation{
				Provider:    jid.MustParse("voisins@breizh-sen2.example/releve"),
				Identifiers: []string{"urn:dev:prm:01234567890123_consumption/power/active/raw"}, Since: 31 * day, Repair: day,
			},
		},
		{Name: "quartier", Kind: KindReleve, Origin: FromReleve{Sender: jid.MustParse("maison@breizh-sen1.example")}},
		{Name: "maisons", Kind: KindReleve, Origin: FromReleve{Senders: []xmpp.JID{jid.MustParse("breizh-sen1.example"), jid.MustParse("mairie@breizh-sen2.example")}}},
		{
			Name: "zabbix", Kind: KindLognact,
			Origin: FromLognact{
				Zabbix: zabbix, Asking: Asking{Since: 31 * day, Every: 5 * time.Minute, Repair: day}, Hosts: []string{"linky-*"}, Keys: []string{"tic[*]"},
			},
		},
		{
			Name: "enedis", Kind: KindPride, Renames: []Rename{{Item: "pride.enedis.cdc", Path: "consumption/power/active/mean", Unit: "W"}},
			Origin: FromPride{
				Pride:     Pride{URL: "https://warp.example/api", TokenFile: "/etc/releve/secrets/pride-read", CAFile: "/etc/releve/ca.pem", Label: "PRM"},
				Asking:    Asking{Since: 31 * day, Every: 5 * time.Minute, Repair: day},
				Selectors: []string{"=pride.enedis.cdc{}"},
			},
		},
		{
			Name: "bmhs", Kind: KindBMHS,
			Origin: FromBMHS{BMHS: server, Series: []string{"linky/base", "sonde/null"}, Asking: Asking{Since: 31 * day, Every: 5 * time.Minute, Repair: day}},
		},
		{
			Name: "poc", Kind: KindSEN1,
			Origin: FromSEN1{Sender: jid.MustParse("lognact@breizh-sen2.example"), Source: "lognact", Usernames: []string{"foyer"}},
		},
	}
	wanted.Grants = []consent.Grant{{
		To: "conseil@breizh-sen2.example", Series: []string{"*"}, Sources: []string{"voisins"}, Resolution: "live", Purpose: "conseil en énergie",
		Until: time.Date(2027, 12, 31, 23, 0, 0, 0, time.UTC),
		Details: consent.Details{
			From: time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC), PurposeEN: "energy advice", Code: "dpv:EnergyAdvice", Retention: "P1Y",
			Notice: "2026-11", Name: "Association d'exemple", Contact: "dpo@conseil.example", Role: consent.Independent,
		},
	}}
	wanted.Issuers = []consent.Issuer{{
		Name: "application d'exemple", Key: "app.breizh-sen2.example+a70365e2+AcNM1mCKCoZvPY99QhiRDRaEwOX3dNwxrN6HqyMzE0N2", For: []string{"conseil@breizh-sen2.example"},
	}}
	wanted.Card = Card{Organisation: "Association d'exemple", Role: "conseil en énergie", Commune: "Lorient", Services: []string{"conseil", "affichage public"}}
	wanted.Ledger = Ledger{
		Witnesses:  []xmpp.JID{jid.MustParse("temoin@breizh-sen2.example/releve")},
		WitnessFor: []xmpp.JID{jid.MustParse("serveur@breizh-sen2.example")},
	}
	wanted.Kiosk.Title, wanted.Kiosk.Label, wanted.Kiosk.Logo = "École de Kersabiec", "données publiques – public data", "/etc/releve/commune.png"
	wanted.Kiosk.Site = &Site{Latitude: 47.75, Longitude: -3.37}
	wanted.Status.Hosts = []string{"energy.example"}
	wanted.Update = Update{From: "https://breizh-sen1.example/releve", KeyFile: "/etc/releve/releve-archive-keyring.gpg", CAFile: "/etc/releve/ca.pem"}
	wanted.Production = []string{"panneaux/production/energy/active/index"}
	wanted.Prices = Prices{File: "/etc/releve/prices.toml", Power: 6}
	wanted.Objective = Objective{Meter: "linky", Percent: 10, Reference: 2025, File: "/etc/releve/objective.toml"}
	wanted.Profiles = []Profile{{
		Name: "ecole", Title: "École", Meter: "linky", Caption: "École primaire, chauffage au gaz", CaptionEN: "Primary school, heated by gas", People: 120, Area: 900,
	}}
	wanted.Investment = Investment{
		Title: "Toit de l'école", Series: []string{"lucioles.0123456789abcdef/production/energy/active/index"}, Shares: 4, Of: 1000,
		Area: 300, Budget: 60000, Link: "https://lucioles.example/toit",
	}
	if diff := cmp.Diff(wanted, got, compareConfig); diff != "" {
		t.Errorf("a default shown is not the one in force (-want +got):\n%s", diff)
	}
	if got := got.Federation; got.JID.String() != "maison@breizh-sen1.example/releve" || got.PushEvery != 10*time.Second || got.PushSlow != 30*time.Minute {
		t.Errorf("federation is %+v", got)
	}
}

func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	got := stricttest.Keys(t, stricttest.Uncommented(stricttest.Reference(t)))
	if diff := cmp.Diff(strict.Keys(&document{}), got); diff != "" {
		t.Errorf("keys of reference.toml (-known +there):\n%s", diff)
	}
}

// compareConfig compares what has no exported fields by what it says.
var compareConfig = cmp.Options{
	cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	cmp.Comparer(func(a, b xmpp.JID) bool { return a.Equal(b) }),
	cmp.AllowUnexported(ToBMHS{}, FromBMHS{}, ToLognact{}, FromLognact{}, ToPride{}, FromPride{}),
}

func parsed(t *testing.T, text string) Config {
	t.Helper()
	var d document
	if err := d.parse("releve.toml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	c, err := check(d)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzParse: no text makes the reader panic, and what it accepts holds all that the rest of the program relies on.
func FuzzParse(f *testing.F) {
	text := stricttest.Reference(f)
	f.Add(text)
	f.Add(stricttest.Uncommented(text))
	for _, seed := range []string{
		"", "a = [", "[meter]\nport=\"x\"", "[[meter]]\nport=\"x\"\n[[meter]]\nname=\"b\"\nport=\"y\"\nmode=\"historic\"",
		"[buffer]\nmax_age=\"365d\"\nmax_bytes=\"8MiB\"\nperiod=\"1m\"\nfull_set=\"1d\"",
		"[[grant]]\nto=\"a.example\"\nseries=[\"*\"]\npurpose=\"p\"\nuntil=9999-12-31",
		"[federation]\njid=\"a@b\"\npassword_file=\"p\"\naddress=\"[::1]:5222\"", "[status]\nlisten=\":0\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d document
		if err := d.parse("fuzz.toml", text); err != nil {
			return
		}
		c, err := check(d)
		if err != nil {
			return
		}
		if c.Agent.State == "" || c.Agent.Location == nil {
			t.Errorf("agent is %+v", c.Agent)
		}
		checkMeters(t, c.Meters)
		checkBuffer(t, c.Buffer)
		for _, g := range c.Grants {
			if err := g.Check(); err != nil {
				t.Error(err)
			}
		}
		if c.Federation != nil && (c.Federation.JID.Resourcepart() == "" || c.Federation.PasswordFile == "" || c.Federation.PushEvery < time.Second) {
			t.Errorf("federation is %+v", c.Federation)
		}
	})
}

func checkMeters(t *testing.T, meters []Meter) {
	t.Helper()
	names := map[string]bool{}
	for _, m := range meters {
		if port.Check(m.Port) != nil || names[m.Name] || !meterName.MatchString(m.Name) || !prmDigits.MatchString(m.PRM) || m.Mode > tic.Standard {
			t.Errorf("meter is %+v", m)
		}
		names[m.Name] = true
	}
}

func checkBuffer(t *testing.T, b Buffer) {
	t.Helper()
	if b.Period < time.Second || b.Period > time.Minute || b.FullSet < time.Minute || b.FullSet > day ||
		b.MaxAge < time.Hour || b.MaxAge > 366*day || b.Curve < day || b.Curve > 3*366*day || b.MaxBytes < leastBytes {
		t.Errorf("buffer is %+v", b)
	}
}
