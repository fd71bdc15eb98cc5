package senml

import "slices"

// unitTable holds the registries as the RFCs print them, row by row. The RFCs have varh, kvarh and kVAh, and no VAh.
func unitTable() []Unit {
	return slices.Concat(namedUnits(), composedUnits(), addedUnits(), secondaryUnits())
}

// namedUnits are the first rows of RFC 8428 §12.1: SI units with a name of their own.
func namedUnits() []Unit {
	return []Unit{
		primary("m", "meter"),
		primary("kg", "kilogram"),
		discouraged("g", "gram"),
		primary("s", "second"),
		primary("A", "ampere"),
		primary("K", "kelvin"),
		primary("cd", "candela"),
		primary("mol", "mole"),
		primary("Hz", "hertz"),
		primary("rad", "radian"),
		primary("sr", "steradian"),
		primary("N", "newton"),
		primary("Pa", "pascal"),
		primary("J", "joule"),
		primary("W", "watt"),
		primary("C", "coulomb"),
		primary("V", "volt"),
		primary("F", "farad"),
		primary("Ohm", "ohm"),
		primary("S", "siemens"),
		primary("Wb", "weber"),
		primary("T", "tesla"),
		primary("H", "henry"),
		primary("Cel", "degrees Celsius"),
		primary("lm", "lumen"),
		primary("lx", "lux"),
		primary("Bq", "becquerel"),
		primary("Gy", "gray"),
		primary("Sv", "sievert"),
		primary("kat", "katal"),
	}
}

// composedUnits are the other rows of RFC 8428 §12.1: composed units, levels, ratios and counts.
func composedUnits() []Unit {
	return []Unit{
		primary("m2", "square meter (area)"),
		primary("m3", "cubic meter (volume)"),
		discouraged("l", "liter (volume)"),
		primary("m/s", "meter per second (velocity)"),
		primary("m/s2", "meter per square second (acceleration)"),
		primary("m3/s", "cubic meter per second (flow rate)"),
		discouraged("l/s", "liter per second (flow rate)"),
		primary("W/m2", "watt per square meter (irradiance)"),
		primary("cd/m2", "candela per square meter (luminance)"),
		primary("bit", "bit (information content)"),
		primary("bit/s", "bit per second (data rate)"),
		primary("lat", "degrees latitude"),
		primary("lon", "degrees longitude"),
		primary("pH", "pH value (acidity; logarithmic quantity)"),
		primary("dB", "decibel (logarithmic quantity)"),
		primary("dBW", "decibel relative to 1 W (power level)"),
		discouraged("Bspl", "bel (sound pressure level; logarithmic quantity)"),
		primary("count", "1 (counter value)"),
		primary("/", "1 (ratio, e.g., value of a switch)"),
		discouraged("%", "1 (ratio, e.g., value of a switch)"),
		primary("%RH", "percentage (relative humidity)"),
		primary("%EL", "percentage (remaining battery energy level)"),
		primary("EL", "seconds (remaining battery energy level)"),
		primary("1/s", "1 per second (event rate)"),
		discouraged("1/min", "1 per minute (event rate, rpm)"),
		discouraged("beat/min", "1 per minute (heart rate in beats per minute)"),
		discouraged("beats", "1 (cumulative number of heart beats)"),
		primary("S/m", "siemens per meter (conductivity)"),
	}
}

// addedUnits are the primary units RFC 8798 §2 adds.
func addedUnits() []Unit {
	return []Unit{
		primary("B", "byte (information content)"),
		primary("VA", "volt-ampere (apparent power)"),
		primary("VAs", "volt-ampere second (apparent energy)"),
		primary("var", "volt-ampere reactive (reactive power)"),
		primary("vars", "volt-ampere reactive second (reactive energy)"),
		primary("J/m", "joule per meter (energy per distance)"),
		primary("kg/m3", "kilogram per cubic meter (mass density, mass concentration)"),
		discouraged("deg", "degree (angle)"),
	}
}

// secondaryUnits are the rows of RFC 8798 §3: symbol, description, primary unit, scale, offset.
func secondaryUnits() []Unit {
	return []Unit{
		secondary("ms", "millisecond", "s", 1.0/1000, 0),
		secondary("min", "minute", "s", 60, 0),
		secondary("h", "hour", "s", 3600, 0),
		secondary("MHz", "megahertz", "Hz", 1000000, 0),
		secondary("kW", "kilowatt", "W", 1000, 0),
		secondary("kVA", "kilovolt-ampere", "VA", 1000, 0),
		secondary("kvar", "kilovar", "var", 1000, 0),
		secondary("Ah", "ampere-hour", "C", 3600, 0),
		secondary("Wh", "watt-hour", "J", 3600, 0),
		secondary("kWh", "kilowatt-hour", "J", 3600000, 0),
		secondary("varh", "var-hour", "vars", 3600, 0),
		secondary("kvarh", "kilovar-hour", "vars", 3600000, 0),
		secondary("kVAh", "kilovolt-ampere-hour", "VAs", 3600000, 0),
		secondary("Wh/km", "watt-hour per kilometer", "J/m", 3.6, 0),
		secondary("KiB", "kibibyte", "B", 1024, 0),
		secondary("GB", "gigabyte", "B", 1e9, 0),
		secondary("Mbit/s", "megabit per second", "bit/s", 1000000, 0),
		secondary("B/s", "byte per second", "bit/s", 8, 0),
		secondary("MB/s", "megabyte per second", "bit/s", 8000000, 0),
		secondary("mV", "millivolt", "V", 1.0/1000, 0),
		secondary("mA", "milliampere", "A", 1.0/1000, 0),
		secondary("dBm", "decibel (milliwatt)", "dBW", 1, -30),
		secondary("ug/m3", "microgram per cubic meter", "kg/m3", 1e-9, 0),
		secondary("mm/h", "millimeter per hour", "m/s", 1.0/3600000, 0),
		secondary("m/h", "meter per hour", "m/s", 1.0/3600, 0),
		secondary("ppm", "parts per million", "/", 1e-6, 0),
		secondary("/100", "percent", "/", 1.0/100, 0),
		secondary("/1000", "permille", "/", 1.0/1000, 0),
		secondary("hPa", "hectopascal", "Pa", 100, 0),
		secondary("mm", "millimeter", "m", 1.0/1000, 0),
		secondary("cm", "centimeter", "m", 1.0/100, 0),
		secondary("km", "kilometer", "m", 1000, 0),
		secondary("km/h", "kilometer per hour", "m/s", 1.0/3.6, 0),
	}
}
