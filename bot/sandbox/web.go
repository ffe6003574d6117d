package sandbox

import (
	"embed"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// webFiles are the web chat: plain HTML, CSS and ES modules, served as they are.
//
//go:embed webchat/*.html webchat/*.css webchat/*.js webchat/*.svg
var webFiles embed.FS

// webPolicy lets the page load nothing but its own files and talk to nobody but its server.
// Pictures of bots come from the same server.
const webPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// serveWeb answers with the web chat's page, for an empty name, or one of its files.
func (s *Server) serveWeb(w http.ResponseWriter, r *http.Request, name string) {
	if err := s.guard(r); err != nil {
		answer(w, nil, err)
		return
	}
	if name == "" {
		name = "index.html"
	}
	body, err := webFiles.ReadFile("webchat/" + name)
	if err != nil {
		answer(w, nil, errNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", webPolicy)
	h.Set("Content-Type", webType[path.Ext(name)])
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // a newer program has a newer page
	_, _ = w.Write(body)               // the reader has gone where this fails
}

// webType are the media types of the web chat's files; the machine's own table may differ.
var webType = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// servePeopleGuarded answers requests under /people/ that come from this machine itself. Beside
// the people's API it serves what the page needs before any bot is there:
//
//	PUT    /people/{id}/profile   Profile -> 204
//	GET    /people/{id}/profile   Profile
//	GET    /people/{id}/events    Server-Sent Events, see serveEvents
func (s *Server) servePeopleGuarded(w http.ResponseWriter, r *http.Request, rest string) {
	if err := s.guard(r); err != nil {
		answer(w, nil, err)
		return
	}
	number, what, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || what != "profile" && what != "events" {
		s.servePeople(w, r, rest)
		return
	}
	p := s.person(id)
	switch {
	case what == "profile" && r.Method == http.MethodPut:
		reply(w)(nil, s.serveProfile(r, id))
	case p == nil:
		answer(w, nil, &Error{http.StatusNotFound, "Not Found: no such person"})
	case r.Method != http.MethodGet:
		answer(w, nil, errNotFound)
	case what == "profile":
		u := p.user()
		writeJSON(w, http.StatusOK, Profile{u.ID, u.FirstName, u.LastName, u.Username, u.LanguageCode})
	default:
		s.serveEvents(w, r, p)
	}
}

// serveProfile makes a person known, or renews who they are.
func (s *Server) serveProfile(r *http.Request, id int64) error {
	var pr Profile
	if err := readInto(r, &pr); err != nil {
		return err
	}
	pr.ID = id
	_, err := s.join(pr)
	return err
}

// guard refuses what a page of another site makes a browser send. A site cannot read answers of
// another origin, but it could write; and a site whose name was bound to this machine's
// address (DNS rebinding) is of the same origin, but gives itself away by its name.
func (s *Server) guard(r *http.Request) error {
	if !s.opts.Public && !loopbackHost(r.Host) {
		return errNotLoopback
	}
	if err := sameOrigin.Check(r); err != nil {
		return forbidden(err.Error())
	}
	return nil
}

// guardCall refuses a call of a bot that a page in a browser makes, of another site or under a name
// that is not this machine's: by GET, too, since that does as much there as POST. Programs say
// nothing of an origin.
func (s *Server) guardCall(host, origin, site string) error {
	if !s.opts.Public && host != "" && !loopbackHost(host) {
		return errNotLoopback
	}
	_, from, _ := strings.Cut(origin, "://")
	switch {
	case site == "same-origin", site == "none": // the page's own, or typed by hand
	case site != "", origin != "" && from != host:
		return errOtherSite
	}
	return nil
}

var (
	errNotLoopback = forbidden("the sandbox answers to loopback names only, unless it was started to be public")
	errOtherSite   = forbidden("pages of other sites may not call the sandbox")
)

var sameOrigin = http.NewCrossOriginProtection()

// loopbackHost reports whether a Host header names this machine itself.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
