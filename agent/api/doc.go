// Package api answers programs: what the page shows, and what the history holds, as JSON, CSV, SenML and in the text format of
// Prometheus.
//
// In: functions that say how it goes, and an engine of the history. Out: answers to what is read under /api/v1, which
// openapi.json describes (served beside them, and a test holds every answer to it), and /metrics. Who may read is decided
// before; nothing can be changed here. Errors are problems of RFC 9457, in one sentence.
package api
