package sandbox

import (
	"bytes"
	"net/http"

	"github.com/go-json-experiment/json"
)

// serveControl answers the control API, where Options.Control turned it on. Bodies are JSON;
// a refusal is as in the Bot API.
//
//	GET    /control/faults   Faults
//	PUT    /control/faults   Faults -> 204; DELETE: none any more
//	GET    /control/limits   Limits
//	PUT    /control/limits   Limits -> 204; DELETE: none any more
//	GET    /control/stats    Stats
//
// So every third message is sent but its answer lost, and updates come up to 2 s late:
//
//	curl -X PUT -d '{"late_updates":0.1,"late_by":2,"calls":{"sendMessage":{"cut_after":{"every":3}}}}' \
//	  http://127.0.0.1:8081/control/faults
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request, what string) {
	if !s.opts.Control {
		answer(w, nil, errNotFound)
		return
	}
	if err := s.guard(r); err != nil {
		answer(w, nil, err)
		return
	}
	switch r.Method + " " + what {
	case "GET faults":
		writeControl(w, s.Faults())
	case "PUT faults":
		reply(w)(nil, order(r, s.SetFaults))
	case "DELETE faults":
		reply(w)(nil, s.SetFaults(Faults{}))
	case "GET limits":
		writeControl(w, *s.limits.Load())
	case "PUT limits":
		reply(w)(nil, order(r, s.SetLimits))
	case "DELETE limits":
		reply(w)(nil, s.SetLimits(Limits{}))
	case "GET stats":
		writeControl(w, s.Stats())
	default:
		answer(w, nil, errNotFound)
	}
}

// order reads what is ordered; an unknown name is refused, so that no typing error orders
// nothing.
func order[T any](r *http.Request, do func(T) error) error {
	body, err := readBody(r, maxBody)
	if err != nil {
		return err
	}
	var v T
	if err := json.Unmarshal(body, &v, json.RejectUnknownMembers(true)); err != nil {
		return badRequest("can't parse the order: %v", err)
	}
	return do(v)
}

// writeControl writes v by the encoder that knows times in seconds.
func writeControl(w http.ResponseWriter, v any) {
	var buf bytes.Buffer
	if err := json.MarshalWrite(&buf, v); err != nil {
		answer(w, nil, err)
		return
	}
	send(w, http.StatusOK, buf.Bytes())
}
