// Package status shows a household what Relève is doing, on a page served by the device itself.
//
// In: a function that returns one consistent [Snapshot], and a tree of checks ([Named], [Check.Then]).
// Out: the page, its live stream, the same snapshot as JSON, and the answers of /healthz and /readyz.
// It knows nothing of meters, buffers or networks: whatever it prints was handed to it, and it never
// asks for, stores or sends anything itself.
//
// Routes, all read-only:
//
//	/               the page, in French or English
//	/events         the live stream of that page (text/event-stream)
//	/api/v1/status  the snapshot as JSON
//	/healthz        200 while the process lives
//	/readyz         200 while every required check passes, else 503 and the first reason
//	/assets/…       style, module and icon, named after their content
package status
