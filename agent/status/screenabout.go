package status

import (
	_ "embed"
	"runtime/debug"
)

// licences are the terms of what the program holds of others, as their authors give them. A test of the whole tree writes
// them, and wants none to be missing.
//
//go:embed licences.txt
var licences []byte

// aboutView is what the program is made of, and under which terms.
type aboutView struct {
	Version  string
	Licences string // where they are
	Modules  []moduleView
}

// moduleView is one library in the program.
type moduleView struct{ Path, Version string }

// showAbout shows it.
func (s *site) showAbout(v *visit) (any, error) {
	view := aboutView{Version: v.snapshot.Version, Licences: s.assets.Licences.path}
	if built, ok := debug.ReadBuildInfo(); ok {
		for _, m := range built.Deps {
			view.Modules = append(view.Modules, moduleView{m.Path, m.Version})
		}
	}
	return view, nil
}
