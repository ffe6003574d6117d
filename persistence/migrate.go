package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"

	"okolo/persistence/migrations"
)

// migrateTimeout bounds a migration, the wait for another one included.
const migrateTimeout = 2 * time.Minute

// Migrate brings the database's tables up to date. An advisory lock keeps two processes that
// start at once from doing it both; the second waits up to two minutes.
func Migrate(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	defer pool.Close()
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		const lock, unlock = `SELECT pg_advisory_lock(hashtextextended('okolo migrate', 0))`, `SELECT pg_advisory_unlock_all()`
		if _, err := conn.Exec(ctx, lock); err != nil {
			return fmt.Errorf("wait for another migration: %w", err)
		}
		err := withMigrations(url, func(p *goose.Provider) error {
			_, err := p.Up(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
		if err := migrateJobs(ctx, pool); err != nil {
			return err
		}
		_, err = conn.Exec(ctx, unlock)
		return err
	})
}

// Version returns the version of the database's tables (0: none) and the one that this
// program needs.
func Version(ctx context.Context, url string) (current, needed int64, err error) {
	err = withMigrations(url, func(p *goose.Provider) error {
		current, needed, err = p.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read the version of the database: %w", err)
		}
		return nil
	})
	return current, needed, err
}

func withMigrations(url string, do func(*goose.Provider) error) (err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("read the database URL: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Files,
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return do(provider)
}
