package config

import (
	"testing"
)

// TestBMHSRefused holds that each wrong value of the two sides of a BMHS server is said, in a sentence, without what is
// personal in it.
func TestBMHSRefused(t *testing.T) {
	t.Parallel()
	const (
		meter     = "[[meter]]\nname = \"linky\"\n"
		to        = meter + "[[recipient]]\nname = \"b\"\nkind = \"bmhs\"\n"
		from      = "[[source]]\nname = \"b\"\nkind = \"bmhs\"\n"
		server    = "url = \"https://bmhs.example/smarthome/\"\n"
		account   = "username = \"foyer@breizh-sen1.example\"\napplication_key_file = \"/k\"\nmac = \"m\"\n"
		access    = "application = \"releve\"\ntoken_file = \"/t\"\n"
		recipient = "recipient 1 (b): "
		source    = "source 1 (b): "
	)
	for _, tt := range []struct{ name, text, err string }{
		{"an agent", to + server + account, ""},
		{"rows only", to + server + access, ""},
		{"on this machine", to + "url = \"http://127.0.0.1:8080/smarthome\"\n" + account, ""},
		{"in the clear", to + "url = \"http://bmhs.example/smarthome\"\n" + account, recipient + `url: "http://bmhs.example/smarthome" has no encryption; that is for this machine alone (127.0.0.1)`},
		{"no url", to + account, recipient + `url: "" is not an address such as https://bmhs.example/smarthome`},
		{"a password in the url", to + "url = \"https://a:b@bmhs.example/\"\n" + account, recipient + `url: "https://a:b@bmhs.example/" is not an address such as https://bmhs.example/smarthome`},
		{"half an account", to + server + "username = \"foyer@breizh-sen1.example\"\n", recipient + "username, application_key_file and mac go together"},
		{"nothing", to + server, recipient + "there is neither an account (username, application_key_file, mac) nor access to the data API (application, token_file)"},
		{"half an access", to + server + account + "application = \"x\"\n", recipient + "application and token_file go together"},
		{"presence of nobody", to + server + access + "presence = true\n", recipient + "presence is that of an agent: it needs an account"},
		{"no zone", to + server + account + "zone = \"Paris\"\n", recipient + `zone: "Paris" is not a time zone such as Europe/Paris`},
		{"a device of no meter", to + server + account + "devices = [\"autre=021528603314\"]\n", recipient + `devices: there is no meter "autre"`},
		{"a device without a name", to + server + account + "devices = [\"linky=\"]\n", recipient + "devices: entry 1 is not METER=DEVICE, with a device of 1 to 255 bytes"},
		{"a key of another kind", to + server + account + "readers = [\"a@b.example\"]\n", recipient + "readers is no key of kind bmhs"},

		{"a source", meter + from + server + access + "series = [\"linky/base\"]\n", ""},
		{"a source without access", meter + from + server + "series = [\"linky/base\"]\n", source + "application and token_file are missing: access to the data API"},
		{"a source of nothing", meter + from + server + access, source + "series is missing: the server lists none. Each is <device>/<metavalue>, such as \"linky/base\""},
		{"a series without a metavalue", meter + from + server + access + "series = [\"021528603314\"]\n", source + "series 1 is not <device>/<metavalue>, such as linky/base, or is there twice"},
		{"a series twice", meter + from + server + access + "series = [\"a/b\", \"a/b\"]\n", source + "series 2 is not <device>/<metavalue>, such as linky/base, or is there twice"},
	} {
		var d document
		if err := d.parse("releve.toml", []byte(tt.text)); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		_, err := check(d)
		if got := sentence(err); got != tt.err {
			t.Errorf("%s: error is\n%s\nwant\n%s", tt.name, got, tt.err)
		}
	}
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
