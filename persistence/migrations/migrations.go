// Package migrations holds the SQL that makes okolo's tables, as goose reads it. It is
// embedded in the program; persistence.Migrate runs it. It knows no Go of the project.
//
// A migration that has been released is never edited: a new one follows it. None goes back
// down: the way back is a backup.
package migrations

import "embed"

// Files are the migrations, in the order of their names.
//
//go:embed *.sql
var Files embed.FS
