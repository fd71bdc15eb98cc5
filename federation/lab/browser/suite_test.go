package browser

import "testing"

// suite is what the tests of a real browser share: one browser, one axe-core and one agent are enough.
type suite struct {
	browser *Browser
	tools   string // folder of what npm has brought
	axe     Axe
	house   *house
}

func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a real browser is left out with -short")
	}
	s := &suite{browser: New(t), tools: Install(t), house: newHouse(t)}
	s.axe = NewAxe(t, s.tools)
	t.Run("shots", s.shoots)
	t.Run("guard", s.guards)
	t.Run("view", s.looks)
	t.Run("judges", s.judges)
	t.Run("screens", s.screens)
	t.Run("description", s.describes)
	t.Run("moves", s.moves)
	t.Run("curves", s.curves)
	t.Run("login", s.logsIn)
}
