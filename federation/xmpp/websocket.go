package xmpp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// maxMessage bounds one message of a WebSocket, which is one stanza of our server.
const maxMessage = 2 << 20

// CheckWebSocket says what is wrong with the address of a WebSocket. It begins with wss: nothing is said in the clear.
func CheckWebSocket(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "wss" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%q is not an address such as wss://host/xmpp-websocket", text)
	}
	return nil
}

// dialWebSocket opens XMPP over WebSocket (RFC 7395), for networks that let nothing but the web through.
func dialWebSocket(ctx context.Context, cfg Config, security *tls.Config, address string) (*transport, error) {
	if err := CheckWebSocket(address); err != nil {
		return nil, at(StageNames, err)
	}
	ctx, cancel := context.WithTimeout(ctx, targetPatience)
	defer cancel()
	web := &browser{cfg: cfg, security: security}
	socket, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: web.client(), Subprotocols: []string{"xmpp"}, CompressionMode: websocket.CompressionDisabled,
	})
	switch {
	case err != nil:
		return nil, at(StageTLS, trust(err))
	case socket.Subprotocol() != "xmpp":
		return nil, at(StageStream, errors.Join(errors.New("there is no XMPP behind this address"), socket.CloseNow()))
	}
	stream := framed{Conn: websocket.NetConn(context.Background(), socket, websocket.MessageText), socket: socket, ended: make(chan struct{})}
	socket.SetReadLimit(maxMessage)
	return &transport{stream: &stream, conn: web.conn, secure: true}, nil
}

// browser makes connections of the web the way all others are made.
type browser struct {
	cfg      Config
	security *tls.Config
	conn     *watchedConn // the last that was opened
}

// client checks certificates against the host of a URL, as the web does.
func (b *browser) client() *http.Client {
	security := b.security.Clone()
	security.ServerName = ""
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: security,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			raw, err := dialTCP(ctx, b.cfg, address)
			if err != nil {
				return nil, err
			}
			b.conn = watch(raw)
			return b.conn, nil
		},
	}}
}

// framed makes a stream of XML (RFC 6120) of a WebSocket, where each stanza is a message of its own and <open/> and
// <close/> stand for the tags of the stream.
type framed struct {
	net.Conn // each write to it is a message
	socket   *websocket.Conn
	in       bytes.Buffer
	out      documents
	ended    chan struct{} // closed when nothing more comes in
	end      sync.Once
}

// farewellPatience bounds the wait for the server's <close/> after ours (RFC 7395 §3.6). A connection that is cut before
// it is one that broke, for ejabberd: it would keep the session for its return, and what is sent to it meanwhile.
const farewellPatience = time.Second

// Read returns bytes of the stream. Deadlines do not hold for it: who waits no longer closes the connection.
func (f *framed) Read(p []byte) (int, error) {
	for f.in.Len() == 0 {
		_, message, err := f.socket.Read(context.Background())
		switch {
		case websocket.CloseStatus(err) == websocket.StatusNormalClosure:
			f.over()
			return 0, io.EOF
		case err != nil:
			f.over()
			return 0, err
		}
		text, err := unframe(message)
		if err != nil {
			return 0, err
		}
		if bytes.Equal(text, []byte(streamEnd)) {
			f.over()
		}
		f.in.Write(text)
	}
	return f.in.Read(p)
}

// Write takes bytes of the stream and sends what is complete.
func (f *framed) Write(p []byte) (int, error) {
	for _, document := range f.out.cut(p) {
		message, err := frame(document)
		if err == nil && len(message) > 0 {
			_, err = f.Conn.Write(message)
		}
		if err != nil {
			return 0, err
		}
		if bytes.Equal(document, []byte(streamEnd)) {
			select {
			case <-f.ended:
			case <-time.After(farewellPatience):
			}
		}
	}
	return len(p), nil
}

func (f *framed) over() { f.end.Do(func() { close(f.ended) }) }
