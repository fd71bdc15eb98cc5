package share

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// maxQueue is how many pieces may wait for a client: half a minute at the usual 100 ms each. The pieces are shared
	// between the clients.
	maxQueue = 256
	// maxSearch is how many bytes a client waits for the beginning of a frame, which no frame is longer than. Who then
	// gets bytes without one can see what noise the line makes.
	maxSearch = 4096
	// sendBuffer keeps the kernel from holding minutes of a slow client's bytes.
	sendBuffer = 16 << 10
	// breather is the pause after each piece that a client sends: nobody reads it, and TCP holds up who sends more.
	breather = 50 * time.Millisecond

	startOfText = 0x02 // Enedis-NOI-CPT_54E §5.3.2
	parityBit   = 0x80
)

// client is one program that reads along.
type client struct {
	conn     net.Conn
	patience time.Duration
	queue    chan []byte

	// Guarded by the server's lock.
	begun    bool // in the middle of frames; else the next bytes are withheld up to the beginning of one
	withheld int
	behind   bool // it read too slowly, and lacks bytes that others got
}

func newClient(conn net.Conn, patience time.Duration) *client {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a wish; without it the kernel keeps more
	}
	return &client{conn: conn, patience: patience, queue: make(chan []byte, maxQueue)}
}

// offer queues a chunk, and returns how many bytes of it a client that is behind does not get.
func (c *client) offer(chunk []byte) (skipped int) {
	behind := c.behind
	rest := c.fromFrame(chunk)
	if len(rest) > 0 {
		select {
		case c.queue <- rest:
			c.behind = false
		default:
			c.await()
			c.behind = true
			return len(chunk)
		}
	}
	if behind {
		return len(chunk) - len(rest)
	}
	return 0
}

// await makes the client wait for the beginning of a frame.
func (c *client) await() { c.begun, c.withheld = false, 0 }

// fromFrame returns the part of a chunk that the client is to get.
func (c *client) fromFrame(chunk []byte) []byte {
	if c.begun {
		return chunk
	}
	for i, b := range chunk {
		if b&^parityBit == startOfText || c.withheld+i >= maxSearch {
			c.begun = true
			return chunk[i:]
		}
	}
	c.withheld += len(chunk)
	return nil
}

// errLeft is the usual end.
var errLeft = errors.New("it closed the connection")

// run sends what is queued until ctx ends or the client leaves, and returns why.
func (c *client) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer c.conn.Close() // ends the reading
	defer context.AfterFunc(ctx, func() { c.conn.Close() })()
	group.Go(func() { cancel(c.discard()) })
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case chunk := <-c.queue:
			if err := c.send(chunk); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func (c *client) send(chunk []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return fmt.Errorf("send to client: %w", err)
	}
	if _, err := c.conn.Write(chunk); err != nil {
		return fmt.Errorf("send to client: %w", err)
	}
	return nil
}

// discard reads what the client sends, because that is how its leaving is noticed, and forgets it: a meter takes no
// orders. A client that closes its sending side has left, too.
func (c *client) discard() error {
	var buf [512]byte
	for {
		if _, err := c.conn.Read(buf[:]); errors.Is(err, io.EOF) {
			return errLeft
		} else if err != nil {
			return fmt.Errorf("read from client: %w", err)
		}
		time.Sleep(breather)
	}
}

// tookNothing tells the end of a client that did not read.
func tookNothing(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
