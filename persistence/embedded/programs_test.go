package embedded

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestChoiceOfPrograms(t *testing.T) {
	root := t.TempDir()
	empty := filepath.Join(root, "empty")
	onPath := fakePrograms(t, filepath.Join(root, "path"))
	asked := fakePrograms(t, filepath.Join(root, "asked"))
	fakePrograms(t, filepath.Join(root, "lib", "9", "bin"))
	newest := fakePrograms(t, filepath.Join(root, "lib", "15", "bin"))
	packaged := []string{filepath.Join(root, "none", "*"), filepath.Join(root, "lib", "*", "bin")}
	for _, c := range []struct {
		name, asked    string
		path, patterns []string
		want           string
		fails          bool
	}{
		{name: "asked for", asked: asked, path: []string{onPath}, patterns: packaged, want: asked},
		{name: "asked for in vain", asked: empty, path: []string{onPath}, patterns: packaged, fails: true},
		{name: "on the path", path: []string{empty, onPath}, patterns: packaged, want: onPath},
		{name: "newest of the packages", path: []string{empty}, patterns: packaged, want: newest},
		{name: "none", path: []string{empty}, patterns: packaged[:1], want: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := installedPrograms(c.asked, c.path, c.patterns)
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// The repository here has the layout of the real one, and programs that cannot serve.
func TestDownload(t *testing.T) {
	archive := packPrograms(t)
	var asked []string
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			_, _ = fmt.Fprintf(w, "%x", sha256.Sum256(archive))
			return
		}
		_, _ = w.Write(archive)
	}))
	defer repository.Close()
	defer http.DefaultClient.CloseIdleConnections() // the library's
	cache := t.TempDir()
	for range 2 {
		bin, err := download(t.Context(), cache, repository.URL, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if !hasPrograms(bin) {
			t.Fatalf("no programs in %s", bin)
		}
	}
	if len(asked) != 2 || !strings.HasSuffix(asked[0], "-"+string(version)+".jar") {
		t.Errorf("asked for %v, want the archive of %s and its checksum, once", asked, version)
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "*")); len(left) != 1 {
		t.Errorf("the cache holds %v", left)
	}
}

func TestNothingToDownload(t *testing.T) {
	repository := httptest.NewServer(http.NotFoundHandler())
	defer repository.Close()
	defer http.DefaultClient.CloseIdleConnections() // the library's
	_, err := download(t.Context(), t.TempDir(), repository.URL, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "no PostgreSQL is installed") {
		t.Fatalf("got %v", err)
	}
}

// fakePrograms makes programs that do nothing but fail.
func fakePrograms(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// packPrograms returns an archive as the repository has them: a tar.xz in a zip.
func packPrograms(t *testing.T) []byte {
	t.Helper()
	root := t.TempDir()
	fakePrograms(t, filepath.Join(root, "bin"))
	tar := exec.Command("tar", "-cJ", "-C", root, "bin")
	tar.Stderr = os.Stderr
	txz, err := tar.Output()
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	w, err := z.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(txz); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}
