package config

import (
	"fmt"
	"time"
)

// Kiosk is the [kiosk] section: what screens on walls show.
type Kiosk struct {
	Title string // whose they are
	Label string // at their foot
	Logo  string // file, PNG; "" for none
	Every time.Duration
	Site  *Site // nil when it is not said: then dim from Dusk to Dawn
	Dusk  int   // hours
	Dawn  int
}

// Site is where the sun sets, in degrees: north and east are positive.
type Site struct{ Latitude, Longitude float64 }

type rawKiosk struct {
	Title string `toml:"title" afar:"operator"`
	Label string `toml:"label" afar:"operator"`
	Logo  string `toml:"logo" type:"file"`
	Every string `toml:"every" type:"duration" least:"5s" most:"1h" default:"20s" afar:"operator"`
	Place string `toml:"place" afar:"operator"`
	Night string `toml:"night" default:"21-7" afar:"operator"`
}

// kiosk checks what screens on walls show.
//
//	Format:  place "LATITUDE, LONGITUDE"   night "HOUR-HOUR"
//	Example: place "47.75, -3.37"          night "21-7"
func (f *findings) kiosk(raw rawKiosk) Kiosk {
	k := Kiosk{
		Title: raw.Title, Label: raw.Label, Logo: raw.Logo, Dusk: 21, Dawn: 7,
		Every: f.duration("kiosk.every", raw.Every, 20*time.Second, 5*time.Second, time.Hour),
	}
	if raw.Place != "" {
		var rest string
		k.Site = &Site{}
		n, _ := fmt.Sscanf(raw.Place+" .", "%f, %f %s", &k.Site.Latitude, &k.Site.Longitude, &rest) // n says it
		if n != 3 || rest != "." || !within(k.Site.Latitude, 90) || !within(k.Site.Longitude, 180) {
			f.addf("kiosk.place: %q is not degrees north and east, such as \"47.75, -3.37\"", raw.Place)
		}
	}
	if raw.Night != "" {
		var rest string
		n, _ := fmt.Sscanf(raw.Night+" .", "%d-%d %s", &k.Dusk, &k.Dawn, &rest)
		if n != 3 || rest != "." || k.Dusk < 0 || k.Dusk > 23 || k.Dawn < 0 || k.Dawn > 23 || k.Dusk == k.Dawn {
			f.addf("kiosk.night: %q is not two hours of the day, such as \"21-7\"", raw.Night)
		}
	}
	return k
}

// within tells an angle; it is false of what is no number.
func within(degrees, most float64) bool { return -most <= degrees && degrees <= most }
