package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"releve/agent/config"
)

// migrationFlags are what the verbs of migrate share.
type migrationFlags struct {
	Secrets string `help:"Folder for passwords and tokens, a file each. What is there is not written over." default:"/etc/releve/secrets" type:"path"`
}

// migration is what the configuration of another program comes to here.
type migration struct {
	dir     string // of the secrets
	text    strings.Builder
	secrets []secret
	left    []string
}

func (v migrationFlags) begin() *migration { return &migration{dir: v.Secrets} }

type secret struct{ file, value string }

// linef adds a line to our configuration.
func (m *migration) linef(format string, args ...any) { fmt.Fprintf(&m.text, format+"\n", args...) }

// agreed adds a grant as comments: consents are given by the people whose data it is, and none is carried over.
func (m *migration) agreed(to, purpose string, series, sources []string) {
	m.linef("# Nothing goes to %s before somebody who may has agreed, and has taken away these marks:", to)
	m.linef("#[[grant]]\n#to = %s\n#series = %s\n#purpose = %s", tomlText(to), tomlList(series), tomlText(purpose))
	if len(sources) > 0 {
		m.linef("#sources = %s", tomlList(sources))
	}
	m.linef("")
}

// secret keeps a value out of our configuration and returns the file that will hold it.
func (m *migration) secret(name, value string) string {
	s := secret{filepath.Join(m.dir, name), value}
	m.secrets = append(m.secrets, s)
	return s.file
}

// leave notes what is not carried over, and why, in a sentence.
func (m *migration) leave(format string, args ...any) {
	m.left = append(m.left, fmt.Sprintf(format, args...))
}

// write gives the configuration to out, the secrets to their files, and to err what was left. The configuration is
// checked first: what could not be used is not printed as if it could.
func (m *migration) write(t terminal) error {
	if err := config.CheckText(m.text.String()); err != nil {
		return fmt.Errorf("what came out is no configuration of this version:\n%w", err)
	}
	for _, s := range m.secrets {
		if err := s.keep(); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(t.out, m.text.String()); err != nil {
		return err
	}
	for _, s := range m.secrets {
		fmt.Fprintf(t.err, "secret: %s\n", s.file)
	}
	for _, sentence := range m.left {
		fmt.Fprintf(t.err, "left: %s\n", sentence)
	}
	return nil
}

// keep writes a secret for its owner alone. One that is there already is another one, unless it says the same.
func (s secret) keep() error {
	there, err := os.ReadFile(s.file)
	switch {
	case err == nil && strings.TrimRight(string(there), "\n") == s.value:
		return nil
	case err == nil:
		return fmt.Errorf("%s holds something else already; move it away, or name another folder with --secrets", s.file)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("keep a secret: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.file), 0o700); err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	if err := os.WriteFile(s.file, []byte(s.value+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	return nil
}

// tomlText writes a basic string of TOML, which takes what JSON takes but for one control character.
func tomlText(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always has a form
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007F`)
}

func tomlList(list []string) string {
	var all []string
	for _, s := range list {
		all = append(all, tomlText(s))
	}
	return "[" + strings.Join(all, ", ") + "]"
}
