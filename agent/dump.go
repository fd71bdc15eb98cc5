package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// row is a row of a table by its columns; one that is NULL is not there.
type row map[string]string

// dump is the rows of each table of a PostgreSQL dump in plain SQL, by the name of the table without its schema.
type dump struct {
	tables  map[string][]row
	columns map[string][]string // as CREATE TABLE has them, for INSERTs that name none
}

// readDump reads what pg_dump writes, whether as COPY or as INSERT. Its errors repeat no values: there are passwords among
// them.
func readDump(text string) (dump, error) {
	d := dump{tables: map[string][]row{}, columns: map[string][]string{}}
	for number := 1; text != ""; {
		before := len(text)
		var err error
		whole := text
		switch {
		case strings.HasPrefix(text, "COPY "):
			text, err = d.copied(text)
		case strings.HasPrefix(text, "INSERT INTO "):
			text, err = d.inserted(text)
		case strings.HasPrefix(text, "CREATE TABLE "):
			text, err = d.created(text)
		default:
			_, text, _ = strings.Cut(text, "\n")
		}
		if err != nil {
			return d, fmt.Errorf("line %d: %w", number, err)
		}
		number += strings.Count(whole[:before-len(text)], "\n")
	}
	return d, nil
}

var (
	copyHead   = regexp.MustCompile(`^COPY ([^ (]+) \(([^)]*)\) FROM stdin;\r?\n`)
	insertHead = regexp.MustCompile(`^INSERT INTO ([^ (]+)(?: \(([^)]*)\))? VALUES\s`)
	createHead = regexp.MustCompile(`^CREATE TABLE ([^ (]+) \(\r?\n`)
)

// identifier is a name without its schema and quotes.
func identifier(s string) string {
	s = strings.TrimSpace(s)
	return strings.Trim(s[strings.LastIndexByte(s, '.')+1:], `"`)
}

func columnNames(list string) []string {
	var all []string
	for name := range strings.SplitSeq(list, ",") {
		all = append(all, identifier(name))
	}
	return all
}

// created notes the columns of a table.
func (d *dump) created(text string) (rest string, err error) {
	head := createHead.FindStringSubmatch(text)
	if head == nil {
		_, rest, _ = strings.Cut(text, "\n")
		return rest, nil
	}
	table := identifier(head[1])
	for rest = text[len(head[0]):]; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, ")") {
			return rest, nil
		}
		if name, _, ok := strings.Cut(line, " "); ok && name != "CONSTRAINT" {
			d.columns[table] = append(d.columns[table], identifier(name))
		}
	}
	return "", errors.New("the end of CREATE TABLE is missing")
}

// copied reads the rows of a COPY, to the line that ends them.
func (d *dump) copied(text string) (rest string, err error) {
	head := copyHead.FindStringSubmatch(text)
	if head == nil {
		return "", errors.New("COPY is not one of pg_dump, with its columns and FROM stdin")
	}
	table, columns := identifier(head[1]), columnNames(head[2])
	for rest = text[len(head[0]):]; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSuffix(line, "\r")
		if line == `\.` {
			return rest, nil
		}
		var values []*string
		for field := range strings.SplitSeq(line, "\t") {
			values = append(values, uncopied(field))
		}
		if err := d.add(table, columns, values); err != nil {
			return "", err
		}
	}
	return "", errors.New(`the end of COPY, \., is missing`)
}

var copyEscapes = strings.NewReplacer(`\\`, `\`, `\b`, "\b", `\f`, "\f", `\n`, "\n", `\r`, "\r", `\t`, "\t", `\v`, "\v")

// uncopied is a field of a COPY; nil for NULL.
func uncopied(field string) *string {
	if field == `\N` {
		return nil
	}
	field = copyEscapes.Replace(field)
	return &field
}

// inserted reads the rows of an INSERT.
func (d *dump) inserted(text string) (rest string, err error) {
	head := insertHead.FindStringSubmatch(text)
	if head == nil {
		return "", errors.New("INSERT is not one of pg_dump, with VALUES")
	}
	table := identifier(head[1])
	columns := d.columns[table]
	if head[2] != "" {
		columns = columnNames(head[2])
	}
	rest = text[len(head[0]):]
	for {
		var values []*string
		if values, rest, err = tuple(strings.TrimLeft(rest, " \r\n\t")); err != nil {
			return "", err
		}
		if err := d.add(table, columns, values); err != nil {
			return "", err
		}
		rest = strings.TrimLeft(rest, " \r\n\t")
		switch {
		case strings.HasPrefix(rest, ","):
			rest = rest[1:]
		case strings.HasPrefix(rest, ";"):
			return rest[1:], nil
		default:
			return "", errors.New("the end of INSERT is missing")
		}
	}
}

// tuple reads (value, value, …).
func tuple(text string) (values []*string, rest string, err error) {
	rest, ok := strings.CutPrefix(text, "(")
	for ok {
		var value *string
		if value, rest, err = sqlValue(strings.TrimLeft(rest, " \r\n\t")); err != nil {
			return nil, "", err
		}
		values = append(values, value)
		rest = strings.TrimLeft(rest, " \r\n\t")
		switch {
		case strings.HasPrefix(rest, ","):
			rest = rest[1:]
		case strings.HasPrefix(rest, ")"):
			return values, rest[1:], nil
		default:
			ok = false
		}
	}
	return nil, "", errors.New("the values of INSERT do not end")
}

// sqlValue reads a literal: 'text' with doubled quotes, NULL, or a word as it is.
func sqlValue(text string) (value *string, rest string, err error) {
	if !strings.HasPrefix(text, "'") {
		end := strings.IndexAny(text, ",)")
		if end < 0 {
			return nil, "", errors.New("a value does not end")
		}
		word := strings.TrimSpace(text[:end])
		if strings.EqualFold(word, "NULL") {
			return nil, text[end:], nil
		}
		return &word, text[end:], nil
	}
	var b strings.Builder
	for rest = text[1:]; ; {
		part, after, ok := strings.Cut(rest, "'")
		if !ok {
			return nil, "", errors.New("a text does not end")
		}
		b.WriteString(part)
		if rest, ok = strings.CutPrefix(after, "'"); !ok {
			s := b.String()
			return &s, after, nil
		}
		b.WriteByte('\'')
	}
}

func (d *dump) add(table string, columns []string, values []*string) error {
	if len(columns) != len(values) {
		return fmt.Errorf("a row of %s has %d values for %d columns", table, len(values), len(columns))
	}
	r := row{}
	for i, value := range values {
		if value != nil {
			r[columns[i]] = *value
		}
	}
	d.tables[table] = append(d.tables[table], r)
	return nil
}

// find is the row whose column has a value; an empty one when there is none.
func (d *dump) find(table, column, value string) row {
	for _, r := range d.tables[table] {
		if r[column] == value {
			return r
		}
	}
	return row{}
}
