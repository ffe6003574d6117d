package ops

import (
	"crypto/subtle"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
)

// maxBody is the most bytes of a request's body. No request needs one.
const maxBody = 1 << 10

// guarded lets a request through to h only from those who may make it: with the right token,
// or from this machine where there is none; never from a page of another origin, nor with a
// body that is huge or does not end in time. A refusal is logged and changes nothing.
func (w Window) guarded(h http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		refuse := func(code int, why string) {
			// The reason is of the words, so that one sort of refusal does not hide another.
			w.Logger.Warn("a request to the operators' window was refused: "+why, "from", r.RemoteAddr, "path", r.URL.Path)
			http.Error(rw, why, code)
		}
		switch {
		case w.Token == "" && !local(r):
			refuse(http.StatusForbidden, "without a token, only programs of this machine are answered")
			return
		case w.Token != "" && !w.bears(r):
			rw.Header().Set("WWW-Authenticate", `Bearer realm="okolo"`)
			refuse(http.StatusUnauthorized, "this needs the operators' token")
			return
		}
		if origins.Check(asOrder(r)) != nil {
			refuse(http.StatusForbidden, "requests of other origins are refused")
			return
		}
		_, err := io.Copy(io.Discard, http.MaxBytesReader(rw, r.Body, maxBody))
		var huge *http.MaxBytesError
		switch {
		case errors.As(err, &huge):
			refuse(http.StatusRequestEntityTooLarge, "the request is too large")
		case err != nil:
			refuse(http.StatusRequestTimeout, "the request did not come in time")
		default:
			h.ServeHTTP(rw, r)
		}
	})
}

// asOrder is r as a request that changes something, the only sort whose origin is looked at: a
// page elsewhere cannot read the answer to another one, but could have profiles made all day.
func asOrder(r *http.Request) *http.Request {
	order := *r
	order.Method = http.MethodPost
	return &order
}

// bears reports whether a request bears the token, in a time that tells nothing about it.
func (w Window) bears(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(given), []byte(w.Token)) == 1
}

// local reports whether a request comes from this machine and was meant for it: a page whose
// own name was pointed here is of the same origin, but its requests carry that name.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(from) && loopback(host)
}

// loopback reports whether a host, a name or an address, is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// Loopback reports whether addr, such as "127.0.0.1:8090", can be reached from this machine
// only.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && loopback(host)
}
