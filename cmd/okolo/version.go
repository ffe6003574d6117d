package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set when a release is built.
var version = "devel"

// versionCmd is okolo version.
type versionCmd struct{}

// Run prints the version, the commit where the build knows it, and what built it. It tells no
// time: builds of the same source with -trimpath are the same.
func (versionCmd) Run(stdout io.Writer) error {
	commit, changed := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(len(s.Value), 12)]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", with changes"
			}
		}
	}
	if commit != "" {
		commit = " (" + commit + changed + ")"
	}
	_, err := fmt.Fprintf(stdout, "okolo %s%s, %s\n", version, commit, runtime.Version())
	return err
}
