package xmpp

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	mellium "mellium.im/xmpp"
)

const (
	nsSASL           = "urn:ietf:params:xml:ns:xmpp-sasl"
	nsChannelBinding = "urn:xmpp:sasl-cb:0" // XEP-0440
)

// Failure is the answer of a server that refuses a login (RFC 6120 §6.5).
type Failure struct {
	Condition string // such as not-authorized
	Text      string // the server's own words, or ""
}

// Error is the condition and the server's words.
func (f *Failure) Error() string {
	if f.Text == "" {
		return f.Condition
	}
	return f.Condition + ": " + f.Text
}

// Is says whether the refusal is one that repeating does not cure.
func (f *Failure) Is(target error) bool {
	switch f.Condition {
	case "not-authorized", "account-disabled", "credentials-expired":
		return target == ErrCredentials
	}
	return false
}

// authenticate logs in with SCRAM (RFC 5802, RFC 7677), and with nothing else: every other mechanism hands the password,
// or something as good, to whoever is at the other end. mellium's own feature keeps its errors to itself, takes a
// channel binding by the version of TLS alone, and knows neither SHA-512 nor what protects from downgrades.
func authenticate(user, password string, told *terms) []mellium.StreamFeature {
	return []mellium.StreamFeature{announcedBindings(), {
		Name:       xml.Name{Space: nsSASL, Local: "mechanisms"},
		Necessary:  mellium.Secure,
		Prohibited: mellium.Authn,
		Parse: func(_ context.Context, d *xml.Decoder, start *xml.StartElement) (bool, any, error) {
			e, err := readElement(d, *start)
			return true, texts(e, "mechanism"), err
		},
		Negotiate: func(_ context.Context, s *mellium.Session, data any) (mellium.SessionState, io.ReadWriter, error) {
			mechanisms, _ := data.([]string)
			bindings, _ := s.Feature(nsChannelBinding)
			o := offer{mechanisms: mechanisms, state: s.ConnectionState()}
			o.bindings, _ = bindings.([]string)
			talk, err := o.begin(user, password)
			if err != nil {
				return 0, nil, err
			}
			told.mechanism = talk.String()
			if err := talk.hold(s); err != nil {
				return 0, nil, err
			}
			return mellium.Authn, s.Conn(), nil
		},
	}}
}

// announcedBindings only notes which channel bindings the server can do.
func announcedBindings() mellium.StreamFeature {
	return mellium.StreamFeature{
		Name:       xml.Name{Space: nsChannelBinding, Local: "sasl-channel-binding"},
		Necessary:  mellium.Secure, // what was said in the clear may be anybody's
		Prohibited: mellium.Authn,
		Parse: func(_ context.Context, d *xml.Decoder, start *xml.StartElement) (bool, any, error) {
			e, err := readElement(d, *start)
			if err != nil {
				return false, nil, err
			}
			var types []string
			for _, c := range e.Children {
				types = append(types, c.Attr("type"))
			}
			return false, types, nil
		},
	}
}

// texts lists what is in the children called local.
func texts(e *Element, local string) []string {
	var all []string
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Name.Local == local {
			all = append(all, strings.TrimSpace(c.Text))
		}
	}
	return all
}

// hold exchanges messages until the server says success and has proved that it knows the password too.
func (t *talk) hold(s *mellium.Session) (err error) {
	r := s.TokenReader()
	defer func() { err = errors.Join(err, r.Close()) }()
	first, err := t.step("")
	if err != nil {
		return err
	}
	word := NewElement(nsSASL, "auth", "mechanism", t.mechanism).WithText(first)
	for {
		answer, err := exchange(s.Conn(), r, word)
		success := err == nil && answer.Name.Local == "success"
		switch {
		case err != nil:
			return err
		case success && t.done():
			return nil
		case success && !t.closing():
			return fmt.Errorf("%w: it lets us in without a proof that it knows the password", ErrImpostor)
		}
		reply, err := t.step(answer.Text)
		if err != nil || success {
			return err
		}
		word = NewElement(nsSASL, "response").WithText(reply)
	}
}

// exchange sends one element of SASL and returns the challenge or success that answers it, with its text decoded.
func exchange(w io.Writer, r xml.TokenReader, word *Element) (*Element, error) {
	word.Text = base64.StdEncoding.EncodeToString([]byte(word.Text))
	said, err := encode(word)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(said); err != nil {
		return nil, err
	}
	start, err := nextStart(r)
	if err != nil {
		return nil, err
	}
	answer, err := readElement(r, start)
	switch {
	case err != nil:
		return nil, err
	case answer.Name == xml.Name{Space: nsSASL, Local: "failure"}:
		return nil, failureOf(answer)
	case answer.Name.Space != nsSASL || answer.Name.Local != "challenge" && answer.Name.Local != "success":
		return nil, fmt.Errorf("unexpected <%s/> while logging in", answer.Name.Local)
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(answer.Text))
	if err != nil {
		return nil, fmt.Errorf("read <%s/>: %w", answer.Name.Local, err)
	}
	answer.Text = string(text)
	return answer, nil
}

func failureOf(e *Element) *Failure {
	f := &Failure{Condition: "undefined-condition"}
	for _, c := range e.Children {
		if c.Name.Local == "text" {
			f.Text = strings.TrimSpace(c.Text)
		} else {
			f.Condition = c.Name.Local
		}
	}
	return f
}
