//go:build !race

package linky_test

const slow = false
