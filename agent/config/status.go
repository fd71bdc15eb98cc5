package config

import "regexp"

// hostName is a name of DNS, without scheme and port; it may be one label.
var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func (f *findings) status(d document) Status {
	raw := d.Status
	s := Status{Listen: "127.0.0.1:8080", Closed: raw.View == "password", Hosts: raw.Hosts}
	if raw.Listen != nil {
		s.Listen = *raw.Listen
	}
	if s.Listen != "" && !isHostPort(s.Listen) {
		f.addf("status.listen: %q is not host:port", s.Listen)
	}
	if view := or(raw.View, "open"); view != "open" && view != "password" {
		f.addf("status.view: %q is not one of open, password", view)
	}
	for _, name := range raw.Hosts {
		if len(name) > 253 || !hostName.MatchString(name) {
			f.addf("status.hosts: %q is not a name such as energy.example, without http:// and port", name)
		}
	}
	return s
}
