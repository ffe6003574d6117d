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
	version, needed, err := persistence.Version(ctx, url)
	if err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	if version > needed {
		return &persistence.SchemaError{Current: version, Needed: needed}
	}
	fmt.Fprintf(stdout, "the schema is up to date, version %d\n", version)
	return nil
}
