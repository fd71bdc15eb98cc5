package tariff

import _ "embed"

//go:embed example.toml
var example string

// Example is a file of prices that are made up, with every key explained.
func Example() string { return example }
