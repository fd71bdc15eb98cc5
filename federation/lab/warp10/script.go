package warp10

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine runs a script.
type machine struct {
	platform *Platform
	stack    []any
	ops      int
}

// mark is what { and [ leave on the stack.
type mark struct{ of string }

// run executes a script line by line; its error comes with the number of the line.
func (m *machine) run(script string) (line int, err error) {
	for line, text := range strings.Split(script, "\n") {
		for _, statement := range statements(text) {
			m.ops++
			if err := m.execute(statement); err != nil {
				return line + 1, said("Exception at '=>%s<=' in section '[TOP]' (%v)", statement, err)
			}
		}
	}
	for _, value := range m.stack {
		if _, open := value.(mark); open {
			return 0, said("a mark is left on the stack")
		}
	}
	return 0, nil
}

// statements splits a line at spaces, but for those in strings. A string ends at its quote only before a space or the end
// of the line.
func statements(line string) []string {
	var list []string
	var word strings.Builder
	quote := byte(0)
	for i := range len(line) {
		c := line[i]
		switch {
		case quote != 0 && c == quote && (i == len(line)-1 || line[i+1] == ' '):
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r'):
			if word.Len() > 0 {
				list = append(list, word.String())
				word.Reset()
			}
			continue
		}
		word.WriteByte(c)
	}
	if word.Len() > 0 {
		list = append(list, word.String())
	}
	return list
}

func (m *machine) execute(statement string) error {
	switch statement {
	case "{", "[":
		m.push(mark{statement})
		return nil
	case "}":
		return m.closeMap()
	case "]":
		list, err := m.toMark("[")
		m.push(list)
		return err
	case "STU":
		m.push(m.platform.ticks())
		return nil
	case "NOW":
		m.push(time.Now().UnixNano() / (int64(time.Second) / m.platform.ticks()))
		return nil
	case "+", "-", "*", "/":
		return m.calculate(statement)
	case "FIND", "FETCH":
		return m.query(statement)
	case "SIZE":
		return m.size()
	}
	return m.literal(statement)
}

func (m *machine) push(value any) { m.stack = append(m.stack, value) }

func (m *machine) pop() (any, error) {
	if len(m.stack) == 0 {
		return nil, said("Stack is empty.")
	}
	top := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return top, nil
}

// toMark pops all down to a mark.
func (m *machine) toMark(of string) ([]any, error) {
	list := []any{}
	for {
		value, err := m.pop()
		if err != nil {
			return nil, err
		}
		if found, isMark := value.(mark); isMark {
			if found.of != of {
				return nil, said("Unbalanced mark")
			}
			slices.Reverse(list)
			return list, nil
		}
		list = append(list, value)
	}
}

func (m *machine) closeMap() error {
	list, err := m.toMark("{")
	if err != nil {
		return err
	}
	if len(list)%2 != 0 {
		return said("a map needs pairs of keys and values")
	}
	made := map[string]any{}
	for i := 0; i < len(list); i += 2 {
		key, isText := list[i].(string)
		if !isText {
			return said("keys of maps are STRINGs here")
		}
		made[key] = list[i+1]
	}
	m.push(made)
	return nil
}

// calculate works on two LONGs.
func (m *machine) calculate(operator string) error {
	b, errB := m.pop()
	a, errA := m.pop()
	x, isX := a.(int64)
	y, isY := b.(int64)
	switch {
	case errA != nil || errB != nil || !isX || !isY:
		return said("%s can only operate on two numerical values.", operator)
	case operator == "+":
		m.push(x + y)
	case operator == "-":
		m.push(x - y)
	case operator == "*":
		m.push(x * y)
	case y == 0:
		return said("%s division by zero.", operator)
	default:
		m.push(x / y)
	}
	return nil
}

// size is how much a list holds.
func (m *machine) size() error {
	top, err := m.pop()
	list, isList := top.([]any)
	switch {
	case err != nil:
		return err
	case !isList:
		return said("SIZE operates on a map, list, a GTS, an Encoder, a byte array or a string.")
	}
	m.push(int64(len(list)))
	return nil
}

func (m *machine) literal(statement string) error {
	if quote := statement[0]; quote == '\'' || quote == '"' {
		if len(statement) < 2 || statement[len(statement)-1] != quote {
			return said("Cannot find end of string")
		}
		text, err := decoded(statement[1 : len(statement)-1])
		m.push(text)
		return err
	}
	if n, err := strconv.ParseInt(statement, 10, 64); err == nil {
		m.push(n)
		return nil
	}
	if n, err := strconv.ParseFloat(statement, 64); err == nil {
		m.push(n)
		return nil
	}
	return said("Unknown function '%s'", statement)
}

// listed is a series with datapoints, the newest first, as FETCH leaves it.
type listed struct {
	gts    GTS
	points []Point
}

func (l listed) json() string {
	labels := maps.Clone(l.gts.Labels)
	labels[".app"] = "test"
	names, _ := json.Marshal(labels)
	class, _ := json.Marshal(l.gts.Class)
	var points []string
	for _, p := range l.points {
		points = append(points, fmt.Sprintf("[%d,%s]", p.Tick, loose(p.Value)))
	}
	return fmt.Sprintf(`{"c":%s,"l":%s,"a":{},"la":0,"v":[%s]}`, class, names, strings.Join(points, ","))
}

// query is FIND and FETCH of a map.
func (m *machine) query(verb string) error {
	top, err := m.pop()
	params, isMap := top.(map[string]any)
	switch {
	case err != nil:
		return err
	case !isMap:
		return said("%s expects a map or a list as parameter.", verb)
	case params["token"] == nil:
		return said("%s Missing 'token' parameter", verb)
	case params["token"] != m.platform.Read:
		return said("%s given an invalid read token. (Invalid token.)", verb)
	}
	wanted, err := selection(verb, params)
	if err != nil {
		return err
	}
	found := []any{}
	start, end := int64(0), int64(0)
	if verb == "FETCH" {
		if start, end, err = span(params); err != nil {
			return err
		}
	}
	points := 0
	for _, g := range m.platform.All() {
		if !wanted(g) {
			continue
		}
		l := listed{gts: g}
		if verb == "FETCH" {
			l.points = within(m.platform.Points(g.Class, g.Labels), start, end)
			if points += len(l.points); m.platform.FetchLimit > 0 && points > m.platform.FetchLimit {
				return said("FETCH exceeded limit of %d datapoints, current count is %d. Consider raising the limit or using capabilities.", m.platform.FetchLimit, points)
			}
			if len(l.points) == 0 {
				continue // keepempty is false by default
			}
		}
		found = append(found, l)
	}
	m.push(found)
	return nil
}

// within are the points from start to end, both included, the newest first.
func within(points []Point, start, end int64) []Point {
	var all []Point
	for _, p := range slices.Backward(points) {
		if start <= p.Tick && p.Tick <= end {
			all = append(all, p)
		}
	}
	return all
}

// span reads start and end: LONGs in ticks.
func span(params map[string]any) (start, end int64, err error) {
	start, isStart := params["start"].(int64)
	end, isEnd := params["end"].(int64)
	if !isStart || !isEnd {
		return 0, 0, said("FETCH given invalid parameters.")
	}
	return start, end, nil
}

// selection reads which series are wanted: a selector, or class and labels. What begins with = is exact, with ~ a pattern.
func selection(verb string, params map[string]any) (func(g GTS) bool, error) {
	class, isText := params["class"].(string)
	labels, isMap := params["labels"].(map[string]any)
	if selector, given := params["selector"].(string); given {
		var err error
		if class, labels, err = parseSelector(selector); err != nil {
			return nil, err
		}
	} else if !isText || !isMap {
		return nil, said("%s Missing 'metaset', 'gts', 'selector', 'selectors' or 'class' and 'labels' parameters.", verb)
	}
	ofClass, err := matcher(class)
	if err != nil {
		return nil, err
	}
	ofLabels := map[string]func(string) bool{}
	for name, value := range labels {
		text, isText := value.(string)
		if !isText {
			return nil, said("%s keys and values of label selector must be STRINGs.", verb)
		}
		if ofLabels[name], err = matcher(text); err != nil {
			return nil, err
		}
	}
	return func(g GTS) bool {
		for name, matches := range ofLabels {
			if value, has := g.Labels[name]; !has || !matches(value) {
				return false
			}
		}
		return ofClass(g.Class)
	}, nil
}

// parseSelector reads CLASS{NAME=VALUE,NAME~PATTERN}.
func parseSelector(s string) (class string, labels map[string]any, err error) {
	class, rest, ok := strings.Cut(s, "{")
	inner, closed := strings.CutSuffix(rest, "}")
	if !ok || !closed || class == "" {
		return "", nil, said("invalid selector")
	}
	if class, err = decoded(class); err != nil {
		return "", nil, err
	}
	labels = map[string]any{}
	for _, pair := range strings.Split(inner, ",") {
		if pair == "" {
			continue
		}
		i := strings.IndexAny(pair, "=~")
		if i < 0 {
			return "", nil, said("invalid label selector")
		}
		name, errName := decoded(pair[:i])
		value, errValue := decoded(pair[i+1:])
		if errName != nil || errValue != nil {
			return "", nil, said("invalid label selector")
		}
		labels[name] = pair[i:i+1] + value
	}
	return class, labels, nil
}

func matcher(selector string) (func(string) bool, error) {
	if pattern, ok := strings.CutPrefix(selector, "~"); ok {
		compiled, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return nil, said("invalid pattern: %v", err)
		}
		return compiled.MatchString, nil
	}
	exact := strings.TrimPrefix(selector, "=")
	return func(s string) bool { return s == exact }, nil
}
