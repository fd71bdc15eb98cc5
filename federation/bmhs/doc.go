// Package bmhs hands readings to a BMHS server (smarthome-application), reads them there, and keeps the presence of an
// agent.
//
// In: packs of records named "<device>/<path>", as a gate let them through. Out: the messages that BMHS's own agent
// sends (POST /device/publicChangeValueFromAgent), or rows of its data API (/api/device/push). The other way round,
// rows of /api/device/fetch become records. It knows neither meters nor buffers, and never does what the server asks of
// an agent beyond a live trace: no shell, no actuators, no configuration.
//
// # What the server does with it
//
//   - A reading that comes twice is stored twice: history has no key. So a message is written down before it goes, and
//     its answer before the next one does. When no answer came nobody knows whether it was stored: it is sent again, letter
//     by letter, also after a kill or a power cut. Totals of days and the energy of periods, each once by its time, are right.
//   - What comes later overwrites what is shown, whatever its date: messages go one at a time, oldest first.
//   - A date is taken as the server's local time, whatever zone it names: see Date.
//   - Values are texts. A number would become a Double on its way, whose exponent no index survives.
package bmhs
