package status

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one embedded file, served under a name that changes with its content,
// so that a browser may keep it for ever.
type asset struct {
	path string // "/assets/page-1a2b3c4d5e6f.css"
	kind string // media type
	body []byte
}

func openAsset(name string) (asset, error) {
	body, err := web.ReadFile("web/" + name)
	if err != nil {
		return asset{}, err
	}
	extension := path.Ext(name)
	return asset{
		path: "/assets/" + strings.TrimSuffix(name, extension) + "-" + digest(body) + extension,
		kind: mime.TypeByExtension(extension),
		body: body,
	}, nil
}

func (a asset) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body) // the browser may have left; there is nobody to tell
}

// digest names a content in twelve hexadecimal digits.
func digest(contents ...[]byte) string {
	sum := sha256.New()
	for _, content := range contents {
		_, _ = sum.Write(content) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}
