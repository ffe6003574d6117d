// Package report is what a load test found, as plain data that is written as JSON, as a table
// for a terminal, and as a page to look at.
//
// It knows nothing of how the numbers came about.
package report
