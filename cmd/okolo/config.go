package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// configCmd is okolo config. Its settings are those of okolo serve.
type configCmd struct {
	Settings serveCmd `embed:""`
}

// Run prints the settings that okolo serve would have, as a file for --config, with secrets
// masked, and fails as that would where it refuses them.
func (c *configCmd) Run(ctx *kong.Context, stdout io.Writer, log *slog.Logger) error {
	for _, group := range ctx.Selected().AllFlags(true) {
		for _, flag := range group {
			if len(flag.Envs) > 0 {
				fmt.Fprintf(stdout, "%s=%s\n", flag.Envs[0], shown(flag))
			}
		}
	}
	_, err := c.Settings.plan(log)
	return err
}

// shown is the value of a flag, without what the tag mask says is secret: "all" of it, or the
// password and the query of a "url".
func shown(flag *kong.Flag) string {
	value := text(flag.Target)
	switch {
	case value == "":
		return ""
	case flag.Tag.Get("mask") == "all":
		return "***"
	case flag.Tag.Get("mask") == "url":
		return masked(value)
	}
	return value
}

func text(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(v.Interface()), "[]"), " ", ",")
	}
	return fmt.Sprint(v.Interface())
}

// masked is an address without its secrets. What is no address may be all secret.
func masked(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return "***"
	}
	if u.RawQuery != "" {
		u.RawQuery = "***"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	plain := strings.NewReplacer("%7B", "{", "%7D", "}").Replace(u.String())
	if user := u.User.String(); u.User != nil {
		return strings.Replace(plain, user+"@", user+":***@", 1)
	}
	return plain
}
