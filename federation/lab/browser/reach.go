package browser

import (
	"fmt"
	"slices"

	"github.com/chromedp/chromedp/kb"
)

// focusable lists what a person may want to act on, in words that tell one from the other.
const focusable = `[...within.querySelectorAll('a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
	.filter(e => e.checkVisibility({visibilityProperty: true})).map(named)`

// named is the element in such words; ringed tells whether a person sees that it has the focus.
const named = `const named = e => [e.localName, e.id || e.name || e.getAttribute("href") || "", (e.innerText || e.ariaLabel || "").trim().split("\n")[0]].join(" ").trim();
	const ringed = e => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0; };`

// Reach presses Tab until everything that can be acted on within an element was reached, from its begin on, and returns what
// was not, and what was reached without a person seeing where the focus is.
func (p *Page) Reach(within string) (missed, unseen []string) {
	p.t.Helper()
	var want []string
	p.Eval(fmt.Sprintf(`(() => {%sconst within = document.querySelector(%q); document.activeElement.blur(); within.focus(); return %s})()`, named, within, focusable), &want)
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

// Overflow returns by how many pixels the page is wider than its window once it is laid out: what is drawn by a script follows
// a new size in the frame in which it notices it, and is in its place in the one after.
func (p *Page) Overflow() int {
	p.t.Helper()
	p.Wait("its size", fmt.Sprintf(`innerWidth === %d`, p.view.Width))
	var over int
	p.Eval(`new Promise(done => { const frame = n => n ? requestAnimationFrame(() => frame(n - 1)) :
		done(document.documentElement.scrollWidth - document.documentElement.clientWidth); frame(4) })`, &over)
	return over
}
