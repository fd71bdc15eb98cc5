package federation

import "errors"

// What somebody who examines a system outside the federation finds once it answers. What lies before that (a name, a
// connection, a certificate) are the errors of the network, as they are.
var (
	ErrStranger = errors.New("what answers is another server")
	ErrDenied   = errors.New("the server does not take the key or the token")
	ErrAbsent   = errors.New("what is asked for is not there")
)

// Meaning returns err as one that is also meant by errors.Is, and says the same as before.
func Meaning(err, meant error) error { return meaning{err, meant} }

type meaning struct {
	error
	meant error
}

func (m meaning) Is(target error) bool { return target == m.meant }
func (m meaning) Unwrap() error        { return m.error }
