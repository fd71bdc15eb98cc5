package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// View is who looks at a page, and on what. The zero value is a laptop by day, read in French.
type View struct {
	Width, Height int     // CSS pixels; 1280 × 800 when 0
	Zoom          float64 // device pixels a CSS pixel; 1 when 0
	Dark          bool    // the system prefers dark
	Language      string  // Accept-Language; "fr" when empty
	Scriptless    bool    // JavaScript is off
}

// Page is one tab, with cookies of its own. What goes wrong with it fails its test.
type Page struct {
	t     testing.TB
	ctx   context.Context
	view  View
	guard *guard
}

// Open opens an empty tab, which closes with the test.
func (b *Browser) Open(t testing.TB, view View) *Page {
	t.Helper()
	p := &Page{t: t, guard: &guard{}}
	tab, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.guard.hear))
	t.Cleanup(closeTab)
	p.ctx = tab
	command(p, network.Enable, network.EnableParams{})
	command(p, log.Enable, struct{}{})
	if view.Scriptless {
		p.Scriptless()
	}
	ctx, cancel := context.WithTimeout(tab, patience)
	t.Cleanup(cancel)
	t.Cleanup(p.judge)
	p.ctx = ctx
	p.Look(view)
	return p
}

// judge fails the test for all that no page may do.
func (p *Page) judge() {
	p.t.Helper()
	for _, problem := range p.guard.found() {
		p.t.Error(problem)
	}
}

// do acts on the page as a person does.
func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// command has the browser do what no person could.
func command[P, R any](p *Page, what cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, what, params); err != nil {
		p.t.Fatalf("%s: %v", what.Method, err)
	}
}

// Look changes the size, the scheme and the language; the language holds from the next address on.
func (p *Page) Look(view View) {
	p.t.Helper()
	if view.Width == 0 {
		view.Width, view.Height = 1280, 800
	}
	if view.Zoom == 0 {
		view.Zoom = 1
	}
	if view.Language == "" {
		view.Language = "fr"
	}
	scheme := "light"
	if view.Dark {
		scheme = "dark"
	}
	p.view = view
	command(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(view.Width), Height: int64(view.Height), DeviceScaleFactor: view.Zoom,
	})
	command(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	command(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": view.Language},
	})
}

// Scriptless turns JavaScript off, from the next address on.
func (p *Page) Scriptless() {
	p.t.Helper()
	command(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// Go opens an address and waits until it is loaded. Nothing may be asked of any other origin.
func (p *Page) Go(address string) {
	p.t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.guard.allow(parsed.Scheme + "://" + parsed.Host)
	p.do("open "+address, chromedp.Navigate(address))
}

// Eval evaluates an expression of JavaScript, waits for its promise and stores what it gives.
func (p *Page) Eval(expression string, into any) {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err == nil && into != nil {
		err = json.Unmarshal(value, into)
	}
	if err != nil {
		p.t.Fatalf("evaluate %s: %v", shortened(expression), err)
	}
}

// Text returns what a person reads on the page.
func (p *Page) Text() string {
	p.t.Helper()
	var text string
	p.Eval(`document.body.innerText`, &text)
	return text
}

// Wait waits until an expression of JavaScript is truthy; what says what is waited for.
func (p *Page) Wait(what, expression string) {
	p.t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		var is bool
		p.Eval("!!("+expression+")", &is)
		if is {
			return
		}
		if time.Since(began) > patience {
			p.t.Fatalf("wait for %s: it did not come; the page says:\n%s", what, p.Text())
		}
	}
}

// Press types keys, such as [kb.Tab], where the focus is.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do("press a key", chromedp.KeyEvent(key))
	}
}

// Click clicks on the first element that a CSS selector finds.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click on "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Fill types a text into the field that a CSS selector finds.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.do("fill "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// shortened keeps an error that quotes an expression readable.
func shortened(expression string) string {
	if len(expression) > 120 {
		return fmt.Sprintf("%s… (%d bytes)", expression[:120], len(expression))
	}
	return expression
}
