package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
)

// trail is where a download has been led. Whoever types an address may mean a server of their own network; the
// internet may not: what has been outside gets to no private address by a redirection. That is judged by the
// address that is connected to, so that no name and no answer of the name service gets around it.
type trail struct {
	mu      sync.Mutex
	outside bool            // it has been led to a public address
	proxies map[string]bool // that the operator has set, host:port
}

// transport returns what follows the trail. It keeps no connection, or one would be used again unasked.
func (t *trail) transport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	transport.Proxy = t.proxy
	judged := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error { return t.enter(address) }}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if t.isProxy(address) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return judged.DialContext(ctx, network, address)
	}
	return transport
}

// enter refuses an address that is private, if the trail has been outside, and notes one that is outside.
func (t *trail) enter(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if private := isPrivate(at.Addr()); private && t.outside {
		return fmt.Errorf("it leads from the internet to %v, which is none of its addresses", at.Addr())
	} else if !private {
		t.outside = true
	}
	return nil
}

// proxy chooses the proxy as the environment says. What is behind one counts as outside: it resolves the names.
func (t *trail) proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if u == nil || err != nil {
		return u, err
	}
	port := cmp.Or(u.Port(), map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme], "80")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outside = true
	if t.proxies == nil {
		t.proxies = map[string]bool{}
	}
	t.proxies[net.JoinHostPort(u.Hostname(), port)] = true
	return u, nil
}

func (t *trail) isProxy(address string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.proxies[address]
}

// notPublic are the addresses that lead nowhere on the internet, beside those that net/netip knows: shared
// by the customers of a provider, of protocols, for measurements, reserved, and those that stand for an
// address of IPv4, private ones among them.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"),
}

// translated are the addresses by which networks of IPv6 reach those of IPv4.
var translated = netip.MustParsePrefix("64:ff9b::/96")

// isPrivate reports whether an address is not of the internet: of this machine, its link or its network.
func isPrivate(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if bytes := a.As16(); translated.Contains(a) {
		a = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return true
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
