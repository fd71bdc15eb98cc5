package status

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Contrast of every colour on what it is written on, in both schemes: WCAG 2.1
// §1.4.3 asks 4.5 for text.
func TestPaletteContrast(t *testing.T) {
	t.Parallel()
	roots := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style(t), -1)
	if len(roots) != 2 {
		t.Fatalf("%d palettes, want light and dark", len(roots))
	}
	for i, scheme := range []string{"light", "dark"} {
		colours := palette(t, roots[i][1])
		for _, name := range []string{"text", "muted", "drawn", "injected", "self", "ok", "waiting", "warning", "fault"} {
			for _, ground := range []string{"card", "page"} {
				if ratio := contrast(colours[name], colours[ground]); ratio < 4.5 {
					t.Errorf("%s: %s on %s is %.1f, less than 4.5", scheme, name, ground, ratio)
				}
			}
		}
		for name, ink := range map[string]string{"blue": "on-colour", "red": "on-colour", "white": "on-white", "drawn": "on-colour", "fault": "on-colour"} { // tiles of Tempo, buttons
			if ratio := contrast(colours[name], colours[ink]); ratio < 4.5 {
				t.Errorf("%s: %s on %s is %.1f, less than 4.5", scheme, ink, name, ratio)
			}
		}
		if ratio := contrast(colours["drawn"], colours["track"]); ratio < 3 { // §1.4.11
			t.Errorf("%s: the bar stands out by %.1f, less than 3", scheme, ratio)
		}
	}
}

func palette(t *testing.T, block string) map[string]float64 {
	t.Helper()
	colours := make(map[string]float64)
	for _, match := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
		colours[match[1]] = luminance(t, match[2])
	}
	return colours
}

// luminance is WCAG's relative luminance of "rrggbb".
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		channel, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(channel) / 255
		if c <= 0.03928 {
			sum += weight * c / 12.92
			continue
		}
		sum += weight * math.Pow((c+0.055)/1.055, 2.4)
	}
	return sum
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

func TestNothingOnThePageComesFromElsewhere(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(web, "web", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(name, "web/charts/") { // uPlot says where it is from
			return err
		}
		text, err := web.ReadFile(name)
		// The namespace of SVG and the advice to open localhost are names, not requests.
		rest := strings.NewReplacer("http://www.w3.org/2000/svg", "", "http://localhost", "", "url(/assets/", "").Replace(string(text))
		if found := regexp.MustCompile(`(https?:)?//[a-z0-9.-]+\.[a-z]+|@import|url\([^#]`).FindString(rest); found != "" {
			t.Errorf("%s asks for %s", name, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// style is all of it, as the pages load it.
func style(t *testing.T) string {
	t.Helper()
	a, err := openAssets()
	if err != nil {
		t.Fatal(err)
	}
	return string(a.Style.body)
}

func TestStyleRespectsThoseWhoAskForStillness(t *testing.T) {
	t.Parallel()
	calm, moving, found := strings.Cut(style(t), "@media (prefers-reduced-motion: no-preference)")
	if !found || !strings.Contains(moving, "animation:") || strings.Contains(calm, "animation") || strings.Contains(calm, "transition") {
		t.Error("something moves for people who asked that nothing does")
	}
}
