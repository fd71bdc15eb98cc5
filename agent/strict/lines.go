package strict

import (
	"bytes"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Lines says on which line of a text each value is given, by its dotted key; entries of lists of tables are numbered from
// 0, as in meter[0].port. A text that Decode takes is needed.
func Lines(text []byte) map[string]int {
	p := &unstable.Parser{}
	p.Reset(bytes.TrimPrefix(text, byteOrderMark))
	w := &walk{parser: p, lines: map[string]int{}, entries: map[string]int{}}
	section := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table:
			section, _ = w.name("", e.Key())
		case unstable.ArrayTable:
			list, line := w.name("", e.Key())
			section = fmt.Sprintf("%s[%d]", list, w.entries[list])
			w.entries[list]++
			w.lines[section] = line
		case unstable.KeyValue:
			w.value(section, e)
		}
	}
	return w.lines
}

// walk goes over what is given in a text.
type walk struct {
	parser  *unstable.Parser
	lines   map[string]int
	entries map[string]int // how many a list of tables has so far
}

// name joins the parts of a key to the section that it is in, and says on which line it is.
func (w *walk) name(section string, parts unstable.Iterator) (name string, line int) {
	name = section
	for parts.Next() {
		part := parts.Node()
		if name != "" {
			name += "."
		}
		name += string(part.Data)
		line = w.parser.Shape(part.Raw).Start.Line
	}
	return name, line
}

// value notes a value; a table in braces is its own section.
func (w *walk) value(section string, e *unstable.Node) {
	name, line := w.name(section, e.Key())
	w.lines[name] = line
	below := e.Value()
	switch below.Kind {
	case unstable.InlineTable:
		for at := below.Children(); at.Next(); {
			w.value(name, at.Node())
		}
	case unstable.Array: // of tables in braces
		for at := below.Children(); at.Next(); {
			if at.Node().Kind != unstable.InlineTable {
				continue
			}
			section := fmt.Sprintf("%s[%d]", name, w.entries[name])
			w.entries[name]++
			w.lines[section] = line
			for in := at.Node().Children(); in.Next(); {
				w.value(section, in.Node())
			}
		}
	}
}
