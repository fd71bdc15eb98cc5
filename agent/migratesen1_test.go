package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A dump of a proxy of BMHS as pg_dump writes it, and the same with --inserts. People and secrets are invented.
const copied = `--
-- PostgreSQL database dump
--
SET standard_conforming_strings = on;
CREATE TABLE proxy.app (
    id bigint NOT NULL,
    jid character varying(255),
    name character varying(255) NOT NULL
);
COPY proxy.app (id, jid, name) FROM stdin;
1	bmhs@breizh-sen1.example	bmhs
2	lognact@breizh-sen2.example	lognact
\.
COPY proxy.config (id, name, value) FROM stdin;
1	XMPP_DOMAIN_NAME	breizh-sen1.example
2	XMPP_USERNAME	bmhs
3	XMPP_PASSWORD	it's a\tsecret
4	PROXY_URL	https://bmhs.example/smarthome
\.
COPY proxy."user" (id, username) FROM stdin;
7	foyer.test@example.org
\.
COPY proxy.user_app (id, app_id, user_id, token) FROM stdin;
11	1	7	the token
12	2	7	user:password
\.
COPY proxy.consumer (id, user_app_id, consumer_app_id, name, metaname, metavalue, unite, type, date_last_value, consumer_name, consumer_metaname) FROM stdin;
21	11	2	linky	base	\N	Wh	dt_numeric	2026-11-23 09:12:53	maison 12	tic[EAST]
22	11	2	sonde	\N	\N	\N	dt_numeric	\N	\N	\N
\.
COPY proxy.inbox (id, received_date, data) FROM stdin;
1	2026-11-23 09:12:53	\\x00
\.
`

const inserted = `CREATE TABLE proxy.app (
    id bigint NOT NULL,
    jid character varying(255),
    name character varying(255) NOT NULL,
    CONSTRAINT x CHECK (true)
);
INSERT INTO proxy.app VALUES (1, 'bmhs@breizh-sen1.example', 'bmhs'),
	(2, 'lognact@breizh-sen2.example', 'lognact');
INSERT INTO proxy.config (id, name, value) VALUES (1, 'XMPP_DOMAIN_NAME', 'breizh-sen1.example');
INSERT INTO proxy.config (id, name, value) VALUES (2, 'XMPP_USERNAME', 'bmhs');
INSERT INTO proxy.config (id, name, value) VALUES (3, 'XMPP_PASSWORD', 'it''s a	secret');
INSERT INTO proxy.config (id, name, value) VALUES (4, 'PROXY_URL', 'https://bmhs.example/smarthome');
INSERT INTO proxy."user" (id, username) VALUES (7, 'foyer.test@example.org');
INSERT INTO proxy.user_app (id, app_id, user_id, token) VALUES (11, 1, 7, 'the token'), (12, 2, 7, 'user:password');
INSERT INTO proxy.consumer (id, user_app_id, consumer_app_id, name, metaname, metavalue, unite, type, date_last_value, consumer_name, consumer_metaname) VALUES (21, 11, 2, 'linky', 'base', NULL, 'Wh', 'dt_numeric', '2026-11-23 09:12:53', 'maison 12', 'tic[EAST]');
INSERT INTO proxy.consumer (id, user_app_id, consumer_app_id, name, metaname, metavalue, unite, type, date_last_value, consumer_name, consumer_metaname) VALUES (22, 11, 2, 'sonde', NULL, NULL, NULL, 'dt_numeric', NULL, NULL, NULL);
INSERT INTO proxy.inbox (id, received_date, data) VALUES (1, '2026-11-23 09:12:53', '\x00');
`

// The tables of a proxy become our configuration, the same from both forms of a dump; secrets go to files, consents are
// left to be given.
func TestMigrateSEN1(t *testing.T) {
	t.Parallel()
	for _, text := range []string{copied, inserted} {
		dir := t.TempDir()
		file := written(t, "proxy.sql", text)
		var out, said strings.Builder
		v := migrateSEN1Verb{migrationFlags: migrationFlags{Secrets: dir}, File: file}
		if err := v.Run(terminal{out: &out, err: &said}); err != nil {
			t.Fatal(err)
		}
		want := `[federation]
jid = "bmhs@breizh-sen1.example/releve"
password_file = "DIR/xmpp"

[[source]]
name = "bmhs-11"
kind = "bmhs"
url = "https://bmhs.example/smarthome"
application = "bmhs"
token_file = "DIR/bmhs-11"
series = ["linky/base", "sonde/null"]

[[recipient]]
name = "lognact-11"
kind = "sen1"
to = "lognact@breizh-sen2.example"
username = "foyer.test@example.org"
application = "bmhs"
peer_application = "lognact"

# Nothing goes to lognact-11 before somebody who may has agreed, and has taken away these marks:
#[[grant]]
#to = "lognact-11"
#series = ["*"]
#purpose = "what lognact was sent the data for"
#sources = ["bmhs-11"]

[[route]]
to = ["lognact-11"]
from = "bmhs-11"
device = "linky"
series = ["base"]
to_device = "maison 12"
to_item = "tic[EAST]"
unit = "Wh"

[[route]]
to = ["lognact-11"]
from = "bmhs-11"
device = "sonde"
series = ["*"]
to_device = "sonde"
to_item = ""

[[source]]
name = "from-lognact"
kind = "sen1"
from = "lognact@breizh-sen2.example"
application = "lognact"
usernames = ["foyer.test@example.org"]

`
		if diff := cmp.Diff(want, strings.ReplaceAll(out.String(), dir, "DIR")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		wantSaid := "secret: DIR/xmpp\nsecret: DIR/bmhs-11\nleft: date_last_value of consumer: each source begins 31 days back (since), and what was sent before is sent once more\nleft: type of consumer: each value says its own\n" +
			"left: where what others send goes from here: add a [[recipient]] of kind bmhs, its token, its [[route]]s and a consent\n" +
			"left: 1 messages that wait in inbox: stop the proxy once there are none\n"
		if diff := cmp.Diff(wantSaid, strings.ReplaceAll(said.String(), dir, "DIR")); diff != "" {
			t.Errorf("said (-want +got):\n%s", diff)
		}
		for name, secret := range map[string]string{"xmpp": "it's a\tsecret", "bmhs-11": "the token"} {
			if got, err := password("password_file", filepath.Join(dir, name)); got != secret {
				t.Errorf("%s holds %q, %v", name, got, err)
			}
		}
	}
}

func TestReadDumpRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"COPY x FROM 'file';\n":                       "line 1: COPY is not one of pg_dump, with its columns and FROM stdin",
		"\nCOPY proxy.x (a, b) FROM stdin;\n1\n\\.\n": "line 2: a row of x has 1 values for 2 columns",
		"COPY proxy.x (a) FROM stdin;\n1\n":           `line 1: the end of COPY, \., is missing`,
		"INSERT INTO x SELECT 1;\n":                   "line 1: INSERT is not one of pg_dump, with VALUES",
		"INSERT INTO x (a) VALUES ('secret":           "line 1: a text does not end",
		"INSERT INTO x (a) VALUES (1":                 "line 1: a value does not end",
		"INSERT INTO x (a) VALUES ('a'":               "line 1: the values of INSERT do not end",
		"INSERT INTO x (a) VALUES (1)":                "line 1: the end of INSERT is missing",
		"INSERT INTO x (a) VALUES (1, 2);":            "line 1: a row of x has 2 values for 1 columns",
		"CREATE TABLE x (\n a int,\n":                 "line 1: the end of CREATE TABLE is missing",
	} {
		if _, err := readDump(text); fmt.Sprint(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := (&migration{}).fromSEN1("SELECT 1;\n"); fmt.Sprint(err) != "there is no XMPP_USERNAME or no XMPP_DOMAIN_NAME in its table config: it is no dump of a proxy" {
		t.Errorf("%v", err)
	}
}

// FuzzReadDump: no text breaks the reader; every row it reads has only columns of its table, and no error repeats the text.
func FuzzReadDump(f *testing.F) {
	f.Add(copied)
	f.Add(inserted)
	f.Add("INSERT INTO x (a) VALUES ('a''b', NULL),(1)")
	f.Fuzz(func(t *testing.T, text string) {
		m := &migration{dir: "/s"}
		if err := m.fromSEN1(text); err == nil && m.text.Len() == 0 {
			t.Error("nothing came out, and no error")
		}
		d, err := readDump(text)
		if err != nil && len(err.Error()) > 200+len(text)/2 {
			t.Errorf("the error is long: %v", err)
		}
		for table, rows := range d.tables {
			for _, r := range rows {
				if len(r) > len(text) {
					t.Errorf("%s: a row of %d values", table, len(r))
				}
			}
		}
	})
}
