package port

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// The options asked for, and the commands of RFC 2217 §3. A server answers a command with 100 added to its number.
const (
	binaryTransmission = 0  // RFC 856
	suppressGoAhead    = 3  // RFC 858
	comPort            = 44 // RFC 2217

	setBaudRate = 1
	setDataSize = 2
	setParity   = 3
	setStopSize = 4
	setControl  = 5
	purgeData   = 12

	answered = 100
)

// remote is the address of a serial server that can be told the speed: ser2net with telnet(rfc2217), an industrial
// terminal server.
type remote struct{ address string }

// remotePatience bounds the wait for an answer of the server.
const remotePatience = 3 * time.Second

// open connects and sets the line to eight bits without parity at that speed. A server that refuses the option, or does
// not know telnet at all, is read at the speed that it has.
func (r remote) open(ctx context.Context, speed int) (conn, error) {
	s, err := dial(ctx, "rfc2217://"+r.address, r.address)
	if err != nil {
		return nil, err
	}
	p := &remotePort{socket: s}
	if err := p.begin(ctx, speed); err != nil {
		s.Close() // the first error is the one to tell
		return nil, err
	}
	return p, nil
}

// remotePort is a serial port at the other end of a telnet session.
type remotePort struct {
	*socket
	telnet telnet
	ours   [256]stance // options on our side, by their number
	theirs [256]stance // options on the server's side

	at      int    // speed, as the server confirmed it; 0 while it did not
	early   []byte // data that came during a negotiation, to be read first
	replies []byte // to be sent
}

// stance is what was said of an option.
type stance uint8

const (
	unsaid stance = iota
	asked
	agreed
	refused
)

// begin negotiates the options, and then the line. It returns an error when the connection breaks.
func (p *remotePort) begin(ctx context.Context, speed int) error {
	p.ask(&p.ours, will, comPort)
	p.ask(&p.ours, will, binaryTransmission)
	p.ask(&p.theirs, do, binaryTransmission)
	p.ask(&p.theirs, do, suppressGoAhead)
	if err := p.await(ctx, func() bool { return p.ours[comPort] != asked }); err != nil {
		return err
	}
	if p.ours[comPort] != agreed {
		return nil
	}
	for _, setting := range [][]byte{
		{setDataSize, 8}, {setParity, 1}, {setStopSize, 1}, // 1 is none, and one
		{setControl, 1}, // no flow control
	} {
		p.replies = append(p.replies, subnegotiation(comPort, setting...)...)
	}
	return p.setSpeed(ctx, speed)
}

func (p *remotePort) ask(side *[256]stance, verb, option byte) {
	side[option] = asked
	p.replies = append(p.replies, iac, verb, option)
}

// setSpeed waits for the speed that the server confirms, which may be another. What comes before was received at the
// old one, here and at the server, and is dropped. A server that does not answer is taken to have obeyed.
func (p *remotePort) setSpeed(ctx context.Context, speed int) error {
	p.at = 0
	wanted := binary.BigEndian.AppendUint32([]byte{setBaudRate}, uint32(speed))
	p.replies = append(p.replies, subnegotiation(comPort, wanted...)...)
	p.replies = append(p.replies, subnegotiation(comPort, purgeData, 1)...) // 1 is the receive buffer
	if err := p.await(ctx, func() bool { return p.at != 0 }); err != nil {
		return err
	}
	if p.at == 0 {
		p.at = speed
	}
	return nil
}

// await reads until done, for a while at most.
func (p *remotePort) await(ctx context.Context, done func() bool) error {
	var buf [512]byte
	for until := time.Now().Add(remotePatience); ; {
		if err := p.reply(); err != nil {
			return err
		}
		if done() || ctx.Err() != nil || time.Now().After(until) {
			return nil
		}
		n, err := p.receive(buf[:])
		if err != nil {
			return err
		}
		p.early = append(p.early, buf[:n]...)
		p.early = p.early[max(0, len(p.early)-earlyRoom):]
	}
}

// earlyRoom bounds what is kept of the data that comes during a negotiation.
const earlyRoom = 4096

// Read returns 0 and nil after a glance without data.
func (p *remotePort) Read(buf []byte) (int, error) {
	if len(p.early) > 0 {
		n := copy(buf, p.early)
		p.early = p.early[n:]
		return n, nil
	}
	n, err := p.receive(buf)
	if err == nil {
		err = p.reply()
	}
	return n, err
}

// receive reads from the connection and obeys the commands; what it returns is data.
func (p *remotePort) receive(buf []byte) (int, error) {
	n, err := p.socket.Read(buf)
	return len(p.telnet.decode(buf[:n], p.obey)), err
}

// reply sends what was decided, and does not wait long for a server that does not read.
func (p *remotePort) reply() error {
	if len(p.replies) == 0 {
		return nil
	}
	line := p.replies
	p.replies = nil
	if err := p.SetWriteDeadline(time.Now().Add(remotePatience)); err != nil {
		return fmt.Errorf("answer port %s: %w", p.title, err)
	}
	if _, err := p.Write(line); err != nil {
		return fmt.Errorf("answer port %s: %w", p.title, err)
	}
	return nil
}

func (p *remotePort) obey(c command) {
	switch c.verb {
	case do:
		p.consider(&p.ours, c.option, will, wont)
	case dont:
		p.decline(&p.ours, c.option, wont)
	case will:
		p.consider(&p.theirs, c.option, do, dont)
	case wont:
		p.decline(&p.theirs, c.option, dont)
	case sb:
		p.confirm(c)
	}
	p.telnet.binary = p.theirs[binaryTransmission] == agreed
}

// consider takes a server's yes or wish. Only a change is answered, so that two sides cannot go on for ever (RFC 854).
func (p *remotePort) consider(side *[256]stance, option, yes, no byte) {
	wanted := option == comPort || option == binaryTransmission || option == suppressGoAhead
	switch {
	case side[option] == agreed:
	case side[option] == asked:
		side[option] = agreed
	case wanted:
		side[option] = agreed
		p.replies = append(p.replies, iac, yes, option)
	case side[option] == unsaid:
		side[option] = refused
		p.replies = append(p.replies, iac, no, option)
	}
}

func (p *remotePort) decline(side *[256]stance, option, no byte) {
	if side[option] == agreed {
		p.replies = append(p.replies, iac, no, option)
	}
	side[option] = refused
}

// confirm takes the speed that the server has set.
func (p *remotePort) confirm(c command) {
	speed, found := bytes.CutPrefix(c.text, []byte{answered + setBaudRate})
	if c.option != comPort || !found || len(speed) != 4 {
		return
	}
	if n := binary.BigEndian.Uint32(speed); n <= maxSpeed {
		p.at = int(n)
		p.early = nil // and what this reading brings before the answer is dropped with it, or refused by the decoder
	}
}

// maxSpeed is more than any line has, and fits everywhere.
const maxSpeed = 10_000_000

func (p *remotePort) speed() int { return p.at }

// tune changes the speed, unless the server would not hear of it.
func (p *remotePort) tune(speed int) error {
	if p.ours[comPort] != agreed {
		return nil
	}
	p.early = nil
	return p.setSpeed(context.Background(), speed)
}
