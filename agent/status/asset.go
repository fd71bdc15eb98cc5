package status

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"releve/agent/kiosk"
)

// asset is one embedded file, served under a name that changes with its content,
// so that a browser may keep it for ever.
type asset struct {
	path string // "/assets/page-1a2b3c4d5e6f.css"
	kind string // media type
	body []byte
	tiny []byte // body, compressed once for all; nil when that saves nothing
}

// assets are the files that the pages load.
type assets struct {
	Style, Script, Charts, Icon, Sprite asset
	WallStyle, WallScript               asset // of screens on walls
	Licences                            asset
	Library                             *asset // uPlot, nil in a program that was built without npm
}

// styles are the parts of the style, in the order in which they count.
var styles = []string{"style/palette.css", "style/frame.css", "style/parts.css", "style/forms.css", "style/chart.css", "style/screens.css"}

func openAssets() (assets, error) {
	var a assets
	for _, one := range []struct {
		into  *asset
		name  string
		files []string
	}{
		{&a.Style, "page.css", styles},
		{&a.Script, "page.js", []string{"page.js"}},
		{&a.Charts, "chart.js", []string{"chart.js"}},
		{&a.Icon, "icon.svg", []string{"icon.svg"}},
		{&a.Sprite, "icons.svg", []string{"icons.svg"}},
		{&a.WallStyle, "wall.css", []string{"wall/wall.css"}},
		{&a.WallScript, "wall.js", []string{"wall/wall.js"}},
	} {
		var err error
		if *one.into, err = openAsset(one.name, one.files); err != nil {
			return assets{}, err
		}
	}
	a.Licences = newAsset("licences.txt", licences)
	return a, a.openLibrary()
}

// openLibrary opens uPlot, where make charts has put it; its style is short and goes with ours.
func (a *assets) openLibrary() error {
	library, err := openAsset("uplot.js", []string{"charts/uplot.js"})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	a.Library = &library
	a.Style, err = openAsset("page.css", append([]string{"charts/uplot.css"}, styles...))
	return err
}

// all is every asset that has an address.
func (a assets) all() []asset {
	list := []asset{
		a.Style, a.Script, a.Charts, a.Icon, a.Sprite, a.WallStyle, a.WallScript, a.Licences,
		{path: "/assets/go-regular.ttf", kind: "font/ttf", body: kiosk.TTF(false)}, // as wall.css names them
		{path: "/assets/go-bold.ttf", kind: "font/ttf", body: kiosk.TTF(true)},
	}
	if a.Library != nil {
		list = append(list, *a.Library)
	}
	return list
}

// openAsset joins files into one.
func openAsset(name string, files []string) (asset, error) {
	var body []byte
	for _, file := range files {
		text, err := web.ReadFile("web/" + file)
		if err != nil {
			return asset{}, fmt.Errorf("open asset: %w", err)
		}
		body = append(body, text...)
	}
	return newAsset(name, body), nil
}

func newAsset(name string, body []byte) asset {
	extension := path.Ext(name)
	return asset{
		path: "/assets/" + strings.TrimSuffix(name, extension) + "-" + digest(body) + extension,
		kind: mime.TypeByExtension(extension),
		body: body,
		tiny: compress(body, gzip.BestCompression),
	}
}

// String is where the asset is, for templates.
func (a asset) String() string { return a.path }

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Add("Vary", "Accept-Encoding")
	body := a.body
	if a.tiny != nil && compresses(r) {
		header.Set("Content-Encoding", "gzip")
		body = a.tiny
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the browser may have left; there is nobody to tell
}

// icon draws one of the icons of web/icons.svg. It is named by what stands beside it.
func (a assets) icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><use href="` + a.Sprite.path + "#" + template.HTMLEscapeString(name) + `"/></svg>`)
}

// compress returns a body as gzip, nil when that saves nothing.
func compress(body []byte, level int) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		return nil
	}
	_, _ = w.Write(body) // memory takes all
	if err := w.Close(); err != nil || out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}

// compresses tells whether who asks reads gzip.
func compresses(r *http.Request) bool {
	for item := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, parameter, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") && quality(strings.TrimSpace(parameter)) > 0 {
			return true
		}
	}
	return false
}

// digest names a content in twelve hexadecimal digits.
func digest(contents ...[]byte) string {
	sum := sha256.New()
	for _, content := range contents {
		_, _ = sum.Write(content) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// digestFiles names all that the page is made of: after an update an open page reloads.
func digestFiles() string {
	var contents [][]byte
	_ = fs.WalkDir(web, "web", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			text, _ := web.ReadFile(name) // embedded: it is there
			contents = append(contents, text)
		}
		return nil
	})
	return digest(contents...)
}
