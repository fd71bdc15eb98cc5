package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in releases.
var version = ""

type versionVerb struct{}

// Run prints the version and what it was built for.
func (versionVerb) Run(t terminal) error {
	_, err := fmt.Fprintf(t.out, "releve %s %s/%s %s\n", versionText(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	return err
}

// versionText is the release, or the commit a development build was made from.
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "development-" + s.Value[:12]
		}
	}
	return "development"
}
