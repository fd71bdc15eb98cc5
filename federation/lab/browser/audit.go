package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Violation is a rule of accessibility that the page breaks, and where.
type Violation struct {
	Rule, Help string
	Nodes      []string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s", v.Rule, v.Help, strings.Join(v.Nodes, ", "))
}

// Axe is axe-core, the program that judges pages.
type Axe string

// NewAxe reads axe-core from the folder that [Install] made.
func NewAxe(t testing.TB, dir string) Axe {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return Axe(script)
}

// The rules: WCAG 2.2 AA, which contains 2.1, and what is good practice besides; or the one of them that colours break.
const (
	allRules = `"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"`
	colours  = `"color-contrast"`
)

// judged runs rules.
const judged = `axe.run(document, {resultTypes: ["violations"], runOnly: [%s]})
	.then(({violations}) => violations.map(v => ({Rule: v.id, Help: v.help, Nodes: v.nodes.map(n => n.target.join(" "))})))`

// Audit returns the rules of accessibility that the page breaks as it is shown now.
func (p *Page) Audit(axe Axe) []Violation {
	p.t.Helper()
	return p.audit(axe, allRules)
}

// AuditColours returns those of them that the colours break, which is all that a scheme changes.
func (p *Page) AuditColours(axe Axe) []Violation {
	p.t.Helper()
	return p.audit(axe, colours)
}

func (p *Page) audit(axe Axe, rules string) []Violation {
	p.t.Helper()
	var loaded bool
	if p.Eval(`!!window.axe`, &loaded); !loaded {
		p.Eval(string(axe)+";true", &loaded)
	}
	var violations []Violation
	p.Eval(fmt.Sprintf(judged, rules), &violations)
	return violations
}
