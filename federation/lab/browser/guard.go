package browser

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// guard hears what a tab does and keeps what no page may do.
type guard struct {
	mu       sync.Mutex // guards everything below
	origin   string     // the only one that may be asked
	expected []string   // parts of what the browser may say
	problems []string
}

func (g *guard) allow(origin string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.origin = origin
}

// Expect allows what the browser says of an error that the test is about, by a part of it.
func (p *Page) Expect(part string) {
	p.guard.mu.Lock()
	defer p.guard.mu.Unlock()
	p.guard.expected = append(p.guard.expected, part)
}

// found returns the problems so far, and forgets them.
func (g *guard) found() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := g.problems
	g.problems = nil
	return found
}

// hear takes an event of the tab.
func (g *guard) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		g.asked(e.Request.URL)
	case *network.EventWebSocketCreated:
		g.asked(e.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			g.note("the browser says: %s (%s)", e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			g.note("the console says: %s", said(e.Args))
		}
	case *runtime.EventExceptionThrown:
		g.note("a script broke off: %v", e.ExceptionDetails)
	}
}

// asked judges the address of a request. One of data asks nobody: it is in the page, where its policy judges it, or in the
// browser, which draws its own fields so.
func (g *guard) asked(address string) {
	if strings.HasPrefix(address, "data:") {
		return
	}
	g.mu.Lock()
	origin := g.origin
	g.mu.Unlock()
	if address != origin && !strings.HasPrefix(address, origin+"/") {
		g.note("the page asks another origin than its own: %s", address)
	}
}

func (g *guard) note(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	problem := fmt.Sprintf(format, args...)
	for _, part := range g.expected {
		if strings.Contains(problem, part) {
			return
		}
	}
	g.problems = append(g.problems, problem)
}

func said(values []*runtime.RemoteObject) string {
	var words []string
	for _, v := range values {
		words = append(words, string(v.Value)+v.Description)
	}
	return strings.Join(words, " ")
}
