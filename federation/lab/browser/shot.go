package browser

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// Shots is the folder that screenshots go to: that of the environment variable SCREENSHOTS; "" when none are wanted.
func Shots() string { return os.Getenv("SCREENSHOTS") }

// Shot keeps what the page looks like from top to bottom as NAME.png, if screenshots are wanted.
func (p *Page) Shot(name string) {
	p.t.Helper()
	if Shots() == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatalf("take a screenshot: %v", err)
	}
	file := filepath.Join(Shots(), name+".png")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
