package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	headBytes = 8 << 10     // of a request's head at most
	drainTime = time.Second // that is read on after a request was refused
)

// botConn is a connection on which calls of bots are answered in a plain loop, each with one
// read and one write and in buffers that stay: net/http spends more on a request than the
// sandbox does. At the first request that is no call, net/http gets the connection.
type botConn struct {
	net.Conn
	door *door
	in   *bufio.Reader
	req  fasthttp.Request
	head []byte // of the answer
	out  [2][]byte
}

func newBotConn(d *door, c net.Conn) *botConn {
	return &botConn{Conn: c, door: d, in: bufio.NewReaderSize(c, headBytes)}
}

// serve answers requests until either side ends the connection.
func (c *botConn) serve() {
	defer func() {
		if v := recover(); v != nil { // as net/http does: one caller's failure is not another's
			c.door.server.log.Error("sandbox panicked", "error", v, "stack", string(debug.Stack()))
		}
		_ = c.Close() // a second time, or the other side has gone
	}()
	for {
		begin, err := c.await()
		switch {
		case err != nil:
			return
		case !callBegins(begin):
			c.handOver()
			return
		case !c.answerCall():
			return
		}
	}
}

// await waits for a request and returns how it begins.
func (c *botConn) await() ([]byte, error) {
	if err := c.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
		return nil, err
	}
	if err := c.door.server.ctx.Err(); err != nil { // after the deadline is set: see wake
		return nil, err
	}
	return c.in.Peek(len("POST /bot"))
}

// wake has a connection that waits for a request see that the server has closed.
func (c *botConn) wake() { _ = c.SetReadDeadline(time.Unix(1, 0)) }

// abort ends the connection in the midst of a request.
func (c *botConn) abort() { _ = c.Close() }

func callBegins(request []byte) bool {
	return bytes.HasPrefix(request, []byte("POST /bot")) || bytes.HasPrefix(request, []byte("GET /bot"))
}

// answerCall reads a call and answers it; false where that was the last one here.
func (c *botConn) answerCall() bool {
	defer c.req.Reset() // its buffers go back
	if err := c.read(); err != nil {
		c.refuse(err)
		return false
	}
	head := &c.req.Header
	last := head.ConnectionClose() || !head.IsHTTP11()
	path, query, err := split(head.RequestURI())
	if err != nil {
		return c.write(nil, errNotFound, last)
	}
	// Whether the caller leaves meanwhile is not watched: what waits ends by its time, by the next
	// getUpdates, or with the server.
	result, err := c.door.server.carryOut(context.Background(), path, &request{
		method: string(head.Method()), query: query, contentType: string(head.ContentType()), body: c.req.Body(),
	})
	if err == errCut {
		return false
	}
	return c.write(result, err, last)
}

// read reads a request to its end.
func (c *botConn) read() error {
	if err := c.req.Header.Read(c.in); err != nil {
		return err
	}
	if c.req.MayContinue() {
		if _, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return err
		}
	}
	return c.req.ContinueReadBody(c.in, maxMultipart, false)
}

// split takes the path below /bot and the query out of a request's target.
func split(target []byte) (path, query string, err error) {
	before, after, _ := bytes.Cut(target[len("/bot"):], []byte("?"))
	if path = string(before); bytes.IndexByte(before, '%') >= 0 {
		path, err = url.PathUnescape(path)
	}
	return path, string(after), err
}

// refuse answers a request that could not be read.
func (c *botConn) refuse(why error) {
	switch {
	case errors.Is(why, fasthttp.ErrBodyTooLarge):
		_ = c.SetReadDeadline(time.Now().Add(drainTime))
		_, _ = io.CopyN(io.Discard, c.in, maxDrained) // or the client may not read the answer
		c.write(nil, errTooLarge, true)
	case errors.As(why, new(net.Error)), errors.Is(why, io.ErrUnexpectedEOF), errors.Is(why, io.EOF): // gone
	default:
		c.write(nil, &Error{http.StatusBadRequest, "Bad Request: can't read the request"}, true)
	}
}

// write answers a request; it reports whether the connection goes on.
func (c *botConn) write(result any, err error, last bool) bool {
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	code := render(buf, result, err)
	b := append(c.head[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(append(b, ' '), http.StatusText(code)...)
	b = append(append(b, "\r\nContent-Type: "...), jsonType[0]...)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(buf.Len()), 10)
	b = time.Now().UTC().AppendFormat(append(b, "\r\nDate: "...), http.TimeFormat)
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	c.head = append(b, "\r\n\r\n"...)
	c.out = [2][]byte{c.head, buf.Bytes()}
	out := net.Buffers(c.out[:])
	_, err = out.WriteTo(c.Conn)
	return err == nil && !last
}

// handOver has net/http serve the connection until its end.
func (c *botConn) handOver() {
	l := &handedOver{conn: &replayed{Conn: c.Conn, in: c.in, closed: make(chan struct{})}, closed: make(chan struct{})}
	_ = c.door.rest.Serve(l) // it says how it ends
	if l.taken {
		<-l.conn.closed
	}
}

// handedOver is a listener that accepts one connection.
type handedOver struct {
	conn   *replayed
	taken  bool
	once   sync.Once
	closed chan struct{}
}

// Accept implements [net.Listener]; the second one waits for the end.
func (l *handedOver) Accept() (net.Conn, error) {
	if !l.taken {
		l.taken = true
		return l.conn, nil
	}
	select {
	case <-l.conn.closed:
	case <-l.closed:
	}
	return nil, net.ErrClosed
}

// Close implements [net.Listener].
func (l *handedOver) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements [net.Listener].
func (l *handedOver) Addr() net.Addr { return l.conn.LocalAddr() }

// replayed is a connection of which something was read ahead.
type replayed struct {
	net.Conn
	in     *bufio.Reader
	once   sync.Once
	closed chan struct{}
}

// Read implements [net.Conn].
func (c *replayed) Read(b []byte) (int, error) { return c.in.Read(b) }

// Close implements [net.Conn].
func (c *replayed) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
