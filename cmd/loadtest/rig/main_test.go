package rig

import (
	"os"
	"testing"

	"okolo/persistence/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
