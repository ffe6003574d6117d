package embedded

import "syscall"

// attributes put a program under the account and into a process group of its own: Ctrl-C of
// a terminal goes to every process of the foreground group, and has to reach only this one,
// which drains and then stops the server. On Linux the server is told to shut down when this
// process dies without having done so.
func attributes(a account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: a.credential, Pdeathsig: syscall.SIGINT}
}
