package status

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
)

// aboutView is what the program is made of, and under which terms.
type aboutView struct {
	Version string
	Charts  string // licence of uPlot; empty in a program without it
	Modules []moduleView
}

// moduleView is one library in the program.
type moduleView struct{ Path, Version string }

// showAbout shows it.
func (s *site) showAbout(v *visit) (any, error) {
	view := aboutView{Version: v.snapshot.Version}
	licence, err := web.ReadFile("web/charts/LICENSE")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the licence of uPlot: %w", err)
	}
	view.Charts = string(licence)
	if built, ok := debug.ReadBuildInfo(); ok {
		for _, m := range built.Deps {
			view.Modules = append(view.Modules, moduleView{m.Path, m.Version})
		}
	}
	return view, nil
}
