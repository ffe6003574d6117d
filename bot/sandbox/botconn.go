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
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	headBytes = 8 << 10          // of a request's head; with a longer one net/http gets the connection
	bodyTime  = 5 * time.Minute  // to send a body
	writeTime = 30 * time.Second // to take an answer
	drainTime = time.Second      // that is read on after a request was refused
	lookTime  = time.Millisecond // for a look whether the other side is still there
)

// botConn is a connection on which calls of bots are answered in a plain loop, each with one
// read and one write and in buffers that stay: net/http spends more on a request than the
// sandbox does. At the first request that is no call, or has a long head, net/http gets the
// connection.
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
		}
		switch err := c.read(); {
		case errors.As(err, new(*fasthttp.ErrSmallBuffer)): // nothing was taken from the buffer
			c.handOver()
			return
		case err != nil:
			c.refuse(err)
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

// answerCall answers the call that was read; false where that was the last one here.
func (c *botConn) answerCall() bool {
	defer c.req.Reset() // its buffers go back
	head := &c.req.Header
	last := head.ConnectionClose() || !head.IsHTTP11()
	path, query, err := split(head.RequestURI())
	if err != nil {
		return c.write(nil, errNotFound, last)
	}
	if err := c.door.server.guardCall(string(head.Host()), string(head.Peek("Origin")), string(head.Peek("Sec-Fetch-Site"))); err != nil {
		return c.write(nil, err, last)
	}
	result, err := c.door.server.carryOut(context.Background(), path, &request{
		method: string(head.Method()), query: query, contentType: string(head.ContentType()), body: c.req.Body(),
		left: c.left,
	})
	if err == errCut || err == errLeft {
		return false
	}
	return c.write(result, err, last)
}

// left reports whether the other side has ended the connection while its call waits.
func (c *botConn) left() bool {
	if c.SetReadDeadline(time.Now().Add(lookTime)) != nil {
		return true
	}
	_, err := c.in.Peek(1) // a next request may be there already
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// read reads a request to its end.
func (c *botConn) read() error {
	if err := c.SetReadDeadline(time.Now().Add(headTime)); err != nil {
		return err
	}
	if err := c.req.Header.Read(c.in); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(bodyTime)); err != nil {
		return err
	}
	if bytes.EqualFold(c.req.Header.Peek("Expect"), []byte("100-continue")) {
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
	if c.SetWriteDeadline(time.Now().Add(writeTime)) != nil {
		return false
	}
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
