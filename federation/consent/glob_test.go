package consent

import (
	"regexp"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true},
		{"*", "consumption/energy/active/index", true},
		{"**", "current/1", true},
		{"", "", true},
		{"", "current/1", false},
		{"current/1", "current/1", true},
		{"current/1", "current/10", false},
		{"current/*", "current/1", true},
		{"current/*", "current/", true},
		{"current/*", "current", false},
		{"current/*", "voltage/1", false},
		{"*/index", "consumption/energy/active/index", true},
		{"*/index", "consumption/energy/active/index/provider/1", false},
		{"consumption/*/index", "consumption/energy/active/index", true},
		{"consumption/*/index", "consumption/index", false},
		{"*power*raw", "consumption/power/apparent/raw", true},
		{"*raw*power*", "consumption/power/apparent/raw", false},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"a*b*b", "ab", false},
		{"a*bc*c", "abcbc", true},
		{"*ab*ab", "ab", false},
		{"*ab*ab", "abab", true},
		{"current/?", "current/1", false},
		{"current/[1-3]", "current/1", false},
		{`current/\*`, "current/*", false},
		{"Current/*", "current/1", false},
	}
	for _, tt := range tests {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %t, want %t", tt.pattern, tt.s, got, tt.want)
		}
	}
}

// FuzzGlob holds glob against a regular expression that says the same.
func FuzzGlob(f *testing.F) {
	f.Add("*", "current/1")
	f.Add("a*b*b", "ab")
	f.Add("*ab*ab", "xabyabab")
	f.Add("consumption/*/index", "consumption/energy/active/index")
	f.Add("", "")
	f.Add("a\n*", "a\nb")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		parts := strings.Split(pattern, "*")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		reference, err := regexp.Compile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)
		if err != nil || strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(s, "") != s {
			t.Skip("regular expressions are of valid UTF-8 only")
		}
		if want, got := reference.MatchString(s), glob(pattern, s); got != want {
			t.Errorf("glob(%q, %q) = %t, want %t", pattern, s, got, want)
		}
	})
}
