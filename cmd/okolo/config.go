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

// shown is the value of a flag, without what the tag mask says is secret: "all" of it; the
// password and the query of a "url"; of a "web" address, also what of its path may be a key.
func shown(flag *kong.Flag) string {
	value := text(flag.Target)
	mask := flag.Tag.Get("mask")
	switch {
	case value == "":
		return ""
	case mask == "all":
		return "***"
	case mask == "url" || mask == "web":
		return masked(value, mask == "web")
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
func masked(address string, web bool) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" {
		return "***"
	}
	var out strings.Builder
	out.WriteString(u.Scheme + "://")
	if u.User != nil {
		if _, both := u.User.Password(); both {
			out.WriteString(url.User(u.User.Username()).String() + ":")
		}
		out.WriteString("***@")
	}
	out.WriteString(u.Host)
	if web {
		out.WriteString(maskedPath(u.Path))
	} else {
		out.WriteString(u.EscapedPath())
	}
	if u.RawQuery != "" {
		out.WriteString("?***")
	}
	if u.Fragment != "" {
		out.WriteString("#***")
	}
	return out.String()
}

// maskedPath keeps what is to be filled in: {z}. Any other part of a path may be a key.
func maskedPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if part != "" && !strings.HasPrefix(part, "{") {
			parts[i] = "***"
		}
	}
	return strings.Join(parts, "/")
}
