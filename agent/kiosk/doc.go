// Package kiosk draws what a screen on a wall shows: big, without a hand that scrolls, by day and by night.
//
// In: slides, whose numbers are worded already, the instant and the size of the screen. Out: a sheet of simple marks, and
// that as SVG for a browser or as pixels for a PNG and a frame buffer: both inks draw the same sheet with the same font.
// It knows nothing of meters, languages or networks, and keeps nothing from one sheet to the next: which slide is on, how
// far it is shifted against burning in, and whether it is night follow from the instant alone, so that two screens beside
// each other agree.
package kiosk
