package quoalise

import (
	"strings"
	"testing"
)

func TestCheckIdentifier(t *testing.T) {
	t.Parallel()
	const begin = "bad-request: identifier must begin with urn:dev:, for example urn:dev:prm:01234567890123_consumption/power/apparent/raw"
	long := "urn:dev:ow:" + strings.Repeat("0", 256-len("urn:dev:ow:"))
	tests := []struct{ name, id, err string }{
		{"a series", "urn:dev:prm:01234567890123_consumption/power/apparent/raw", ""},
		{"a whole device", "urn:dev:prm:01234567890123", ""},
		{"under a pseudonym", "urn:dev:org:60060-0011223344556677_current/1", ""},
		{"another kind of device", "urn:dev:ow:10e2073a01080063_temperature", ""},
		{"a component with underscores", "urn:dev:ow:10e2073a01080063_a_b", ""},
		{"the longest", long, ""},
		{"nothing", "", begin},
		{"a kind and no device", "urn:dev:", begin},
		{"no device before the series", "urn:dev:_current/1", begin},
		{"a local name", "linky/current/1", begin},
		{"another namespace", "urn:uuid:01234567890123_current/1", begin},
		{"in capitals", "URN:DEV:PRM:01234567890123_current/1", begin},
		{
			"nothing after the underscore", "urn:dev:prm:01234567890123_",
			"bad-request: identifier has nothing after the underscore; leave it out to mean all series of the device",
		},
		{"too long, and not repeated", long + "0", "bad-request: identifier has more than 256 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := text(checkIdentifier(tt.id)); got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
		})
	}
}

func TestSplitIdentifier(t *testing.T) {
	t.Parallel()
	tests := []struct{ id, device, path string }{
		{"urn:dev:prm:01234567890123_current/1", "urn:dev:prm:01234567890123", "current/1"},
		{"urn:dev:prm:01234567890123", "urn:dev:prm:01234567890123", ""},
		{"urn:dev:ow:10e2_a_b", "urn:dev:ow:10e2", "a_b"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if device, path := splitIdentifier(tt.id); device != tt.device || path != tt.path {
			t.Errorf("%s: got %s and %s", tt.id, device, path)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id, series string
		want             bool
	}{
		{"the series", current, current, true},
		{"another series", current, voltage, false},
		{"the device", device, current, true},
		{"a series that begins alike", current, current + "0", false},
		{"a path above is no series", device + "_current", current, false},
		{"a device that begins alike", "urn:dev:prm:0123456789012", current, false},
		{"a device with nothing after it", device, device, true},
		{"nothing", "", current, false},
	}
	for _, tt := range tests {
		if got := names(tt.id, tt.series); got != tt.want {
			t.Errorf("%s: got %t", tt.name, got)
		}
	}
}
