package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd is okolo completion.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a script by which a shell completes commands and flags.
func (c *completionCmd) Run(ctx *kong.Context, stdout io.Writer) error {
	if c.Shell == "fish" {
		return fishCompletion(stdout, ctx.Model.Node)
	}
	if c.Shell == "zsh" {
		fmt.Fprint(stdout, "autoload -Uz bashcompinit && bashcompinit\n")
	}
	return bashCompletion(stdout, ctx.Model.Node)
}

func bashCompletion(w io.Writer, app *kong.Node) error {
	var commands []string
	fmt.Fprintf(w, "_okolo() {\n\tlocal words\n\tcase ${COMP_WORDS[1]} in\n")
	for _, command := range app.Children {
		commands = append(commands, command.Name)
		fmt.Fprintf(w, "\t%s) words=%q ;;\n", command.Name, strings.Join(flagNames(command), " "))
	}
	fmt.Fprintf(w, "\tesac\n\t[ \"$COMP_CWORD\" = 1 ] && words=%q\n", strings.Join(commands, " "))
	_, err := fmt.Fprint(w, "\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _okolo okolo\n")
	return err
}

func fishCompletion(w io.Writer, app *kong.Node) (err error) {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
	for _, command := range app.Children {
		fmt.Fprintf(w, "complete -c okolo -f -n __fish_use_subcommand -a %s -d %s\n", command.Name, quote(command.Help))
		for _, group := range command.AllFlags(true) {
			for _, f := range group {
				_, err = fmt.Fprintf(w, "complete -c okolo -n '__fish_seen_subcommand_from %s' -l %s -d %s\n", command.Name, f.Name, quote(f.Help))
			}
		}
	}
	return err
}

// flagNames lists the flags of a command, as they are typed.
func flagNames(command *kong.Node) (names []string) {
	for _, group := range command.AllFlags(true) {
		for _, f := range group {
			names = append(names, "--"+f.Name)
		}
	}
	return names
}
