// Package redistest gives tests a Redis server of their own. It runs the redis-server that is
// installed and knows nothing of what is kept there.
package redistest

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

// startTime is how long a server may take to answer, on a loaded machine.
const startTime = 30 * time.Second

// Server is a running redis-server that keeps everything in memory and listens on a socket
// in the test's folder.
type Server struct {
	tb     testing.TB
	socket string
	cmd    *exec.Cmd
}

// Start starts a server that stops with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb, socket: filepath.Join(tb.TempDir(), "redis.sock")}
	s.Restart()
	tb.Cleanup(s.Kill)
	return s
}

// URL returns the server's address.
func (s *Server) URL() string { return "unix://" + s.socket }

// Restart starts the server anew, with nothing in it, and waits until it answers.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", s.socket, "--save", "", "--appendonly", "no")
	s.cmd.Dir = filepath.Dir(s.socket)
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatalf("start redis-server (Debian: apt-get install redis-server): %v", err)
	}
	for deadline := time.Now().Add(startTime); ; time.Sleep(5 * time.Millisecond) {
		err := s.ping()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.tb.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

func (s *Server) ping() error {
	c, err := s.Dial()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // nothing is lost with it
	_, err = c.Do("PING")
	return err
}

// Dial opens a connection.
func (s *Server) Dial() (redis.Conn, error) { return redis.Dial("unix", s.socket) }

// Kill ends the server and what it holds.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed
	s.cmd = nil
}
