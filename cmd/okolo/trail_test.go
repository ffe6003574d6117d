package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"okolo/persistence"
	"okolo/persistence/pgtest"
)

// TestTrail: an operator's own address may lead on within their network and outside, and nothing leads back.
func TestTrail(t *testing.T) {
	for _, way := range []struct {
		hops    []string
		refused bool // at the last
	}{
		{[]string{"127.0.0.1:80"}, false},
		{[]string{"10.0.0.1:80", "127.0.0.1:8090", "[::1]:80"}, false},
		{[]string{"10.0.0.1:80", "8.8.8.8:443", "9.9.9.9:80"}, false},
		{[]string{"8.8.8.8:443", "127.0.0.1:80"}, true},
		{[]string{"8.8.8.8:443", "169.254.169.254:80"}, true},
		{[]string{"[2001:4860::1]:443", "[::1]:80"}, true},
		{[]string{"10.0.0.1:80", "8.8.8.8:443", "10.0.0.1:80"}, true},
	} {
		tr := &trail{}
		for i, hop := range way.hops {
			if err, last := tr.enter(hop), i == len(way.hops)-1; (err != nil) != (last && way.refused) {
				t.Errorf("%v: at %s: %v", way.hops, hop, err)
			}
		}
	}
}

func TestIsPrivate(t *testing.T) {
	for private, addresses := range map[bool][]string{
		true: {
			"127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0", "0.1.2.3",
			"100.64.0.1", "192.0.0.8", "198.19.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
			"ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b:1::1", "64:ff9b::7f00:1", "2002:7f00:1::",
		},
		false: {"8.8.8.8", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"},
	} {
		for _, a := range addresses {
			if got := isPrivate(netip.MustParseAddr(a)); got != private {
				t.Errorf("%s is private: %v", a, got)
			}
		}
	}
}

// TestImportIsNotLedInside: a page of the internet, which is reached by a proxy here, leads to this machine, by
// its address, by its name, and by way of another page. The operator gets there by typing the address.
func TestImportIsNotLedInside(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		fmt.Fprint(w, feed(1))
	}))
	t.Cleanup(inside.Close)
	byName := strings.Replace(inside.URL, "127.0.0.1", "localhost", 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/address":
			http.Redirect(w, r, inside.URL+"/from-outside", http.StatusFound)
		case "/name":
			http.Redirect(w, r, byName+"/from-outside", http.StatusTemporaryRedirect)
		case "/twice":
			http.Redirect(w, r, "http://other.example/address", http.StatusMovedPermanently)
		default:
			fmt.Fprint(w, feed(1, 2))
		}
	}))
	t.Cleanup(proxy.Close)
	database := pgtest.URL(t)
	if err := persistence.Migrate(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	env := []string{"DATABASE_URL=" + database, "HTTP_PROXY=" + proxy.URL, "http_proxy=" + proxy.URL, "NO_PROXY=", "no_proxy="}
	says := func(want string, code int, address string) {
		t.Helper()
		got, out, errs := okolo(t, env, "import", address, "--source", "city", "--dry-run")
		if got != code || !strings.Contains(out+errs, want) {
			t.Errorf("okolo import %s: %d\n%s%swant %d, %q", address, got, out, errs, code, want)
		}
	}
	for _, path := range []string{"/address", "/name", "/twice"} {
		says("it leads from the internet to", exitFailed, "http://city.example"+path)
	}
	select {
	case path := <-asked:
		t.Errorf("%s of this machine was asked for", path)
	default:
	}
	says("2 new", exitOK, "http://city.example/events.ics")
	says("1 new", exitOK, inside.URL+"/typed")
}
