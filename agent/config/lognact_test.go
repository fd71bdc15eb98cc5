package config

import "testing"

func TestLognactRefusals(t *testing.T) {
	t.Parallel()
	const to = "[[recipient]]\nname = \"z\"\nkind = \"lognact\"\n"
	const from = "[[source]]\nname = \"z\"\nkind = \"lognact\"\n"
	const api = "url = \"https://z/api_jsonrpc.php\"\ntoken_file = \"t\"\n"
	for _, row := range []struct{ name, text, err string }{
		{"no server", to, `recipient 1 (z): server: "" is not host:port, such as zabbix.breizh-sen2.example:10051`},
		{"another method", to + "method = \"mail\"\n", `recipient 1 (z): method "mail" is not one of sender, push`},
		{"push without an API", to + "method = \"push\"\n", "recipient 1 (z): method push needs url and token_file"},
		{"push to a server", to + api + "method = \"push\"\nserver = \"z:1\"\n", "recipient 1 (z): method push goes by url: server, server_name and certificate_file are of method sender"},
		{"an API without a token", to + "server = \"z:1\"\nurl = \"https://z/\"\n", "recipient 1 (z): url and token_file go together"},
		{"a URL that is none", to + "server = \"z:1\"\ntoken_file = \"t\"\nurl = \"z\"\n", `recipient 1 (z): url: "z" is not an address such as https://zabbix.breizh-sen2.example/api_jsonrpc.php`},
		{"a certificate without its key", to + "server = \"z:1\"\ncertificate_file = \"c\"\n", "recipient 1 (z): certificate_file and key_file go together"},
		{"a pace that is none", to + "server = \"z:1\"\npace = \"0/s\"\n", `recipient 1 (z): pace: "0/s" is not a number of values a second from 1/s to 100000/s, such as 500/s`},
		{"a grace without end", to + "server = \"z:1\"\ngrace = \"99d\"\n", `recipient 1 (z): grace: "99d" is not a time from 1m to 31d, written like 10s, 5m, 12h or 31d`},
		{
			"hosts and keys that Zabbix does not take", to + "server = \"z:1\"\nhosts = [\"a=é\", \"b=x\", \"c=x\", \"d\"]\nkeys = [\"a=a:b\"]\n",
			"recipient 1 (z): hosts: \"é\" is not a host that Zabbix takes: 1 to 128 letters without accents, digits, spaces, _ . or -\n" +
				"recipient 1 (z): hosts: \"c=x\" names one of the two a second time\n" +
				"recipient 1 (z): hosts: \"d\" is not a pair such as linky=Maison 12\n" +
				`recipient 1 (z): keys: "a:b" is not a key that Zabbix takes: letters without accents, digits, _ . or -, then anything in [ ], such as tic[EAST]`,
		},
		{"a source without an API", from, "source 1 (z): url is missing: where the API is, such as https://zabbix.breizh-sen2.example/api_jsonrpc.php"},
		{"a source asked too often", from + api + "every = \"1s\"\n", `source 1 (z): every: "1s" is not a time from 10s to 1d, written like 10s, 5m, 12h or 31d`},
		{"all is well", to + api + "server = \"z:1\"\n", ""},
	} {
		err, got := CheckText("[[meter]]\n"+row.text), ""
		if err != nil {
			got = err.Error()
		}
		if got != row.err {
			t.Errorf("%s: got\n%s\nwant\n%s", row.name, got, row.err)
		}
	}
}
