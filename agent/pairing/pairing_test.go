package pairing_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"releve/agent/pairing"
)

// device is one whose clock a test moves.
type device struct {
	*pairing.Pairing
	t    *testing.T
	file string
	now  time.Duration
}

func newDevice(t *testing.T) *device {
	t.Helper()
	d := &device{t: t, file: filepath.Join(t.TempDir(), "pairing.json"), now: time.Minute}
	d.start("boot 1")
	return d
}

func (d *device) start(boot string) {
	d.t.Helper()
	p, err := pairing.Open(d.file, boot, func() time.Duration { return d.now })
	if err != nil {
		d.t.Fatal(err)
	}
	d.Pairing = p
}

func (d *device) code() string {
	d.t.Helper()
	code, err := d.Code()
	if err != nil {
		d.t.Fatal(err)
	}
	return code
}

func (d *device) wrong(n int, domain string) error {
	var err error
	for range n {
		err = d.Claim("eve@"+domain, domain, "AAAA-AAAA")
	}
	return err
}

func TestClaim(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	code := d.code()
	if !regexp.MustCompile(`^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$`).MatchString(code) || d.code() != code {
		t.Errorf("code is %q, then %q", code, d.code())
	}
	if err := d.wrong(1, "x.example"); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("a wrong code: %v", err)
	}
	as := " " + strings.ToLower(strings.ReplaceAll(code, "-", " ")) + "\n" // as somebody may write it
	if err := d.Claim("alice@b.example", "b.example", as); err != nil {
		t.Fatal(err)
	}
	if err := d.Claim("eve@b.example", "b.example", code); !errors.Is(err, pairing.ErrClaimed) || d.Owner() != "alice@b.example" {
		t.Errorf("used twice: %v; owner is %q", err, d.Owner())
	}
	d.start("boot 2")
	if d.Owner() != "alice@b.example" || d.code() != "" {
		t.Errorf("after a restart owner is %q, code %q", d.Owner(), d.code())
	}
	if s, err := pairing.Look(d.file); err != nil || s.Owner != "alice@b.example" || s.Code != "" {
		t.Errorf("%+v, %v", s, err)
	}
}

// However often the device starts anew, no more tries are had than in one run, and each wrong one counts.
func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	code := d.code()
	if err := d.wrong(6, "one.example"); !errors.Is(err, pairing.ErrTooMany) {
		t.Errorf("the sixth of a domain: %v", err)
	}
	if err := d.Claim("eve@one.example", "one.example", code); !errors.Is(err, pairing.ErrTooMany) {
		t.Errorf("the right one after too many: %v", err)
	}
	tries := 5
	for boot := range 40 {
		d.now = time.Duration(boot) * time.Second
		d.start(fmt.Sprint("boot ", boot))
		if !errors.Is(d.wrong(1, fmt.Sprint(boot, ".example")), pairing.ErrTooMany) {
			tries++
		}
	}
	if tries != 20 {
		t.Errorf("there were %d tries", tries)
	}
	d.now += time.Hour
	if err := d.wrong(1, "late.example"); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("an hour later: %v", err)
	}
}

// A code does not last: after a day, or after many starts, another takes its place and the old one is wrong.
func TestCodeExpires(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	code := d.code()
	d.now += 23 * time.Hour
	if d.code() != code {
		t.Error("it has changed within a day")
	}
	d.now += time.Hour
	if err := d.Claim("alice@b.example", "b.example", code); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("a code of yesterday: %v", err)
	}
	next := d.code()
	for boot := range 30 {
		d.now = 0
		d.start(fmt.Sprint("boot ", boot))
		if d.code() != next {
			next = ""
			break
		}
	}
	if next != "" {
		t.Error("it has lived through 30 starts")
	}
}

// What cannot be written down is not counted, compared or given.
func TestCannotBeKept(t *testing.T) {
	t.Parallel()
	d := newDevice(t)
	code := d.code()
	if err := os.RemoveAll(filepath.Dir(d.file)); err != nil {
		t.Fatal(err)
	}
	if err := d.Claim("alice@b.example", "b.example", code); !errors.Is(err, os.ErrNotExist) || d.Owner() != "" {
		t.Errorf("%v, owner is %q", err, d.Owner())
	}
	d.now += 25 * time.Hour
	if code, err := d.Code(); !errors.Is(err, os.ErrNotExist) || code != "" {
		t.Errorf("%q, %v", code, err)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pairing.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := pairing.Open(file, "boot", func() time.Duration { return 0 })
	if p == nil || err == nil || p.Owner() != "" {
		t.Fatalf("%v, %v", p, err)
	}
	if aside, err := filepath.Glob(file + ".damaged-*"); len(aside) != 1 || err != nil {
		t.Errorf("set aside %v, %v", aside, err)
	}
}
