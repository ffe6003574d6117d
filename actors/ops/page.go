package ops

import (
	"embed"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// servePage serves the dashboard: one page with its script and its style, nothing from
// elsewhere. It holds no figures; it fetches /stats as the person who looks at it may.
func servePage(mux *http.ServeMux) {
	for path, file := range map[string]string{
		"GET /{$}":       "page/index.html",
		"GET /page.css":  "page/page.css",
		"GET /page.js":   "page/page.js",
		"GET /charts.js": "page/charts.js",
	} {
		mux.HandleFunc(path, func(rw http.ResponseWriter, r *http.Request) {
			h := rw.Header()
			h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			http.ServeFileFS(rw, r, pageFiles, file)
		})
	}
}
