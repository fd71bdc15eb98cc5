package strict_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"releve/agent/strict"
)

type sample struct {
	Title string `toml:"title"`
	Part  struct {
		Size int       `toml:"size"`
		At   time.Time `toml:"at"`
	} `toml:"part"`
	One *struct {
		Name string `toml:"name"`
	} `toml:"one"`
	Many []struct {
		Day  *toml.LocalDate `toml:"day"`
		List []string        `toml:"list"`
		Flag *bool           `toml:"flag"`
	} `toml:"many"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got sample
	text := "title = \"t\"\n[part]\nsize = 3\n[one]\nname = \"n\"\n[[many]]\nlist = [\"a\"]\nflag = true\n[[many]]\nday = 2027-12-31\n"
	if err := strict.Decode("f.toml", []byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Title != "t" || got.Part.Size != 3 || got.One.Name != "n" || len(got.Many) != 2 || !*got.Many[0].Flag || got.Many[1].Day.Year != 2027 {
		t.Errorf("%+v", got)
	}
}

// As editors of Windows save it: a byte order mark, and lines that end in CR LF.
func TestDecodeFromWindows(t *testing.T) {
	t.Parallel()
	var got sample
	text := []byte("\ufefftitle = \"été\"\r\n[part]\r\nsize = 3\r\n")
	if err := strict.Decode("f.toml", text, &got); err != nil || got.Title != "été" || got.Part.Size != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(map[string]int{"title": 1, "part.size": 3}, strict.Lines(text)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

const notUTF8 = "f.toml: it is not saved as UTF-8: choose UTF-8 as its encoding where you save it"

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, err string }{
		{"unknown key", "[part]\nsiez = 3\n", "f.toml:2: unknown key part.siez; did you mean part.size?"},
		{"unknown key in a list of tables", "[[many]]\nlst = []\n", "f.toml:2: unknown key many.lst; did you mean many.list?"},
		{"nothing near", "\n\nqqqqqqqq = 1\n", "f.toml:3: unknown key qqqqqqqq"},
		{"two", "a = 1\ntitel = 2\n", "f.toml:1: unknown key a\nf.toml:2: unknown key titel; did you mean title?"},
		{"kind of value", "[part]\nsize = \"x\"\n", "f.toml:2: part.size: there is a string where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31"},
		{"UTF-16 with its mark", "\xff\xfet\x00i\x00t\x00l\x00e\x00", notUTF8},
		{"UTF-16 the other way round", "\xfe\xff\x00t\x00i\x00t\x00l\x00e", notUTF8},
		{"UTF-16 without a mark", "t\x00=\x001\x00", notUTF8},
		{"Windows-1252", "title = \"\xe9t\xe9\"\n", notUTF8},
		{"after a mark", "\ufeff\r\nsiez = 3\r\n", "f.toml:2: unknown key siez"},
		{"kind of value, with a vowel", "title = 1\n", "f.toml:1: title: there is an integer where something else belongs; texts and times go in quotes, lists in brackets, and a day is 2027-12-31"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := strict.Decode("f.toml", []byte(test.text), &sample{}); err == nil || err.Error() != test.err {
				t.Errorf("error is\n%v\nwant\n%s", err, test.err)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	want := []string{"many", "many.day", "many.flag", "many.list", "one", "one.name", "part", "part.at", "part.size", "title"}
	if diff := cmp.Diff(want, strict.Keys(&sample{})); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// FuzzDecode: no text makes the reader panic, and an error always names the file.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"title = \"t\"", "[part]\nsiez = 3", "[[many]]\nday = 2027-12-31", "a.b.c = [1", "[part]\nat = 2026-01-15T00:00:00Z", "\"\" = 1", "\ufefftitle = \"t\"\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := strict.Decode("f.toml", []byte(text), &sample{})
		strict.Lines([]byte(text))
		if err != nil && (len(err.Error()) < 7 || err.Error()[:6] != "f.toml") {
			t.Errorf("error %q does not name the file", err)
		}
	})
}

func TestLines(t *testing.T) {
	t.Parallel()
	text := "title = \"t\"\n\n[part]\n# why\nsize = 3\n\n[[many]]\nlist = [\n \"a\",\n]\n[[many]]\nflag = true\n\"day\" = 2027-12-31\n[one]\nname = \"n\"\n"
	want := map[string]int{
		"title": 1, "part.size": 5, "many[0]": 7, "many[0].list": 8, "many[1]": 11, "many[1].flag": 12, "many[1].day": 13, "one.name": 15,
	}
	if diff := cmp.Diff(want, strict.Lines([]byte(text))); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	want = map[string]int{"part": 1, "part.size": 1, "many": 2, "many[0]": 2, "many[0].flag": 2, "many[1]": 2, "many[1].list": 2, "one.name": 3}
	if diff := cmp.Diff(want, strict.Lines([]byte("part = {size = 3}\nmany = [{flag = true}, {list = [\"a\"]}]\none.name = \"n\"\n"))); diff != "" {
		t.Errorf("lines of tables in braces (-want +got):\n%s", diff)
	}
}
