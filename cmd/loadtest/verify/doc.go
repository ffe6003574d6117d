// Package verify compares what simulated people were told with what PostgreSQL holds.
//
// It knows okolo's tables and nothing of how people act: a [Ledger] takes down what was begun
// and what was acknowledged, and [Ledger.Check] looks for each in the database.
package verify
