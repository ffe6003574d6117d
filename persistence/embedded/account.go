package embedded

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// account is the user that the server runs under. PostgreSQL refuses to run as root.
type account struct {
	name       string
	credential *syscall.Credential // nil: the account of this process
}

// serverAccount returns the account of this process or, for root, that of PostgreSQL's
// package or of nobody.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{name: strconv.Itoa(os.Geteuid())}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil || uid == 0 {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return account{name: name, credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	// A number without a name would not do: initdb looks up the name of its user.
	return account{}, fmt.Errorf("PostgreSQL refuses to run as root, and there is neither an account %q nor %q to run it under", "postgres", "nobody")
}

// own makes path, a folder, the account's own and nobody else's.
func (a account) own(path string) error {
	if a.credential != nil {
		if err := os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(path, 0o700)
}

// reaches reports whether the account may pass through path and all folders above it. What
// does not exist yet will be made passable.
func (a account) reaches(path string) bool {
	if a.credential == nil {
		return true // whether it can be written is for the first write to say
	}
	for {
		info, err := os.Stat(path)
		if err == nil && !a.passes(info) {
			return false
		}
		parent := filepath.Dir(path)
		if parent == path {
			return true
		}
		path = parent
	}
}

func (a account) passes(info os.FileInfo) bool {
	mode := info.Mode().Perm()
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && stat.Uid == a.credential.Uid:
		return mode&0o100 != 0
	case ok && (stat.Gid == a.credential.Gid || slices.Contains(a.credential.Groups, stat.Gid)):
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}
