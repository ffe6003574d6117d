// Command check reads the Dockerfile, the compose file and goreleaser's as their own programs do,
// where these are not: with the parser of BuildKit, the loader of Docker Compose and that of
// goreleaser. It is a module of its own, so that none of them is among what the bot stands on.
//
//	cd deploy/check && go run . ..
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: check FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string) error {
	if err := checkDockerfile(filepath.Join(folder, "Dockerfile")); err != nil {
		return fmt.Errorf("the Dockerfile: %w", err)
	}
	if err := checkCompose(filepath.Join(folder, "compose.yaml")); err != nil {
		return fmt.Errorf("the compose file: %w", err)
	}
	release, err := config.Load(filepath.Join(folder, "goreleaser.yaml"))
	if err != nil {
		return fmt.Errorf("goreleaser's file: %w", err)
	}
	fmt.Println("goreleaser's file has builds:", len(release.Builds))
	return nil
}

// checkDockerfile fails where BuildKit would warn, too.
func checkDockerfile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		return err
	}
	var warnings []string
	for _, w := range parsed.Warnings {
		warnings = append(warnings, w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		warnings = append(warnings, rule+": "+message)
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return err
	}
	if len(warnings) > 0 {
		return fmt.Errorf("%q", warnings)
	}
	fmt.Printf("the Dockerfile has %d stages\n", len(stages))
	return nil
}

// checkCompose loads the project as docker compose config does.
func checkCompose(path string) error {
	o, err := cli.NewProjectOptions([]string{path}, cli.WithEnv([]string{"OPS_TOKEN=0123456789abcdef", "POSTGRES_PASSWORD=password"}),
		cli.WithoutEnvironmentResolution) // okolo.env is made by hand
	if err != nil {
		return err
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("the compose file has the services", p.ServiceNames())
	return nil
}
