// Package status shows a household what Relève is doing, on a page served by the device itself.
//
// In: a function that returns one consistent [Snapshot], and a tree of checks ([Named], [Check.Then]).
// Out: the screens of the page, their live streams, the same snapshot as JSON, and the answers of /healthz and /readyz.
// It knows nothing of meters, buffers or networks: whatever it prints was handed to it, and it never
// asks for, stores or sends anything itself.
//
// Every screen is a file screenNAME.go, a template in web/screens and a line in (*site).screens; the frame around them is
// frame.go and web/frame.html, the style web/style, the sentences web/fr.json and web/en.json.
//
// Routes, all read-only but for screens that take something:
//
//	/, /etat, …      the screens, in French or English, each under its French and its English path
//	/mesdonnees/…    the export, the ledger's signed state and its proofs, as files
//	/events         the live stream of a screen that moves (text/event-stream; ?screen=NAME)
//	/api/, /metrics  what [Options].API answers programs
//	/healthz        200 while the process lives
//	/readyz         200 while every required check passes, else 503 and the first reason
//	/assets/…       style, module and icon, named after their content
package status
