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

// Run prints the version, and the commit where the build knows it.
func (versionCmd) Run(stdout io.Writer) error {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = " (" + s.Value[:min(len(s.Value), 12)] + ")"
			}
		}
	}
	_, err := fmt.Fprintf(stdout, "okolo %s%s, %s\n", version, commit, runtime.Version())
	return err
}
