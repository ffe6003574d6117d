package persistence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"okolo/persistence/migrations"
)

// SchemaError says that the database's tables are not those that this program needs.
type SchemaError struct{ Current, Needed int64 }

func (e *SchemaError) Error() string {
	if e.Current > e.Needed {
		return fmt.Sprintf("the schema of the database is version %d, newer than the %d that this program knows: run the newer program, or restore a backup from before", e.Current, e.Needed)
	}
	return fmt.Sprintf("the schema of the database is version %d, this program needs %d: run okolo migrate", e.Current, e.Needed)
}

// Ready returns nil where the database answers and its tables are those that this program
// needs; a [*SchemaError] where they are not.
func (s *Store) Ready(ctx context.Context) error {
	const query = "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied"
	needed, err := newestMigration()
	if err != nil {
		return err
	}
	var current int64
	err = s.reads.QueryRow(ctx, query).Scan(&current)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == "42P01": // undefined_table: nothing was ever migrated
		return &SchemaError{Current: 0, Needed: needed}
	case err != nil:
		return fmt.Errorf("the database does not answer: %w", err)
	case current != needed:
		return &SchemaError{Current: current, Needed: needed}
	}
	return nil
}

// newestMigration returns the version that the migrations lead to.
func newestMigration() (int64, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("find the migrations: %w", err)
	}
	number, _, _ := strings.Cut(path.Base(names[len(names)-1]), "_") // they are sorted, their numbers padded
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the number of the last migration: %w", err)
	}
	return version, nil
}
