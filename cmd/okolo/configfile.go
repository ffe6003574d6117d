package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// configFile is a file of settings: a line NAME=value for each, by the names they have in the
// environment; # begins a comment. It is the form of systemd's EnvironmentFile and of docker's
// --env-file. What the command line or the environment says goes before it.
type configFile map[string]string

// readConfigFile implements [kong.ConfigurationLoader].
func readConfigFile(r io.Reader) (kong.Resolver, error) {
	file := make(configFile)
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d of the file of settings is not of the form NAME=value", n)
		}
		file[strings.TrimSpace(name)] = unquote(strings.TrimSpace(value))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the file of settings: %w", err)
	}
	return file, nil
}

func unquote(value string) string {
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[0] == value[n-1] {
		return value[1 : n-1]
	}
	return value
}

// Validate implements [kong.Resolver]: a name that no command knows is a mistake.
func (f configFile) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if flag, ok := n.(*kong.Flag); ok {
			for _, name := range flag.Envs {
				known[name] = true
			}
		}
		return next(nil)
	})
	for name := range f {
		if !known[name] {
			return fmt.Errorf("the file of settings has %s, which is no setting", name)
		}
	}
	return nil
}

// Resolve implements [kong.Resolver].
func (f configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
		if value, ok := f[name]; ok {
			return value, nil
		}
	}
	return nil, nil
}
