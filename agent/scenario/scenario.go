// Package scenario reads what an emulated meter plays: a file, or the name of a scenario that ships, comes in; a checked
// linky.Scenario goes out. It knows the words of the file; what they make the meter do is linky's.
package scenario

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"releve/agent/strict"
	"releve/tic/linky"
)

// Script is a scenario and what it is about.
type Script struct {
	Title    string
	Scenario linky.Scenario
}

// Entry is a scenario that ships.
type Entry struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

//go:embed ready/*.toml
var ready embed.FS

// Ready lists the scenarios that ship, in order of name.
func Ready() ([]Entry, error) {
	files, err := fs.Glob(ready, "ready/*.toml")
	if err != nil {
		return nil, err
	}
	var list []Entry
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".toml")
		script, err := Open(name)
		if err != nil {
			return nil, err
		}
		list = append(list, Entry{Name: name, Title: script.Title})
	}
	return list, nil
}

// Open reads a scenario that ships, by name, or else a file.
func Open(name string) (Script, error) {
	if text, err := ready.ReadFile("ready/" + name + ".toml"); err == nil {
		return Parse(name, text)
	}
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) && !strings.ContainsAny(name, "./") {
		return Script{}, fmt.Errorf("there is no scenario %s, nor a file of that name; releve simulate --list names those that ship", name)
	}
	if err != nil {
		return Script{}, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(name, text)
}

// Parse reads the text of a file; its name is for errors, which say what to change, the first one found in the values or
// every key that is not known.
func Parse(file string, text []byte) (Script, error) {
	var d document
	if err := strict.Decode(file, text, &d); err != nil {
		return Script{}, err
	}
	s, err := d.scenario()
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		return Script{}, fmt.Errorf("%s: %w", file, err)
	}
	return Script{Title: d.Title, Scenario: s}, nil
}
