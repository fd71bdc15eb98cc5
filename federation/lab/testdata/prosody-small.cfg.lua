pidfile = "/tmp/a \"dir\"/prosody.pid"
data_path = "/tmp/a \"dir\"/data"
plugin_paths = {}
log = { info = "/tmp/a \"dir\"/server.log" }

interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
use_ipv6 = false
c2s_ports = { 20001 }
c2s_direct_tls_ports = { 20002 }
s2s_ports = { 20003 }
http_ports = {}
https_ports = { 20005 }
https_interfaces = { "127.0.0.1" }

modules_enabled = {
	"adhoc", "csi_simple", "disco", "lastactivity", "offline", "pep", "ping",
	"roster", "saslauth", "user_account_management", "smacks", "time", "tls", "uptime", "version", "websocket",
}
modules_disabled = { "s2s_auth_dane" }

authentication = "internal_hashed"
storage = "internal"
admins = { "admin@breizh-sen1.example" }
c2s_require_encryption = true
s2s_require_encryption = true
s2s_secure_auth = true
c2s_stanza_size_limit = 65536
s2s_stanza_size_limit = 131072
limits = { c2s = { rate = "10kb/s" }, s2sin = { rate = "30kb/s" } }
certificates = "/tmp/a \"dir\""
ssl = { certificate = "/tmp/cert.pem", key = "/tmp/key.pem", cafile = "/tmp/ca.pem" }
unbound = {
	resolvconf = false,
	hoststxt = false,
	forward = "127.0.0.1@20000",
	options = { ["do-not-query-localhost:"] = "no" },
}

VirtualHost "breizh-sen1.example"
Component "pubsub.breizh-sen1.example" "pubsub"
