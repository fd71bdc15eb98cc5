package buffer

import (
	"fmt"
	"log/slog"
	"strings"
)

// badgerLog gives Badger's messages to a slog.Logger: what it calls information is detail to us, and its
// errors are warnings because the buffer reports what they mean for the user itself.
type badgerLog struct{ log *slog.Logger }

// Errorf implements badger.Logger.
func (l badgerLog) Errorf(format string, args ...any) { l.log.Warn(message(format, args)) }

// Warningf implements badger.Logger.
func (l badgerLog) Warningf(format string, args ...any) { l.log.Warn(message(format, args)) }

// Infof implements badger.Logger.
func (l badgerLog) Infof(format string, args ...any) { l.log.Debug(message(format, args)) }

// Debugf implements badger.Logger. Badger calls it on every write, hence dropped unformatted.
func (l badgerLog) Debugf(string, ...any) {}

func message(format string, args []any) string {
	return "badger: " + strings.TrimSpace(fmt.Sprintf(format, args...))
}
