package port

// The characters and commands of RFC 854 and 855.
const (
	se   = 240 // a subnegotiation ends
	sb   = 250 // a subnegotiation begins
	will = 251
	wont = 252
	do   = 253
	dont = 254
	iac  = 255 // a command follows; twice, it is a byte of data

	carriageReturn = 13
)

// telnet takes the commands of RFC 854 out of a stream. The zero value is at its beginning.
//
//	Format:  data | IAC IAC | IAC verb option | IAC SB option bytes IAC SE | IAC command
//	Example: "\xff\xfd\x2c" (IAC DO COM-PORT-OPTION)
//
// Outside binary transmission (RFC 856) a CR that ends no line is sent as CR NUL; the NUL is dropped.
type telnet struct {
	binary bool // what comes is sent as it is

	place   place
	verb    byte // of the command being read
	afterCR bool
	sub     []byte // the subnegotiation being read, its option first
}

// place is what a byte is part of.
type place uint8

const (
	inData place = iota
	afterIAC
	afterVerb // an option follows
	inSub
	afterIACInSub
)

// maxSub bounds a subnegotiation. Those of RFC 2217 hold 5 bytes, or the server's name; what is longer is cut.
const maxSub = 64

// command is what a stream holds besides data.
type command struct {
	verb   byte // will, wont, do, dont, or sb
	option byte
	text   []byte // of a subnegotiation; valid until the next decode
}

// decode calls obey for each command of p and returns the data, which overwrites p.
func (t *telnet) decode(p []byte, obey func(command)) []byte {
	data := p[:0]
	for _, c := range p {
		if t.take(c, obey) {
			data = append(data, c)
		}
	}
	return data
}

// take reports whether a byte is data.
func (t *telnet) take(c byte, obey func(command)) bool {
	switch t.place {
	case inData:
		return t.plain(c)
	case afterIAC:
		return t.begin(c)
	case afterVerb:
		t.place = inData
		obey(command{verb: t.verb, option: c})
	case inSub:
		t.gather(c)
	case afterIACInSub:
		t.end(c, obey)
	}
	return false
}

func (t *telnet) plain(c byte) bool {
	padding := c == 0 && t.afterCR && !t.binary
	t.afterCR = c == carriageReturn
	if c == iac {
		t.place = afterIAC
	}
	return c != iac && !padding
}

// begin takes the byte after IAC. Commands without an option, such as NOP and GA, have no meaning here.
func (t *telnet) begin(c byte) bool {
	t.place = inData
	switch c {
	case will, wont, do, dont:
		t.place, t.verb = afterVerb, c
	case sb:
		t.place, t.sub = inSub, t.sub[:0]
	}
	return c == iac
}

func (t *telnet) gather(c byte) {
	if c == iac {
		t.place = afterIACInSub
		return
	}
	if len(t.sub) < maxSub {
		t.sub = append(t.sub, c)
	}
}

// end takes the byte after IAC in a subnegotiation. Anything but IAC and SE is an error of the server, which leaves out
// the end; what it began instead is obeyed.
func (t *telnet) end(c byte, obey func(command)) {
	if c == iac {
		t.place = inSub
		if len(t.sub) < maxSub {
			t.sub = append(t.sub, c)
		}
		return
	}
	if c == se && len(t.sub) > 0 {
		obey(command{verb: sb, option: t.sub[0], text: t.sub[1:]})
	}
	t.begin(c)
}

// subnegotiation returns IAC SB option text IAC SE, with each IAC of the text doubled.
func subnegotiation(option byte, text ...byte) []byte {
	line := []byte{iac, sb, option}
	for _, c := range text {
		line = append(line, c)
		if c == iac {
			line = append(line, c)
		}
	}
	return append(line, iac, se)
}
