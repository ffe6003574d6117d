package main

import (
	"context"
	"fmt"
	"io"

	"okolo/persistence"
)

// migrateCmd is okolo migrate.
type migrateCmd struct {
	Database databaseSettings `embed:""`
}

// Run brings the schema up to date.
func (c *migrateCmd) Run(ctx context.Context, stdout io.Writer) error {
	url, err := c.Database.url()
	if err != nil {
		return err
	}
	if err := persistence.Migrate(ctx, url); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	version, _, err := persistence.Version(ctx, url)
	if err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	fmt.Fprintf(stdout, "the schema is up to date, version %d\n", version)
	return nil
}
