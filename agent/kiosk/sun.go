package kiosk

import (
	"math"
	"time"
)

// Sky is where the sun is watched from, in degrees: north and east are positive.
type Sky struct{ Latitude, Longitude float64 }

// horizon is the height of the sun's centre when its upper edge touches the horizon, refraction included.
const horizon = -0.833

// Up tells whether the sun stands over the horizon, to a minute or so: the low-precision position of the Astronomical
// Almanac, good to 0.01° between 1950 and 2050.
func (s Sky) Up(at time.Time) bool { return s.height(at) > horizon }

// height is how many degrees the sun stands over the horizon.
func (s Sky) height(at time.Time) float64 {
	days := float64(at.UnixMilli())/86_400_000 - 10_957.5 // since noon of 1 January 2000, UTC
	mean := wrap(280.460 + 0.9856474*days)                // its mean longitude
	anomaly := radians(wrap(357.528 + 0.9856003*days))
	longitude := radians(mean + 1.915*math.Sin(anomaly) + 0.020*math.Sin(2*anomaly)) // on the ecliptic
	tilt := radians(23.439 - 0.0000004*days)
	ascension := math.Atan2(math.Cos(tilt)*math.Sin(longitude), math.Cos(longitude))
	declination := math.Asin(math.Sin(tilt) * math.Sin(longitude))
	sidereal := radians(wrap(280.46062+360.98564737*days) + s.Longitude)
	angle := sidereal - ascension // since it stood in the south
	latitude := radians(s.Latitude)
	return 180 / math.Pi * math.Asin(math.Sin(latitude)*math.Sin(declination)+math.Cos(latitude)*math.Cos(declination)*math.Cos(angle))
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

func wrap(degrees float64) float64 {
	if degrees = math.Mod(degrees, 360); degrees < 0 {
		degrees += 360
	}
	return degrees
}
