package persistence_test

import (
	"errors"
	"strings"
	"testing"

	"okolo/persistence"
	"okolo/persistence/pgtest"
)

// TestReady: the store says whether the tables are those of this program.
func TestReady(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, needed, err := persistence.Version(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	var schema *persistence.SchemaError
	execute(t, url, "INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", needed+1)
	if err := s.Ready(t.Context()); !errors.As(err, &schema) || schema.Current != needed+1 || schema.Needed != needed || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a newer schema: %v", err)
	}
	execute(t, url, "DELETE FROM goose_db_version WHERE version_id > 0")
	if err := s.Ready(t.Context()); !errors.As(err, &schema) || schema.Current != 0 || !strings.Contains(err.Error(), "okolo migrate") {
		t.Errorf("an older schema: %v", err)
	}
	execute(t, url, "DROP TABLE goose_db_version")
	if err := s.Ready(t.Context()); !errors.As(err, &schema) || schema.Current != 0 {
		t.Errorf("no tables: %v", err)
	}
}
