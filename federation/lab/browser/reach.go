package browser

import (
	"slices"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// focusable lists what a person may want to act on, in words that tell one from the other.
const focusable = `[...document.querySelectorAll('a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
	.filter(e => e.checkVisibility({visibilityProperty: true})).map(named)`

// named is the element in such words; ringed tells whether a person sees that it has the focus.
const named = `const named = e => [e.localName, e.id || e.name || e.getAttribute("href") || "", (e.innerText || e.ariaLabel || "").trim().split("\n")[0]].join(" ").trim();
	const ringed = e => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0; };`

// Reach presses Tab until everything that can be acted on was reached, and returns what was not, and what was reached
// without a person seeing where the focus is.
func (p *Page) Reach() (missed, unseen []string) {
	p.t.Helper()
	var want []string
	p.Eval(`(() => {`+named+`document.activeElement.blur(); return `+focusable+`})()`, &want)
	reached := map[string]bool{}
	all := func() bool { return !slices.ContainsFunc(want, func(name string) bool { return !reached[name] }) }
	for tabs := 0; tabs < 2*len(want)+4 && !all(); tabs++ {
		p.Press(kb.Tab)
		var at struct {
			Name string
			Ring bool
		}
		p.Eval(`(() => {`+named+`const e = document.activeElement; return {Name: named(e), Ring: ringed(e)}})()`, &at)
		if at.Name != "body" && !at.Ring && !reached[at.Name] && slices.Contains(want, at.Name) {
			unseen = append(unseen, at.Name)
		}
		reached[at.Name] = true
	}
	for _, name := range want {
		if !reached[name] {
			missed = append(missed, name)
		}
	}
	return missed, unseen
}

// Overflow returns by how many pixels the page stays wider than its window: what is drawn by a script follows a new size a
// moment later.
func (p *Page) Overflow() int {
	p.t.Helper()
	var over int
	for range 100 {
		p.Eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over)
		if over <= 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return over
}
