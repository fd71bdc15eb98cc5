package status

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Problem answers a program with what is wrong, as RFC 9457 has it: {"title": "Bad Request", "status": 400, "detail": "…"}.
// The detail is one sentence that whoever wrote the request can act on.
func Problem(w http.ResponseWriter, code int, detail string) {
	body, err := json.Marshal(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(code), code, detail})
	if err != nil { // three texts and a number
		panic(err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // the reader may have left; there is nobody to tell
}

// isForPrograms tells the routes that programs ask from those that people do.
func isForPrograms(path string) bool { return strings.HasPrefix(path, "/api/") || path == "/metrics" }
