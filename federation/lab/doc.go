// Package lab starts the real servers of a federation, and of what lies behind it, for Go tests and for the
// demonstration: ejabberd, Prosody and Zabbix from Debian's packages, as child processes
// in a temporary folder, on loopback, with ports nobody else uses.
//
// What comes in is a list of domains; what goes out is addresses to connect to
// and one certificate authority to trust. The package knows nothing of readings,
// of Quoalise, or of the XMPP library the product uses.
//
// # A first test
//
// New starts two domains, breizh-sen1.example on ejabberd and breizh-sen2.example
// on Prosody, and ends everything with the test. Without the packages the test is
// skipped; where the environment variable CI is set, it fails instead.
//
//	fed := lab.New(t, lab.Options{})
//	home := fed.Server("breizh-sen1.example")
//	if err := home.Register(ctx, "maison", "secret"); err != nil {
//		t.Fatal(err)
//	}
//	session := dial(home.Addr(), fed.CAFile()) // STARTTLS; ServerName is the domain
//
// Servers of several kinds, in one table:
//
//	for _, kind := range []lab.Kind{lab.Ejabberd, lab.Prosody} {
//		fed := lab.New(t, lab.Options{Domains: []lab.Domain{
//			{Name: "breizh-sen1.example", Kind: kind},
//			{Name: "breizh-sen2.example", Kind: lab.Prosody},
//		}})
//	}
//
// # Making things go wrong
//
// A server can be stopped politely ([Server.Stop]), killed ([Server.Kill]),
// started again with the same data and the same ports ([Server.Start]), or
// suspended while its connections stay open ([Server.Freeze], [Server.Thaw]).
// A [Proxy] in front of any address makes the link stall, break, refuse, or
// swallow bytes. [Federation.Route] puts such a proxy between two servers:
//
//	link, err := lab.NewProxy(far.PeerAddr())
//	fed.Route(far.Domain(), link.Addr())
//	link.Stall() // the servers no longer hear each other, nobody is told
//
// A network that lets nobody out directly is a [Gate]: a proxy that is told where to go (CONNECT, SOCKS5). What clients
// find by DNS is changed with [Federation.Announce]; XMPP over WebSocket is at [Server.WebSocketURL].
//
// # Zabbix
//
// [NewZabbix] starts a Zabbix server, its database and its frontend for one test, to which values are sent and of whose API
// they are asked. It can be killed and started again as the others.
//
// # How it works
//
// The servers find each other through a small name server inside the calling
// process (SRV records with the chosen port), so neither root nor a private mount
// namespace is needed. They trust each other through certificates of a throw-away
// authority, require TLS, and do not know dialback. Prosody refuses to run as
// root: when the caller is root, it runs as the user prosody. No epmd is started,
// and Erlang's distribution only for a domain of several nodes.
//
// Every listener is on 127.0.0.1; the nodes of one domain listen for each other
// on 127.0.0.1, 127.0.0.2 and so on. The servers die with the calling process, even
// when it is killed with SIGKILL; the temporary folder then stays behind.
// The package is for Linux.
package lab
