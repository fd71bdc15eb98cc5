package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// wrapped is where Erlang breaks a long text into lines.
var wrapped = regexp.MustCompile(`"\n\s+"`)

// Streams returns what an ejabberd has logged since it was first started, with all XML that it has read from clients and
// other servers or said to them, in the clear: of a federation with Options.Streams.
func (s *Server) Streams() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "server.log"))
	if err != nil {
		return nil, fmt.Errorf("read the streams of %s: %w", s.domain.Name, err)
	}
	return wrapped.ReplaceAll(text, nil), nil
}
