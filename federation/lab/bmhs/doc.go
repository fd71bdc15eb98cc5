// Package bmhs is a strict stand-in for a BMHS server (smarthome-application 6.16), which cannot be installed from
// Debian's packages: the agent's requests and websocket, the data API, and what they leave in the history.
//
// In: what an agent or a proxy sends. Out: the server's own statuses and sentences, and what it would have stored. Where
// the real server takes something that ends in a wrong or a lost reading, the stand-in does the same with it, or refuses
// it with a sentence that begins with "strict:", so that a test sees it.
//
//	server, err := bmhs.Start(bmhs.Options{Zone: paris})
//	defer server.Close()
//	server.AddUser("foyer@breizh-sen1.example", key)
//	server.Activate("foyer@breizh-sen1.example", "02:00:00:00:00:01")
//	// … POST server.URL()+"/device/publicChangeValueFromAgent"
//	rows := server.Rows("60060-1f2e3d4c5b6a7988", "base")
package bmhs
