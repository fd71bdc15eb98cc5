package lab

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strconv"
)

// The bytes of SOCKS5 (RFC 1928, RFC 1929) that a gate knows.
const (
	socksVersion    = 5
	socksOpen       = 0    // method: no authentication
	socksPassword   = 2    // method: name and password
	socksNoMethod   = 0xFF // none of those offered
	socksName       = 3    // type of address
	socksIPv4       = 1
	socksRefused    = 2 // by the rules
	passwordVersion = 1
)

// socks answers RFC 1928, of which it knows the command CONNECT.
func (g *Gate) socks(conn net.Conn, in *bufio.Reader) net.Conn {
	methods, err := counted(in, 1)
	if err != nil || !g.admit(conn, in, methods) {
		return nil
	}
	asked, err := socksAddress(in)
	if err != nil {
		return nil
	}
	there := g.to(asked)
	reply := []byte{socksVersion, 0, 0, socksIPv4, 0, 0, 0, 0, 0, 0}
	if there == nil {
		reply[1] = socksRefused
	}
	if _, err := conn.Write(reply); err != nil && there != nil {
		_ = there.Close()
		return nil
	}
	return there
}

// admit agrees on a method and checks the password.
func (g *Gate) admit(conn net.Conn, in *bufio.Reader, methods []byte) bool {
	method := byte(socksOpen)
	if g.user != "" {
		method = socksPassword
	}
	if !slices.Contains(methods, method) {
		_, _ = conn.Write([]byte{socksVersion, socksNoMethod})
		return false
	}
	if _, err := conn.Write([]byte{socksVersion, method}); err != nil || method == socksOpen {
		return err == nil
	}
	user, errU := counted(in, 1)
	secret, errS := counted(in, 0)
	right := errU == nil && errS == nil && string(user) == g.user && string(secret) == g.secret
	status := byte(0)
	if !right {
		status = 1
	}
	_, err := conn.Write([]byte{passwordVersion, status})
	return right && err == nil
}

// counted skips some bytes and reads as many as the next one says.
func counted(in *bufio.Reader, skip int) ([]byte, error) {
	if _, err := in.Discard(skip); err != nil {
		return nil, err
	}
	n, err := in.ReadByte()
	if err != nil {
		return nil, err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(in, text)
	return text, err
}

// socksAddress reads a request: version, command, reserved, type, address, port.
func socksAddress(in *bufio.Reader) (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return "", err
	}
	var host string
	switch head[3] {
	case socksName:
		name, err := counted(in, 0)
		if err != nil {
			return "", err
		}
		host = string(name)
	default:
		ip := make(net.IP, net.IPv4len)
		if head[3] != socksIPv4 {
			ip = make(net.IP, net.IPv6len)
		}
		if _, err := io.ReadFull(in, ip); err != nil {
			return "", err
		}
		host = ip.String()
	}
	var port [2]byte
	if _, err := io.ReadFull(in, port[:]); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port[:])))), nil
}
