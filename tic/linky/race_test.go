//go:build race

package linky_test

// slow tells that the race detector makes a simulated year take a minute.
const slow = true
