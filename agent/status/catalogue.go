package status

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed web
var web embed.FS

// catalogue holds every sentence of the page in one language, by key. The
// sentences are the files web/fr.json and web/en.json, which have the same keys.
type catalogue struct {
	language language
	lines    map[string]string
}

func openCatalogue(l language) (catalogue, error) {
	name := "web/" + string(l) + ".json"
	text, err := web.ReadFile(name)
	if err != nil {
		return catalogue{}, fmt.Errorf("open catalogue: %w", err)
	}
	c := catalogue{language: l}
	if err := json.Unmarshal(text, &c.lines); err != nil {
		return catalogue{}, fmt.Errorf("read catalogue %s: %w", name, err)
	}
	return c, nil
}

// say returns the sentence of a key. A key that does not exist shows as itself
// between marks that no sentence uses, for the tests to find.
func (c catalogue) say(key string, args ...any) string {
	line, ok := c.lines[key]
	switch {
	case !ok:
		return "⟦" + key + "⟧"
	case len(args) == 0:
		return line
	}
	return fmt.Sprintf(line, args...)
}

// count returns the sentence of key.zero, key.one or key.many, the last with the number in it.
func (c catalogue) count(key string, n uint64) string {
	switch n {
	case 0:
		return c.say(key + ".zero")
	case 1:
		return c.say(key + ".one")
	}
	return c.say(key+".many", c.whole(float64(n)))
}

// title returns the name of a node as the page words it; a name the catalogue
// does not know, such as a meter's, is shown as it is.
func (c catalogue) title(name string) string {
	if title, ok := c.lines["node."+name]; ok {
		return title
	}
	return name
}
