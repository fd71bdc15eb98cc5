package xmpp

import (
	"crypto/sha1" //nolint:gosec // what RFC 5802 prescribes, and all that a stock ejabberd 23.01 offers
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// Why a login was given up by us.
var (
	// ErrMechanism means that the server offers only logins that would show it the password, or none.
	ErrMechanism = errors.New("the server offers no login that keeps the password secret (SCRAM)")
	// ErrImpostor means that whoever answers does not know the password, or has changed what the server said.
	ErrImpostor = errors.New("somebody stands between us and the server")
)

// maxIterations bounds the work a server can ask of us. Servers ask for 4096 to some hundred thousand rounds.
const maxIterations = 1_000_000

const plus = "-PLUS" // the login is tied to the TLS connection

// family is SCRAM with one hash.
type family struct {
	name string // the mechanism's without -PLUS
	hash func() hash.Hash
}

// families from the strongest to the weakest.
func families() []family {
	return []family{
		{"SCRAM-SHA-512", sha512.New},
		{"SCRAM-SHA-256", sha256.New},
		{"SCRAM-SHA-1", sha1.New},
	}
}

// offer is what a server says about its logins, over a TLS connection that ends at it (or the zero state).
type offer struct {
	mechanisms []string
	bindings   []string // types of channel binding (XEP-0440); nil when it says nothing of them
	state      tls.ConnectionState
}

// begin chooses a mechanism: one that is tied to this connection first, then by the strength of the hash.
func (o offer) begin(user, password string) (*talk, error) {
	binding, err := o.binding()
	if err != nil {
		return nil, err
	}
	suffixes := []string{""}
	if binding.IsSupported() {
		suffixes = []string{plus, ""}
	}
	for _, suffix := range suffixes {
		for _, f := range families() {
			if slices.Contains(o.mechanisms, f.name+suffix) {
				return o.talk(f, suffix, binding, user, password)
			}
		}
	}
	return nil, fmt.Errorf("%w, only: %s", ErrMechanism, strings.Join(o.mechanisms, " "))
}

// binding returns the channel binding that both sides can do, or the zero one. Without an announcement the type is
// tls-unique (RFC 5802 §6), which TLS 1.3 has not: ejabberd 23.01 lists -PLUS over it all the same, and refuses.
func (o offer) binding() (scram.ChannelBinding, error) {
	announced := o.bindings
	if announced == nil {
		announced = []string{"tls-unique"}
	}
	switch {
	case o.state.Version == 0 || !o.hasPlus():
	case slices.Contains(announced, "tls-exporter") && o.state.Version >= tls.VersionTLS13: // before, empty contexts differ (RFC 5705 §4)
		return scram.NewTLSExporterBinding(&o.state)
	case slices.Contains(announced, "tls-unique") && len(o.state.TLSUnique) > 0:
		return scram.NewTLSUniqueBinding(o.state.TLSUnique), nil
	case slices.Contains(announced, "tls-server-end-point") && len(o.state.PeerCertificates) > 0:
		return scram.NewTLSServerEndpointBinding(&o.state)
	}
	return scram.ChannelBinding{}, nil
}

func (o offer) hasPlus() bool {
	return slices.ContainsFunc(o.mechanisms, func(m string) bool { return strings.HasPrefix(m, "SCRAM-") && strings.HasSuffix(m, plus) })
}

// talk starts a conversation. Its first word tells the server what we saw of its list: a server that does tie logins to
// the connection refuses "y", which says that nobody told us so (RFC 5802 §6).
func (o offer) talk(f family, suffix string, binding scram.ChannelBinding, user, password string) (*talk, error) {
	client, err := scram.HashGeneratorFcn(f.hash).NewClient(user, password, "")
	if err != nil {
		return nil, fmt.Errorf("%w: the name or password has characters that no password may have (%w)", ErrCredentials, err)
	}
	t := &talk{mechanism: f.name + suffix, offer: o, family: f}
	switch {
	case suffix == plus:
		t.binding = string(binding.Type)
		t.conversation = client.NewConversationWithChannelBinding(binding)
	case o.state.Version != 0 && !o.hasPlus():
		t.conversation = client.NewConversationAdvertisingChannelBinding()
	default:
		t.conversation = client.NewConversation()
	}
	return t, nil
}

// talk is one SCRAM conversation.
type talk struct {
	mechanism    string
	binding      string // its type, or ""
	family       family
	offer        offer
	conversation *scram.ClientConversation
	steps        int
}

// String is the mechanism and what ties it to the connection.
func (t *talk) String() string { return strings.TrimSpace(t.mechanism + " " + t.binding) }

// step answers the server's word; the first is empty.
func (t *talk) step(challenge string) (string, error) {
	t.steps++
	switch t.steps {
	case 2:
		if err := t.check(challenge); err != nil {
			return "", err
		}
	case 3:
		if condition, refused := strings.CutPrefix(challenge, "e="); refused {
			return "", &Failure{Condition: "not-authorized", Text: condition}
		}
		if _, err := t.conversation.Step(challenge); err != nil {
			return "", fmt.Errorf("%w: it does not know the password (%w)", ErrImpostor, err)
		}
		return "", nil
	}
	return t.conversation.Step(challenge)
}

// done says whether the server has proved that it knows the password; closing, that its next word is to prove it.
func (t *talk) done() bool    { return t.conversation.Valid() }
func (t *talk) closing() bool { return t.steps == 2 }

// check reads what the library passes over in the server's first message.
//
//	r=NONCE,s=SALT,i=ROUNDS[,h=HASH]
func (t *talk) check(message string) error {
	for _, field := range strings.Split(message, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "i":
			if rounds, err := strconv.Atoi(value); err == nil && rounds > maxIterations {
				return fmt.Errorf("the server asks for %d rounds of hashing, more than %d", rounds, maxIterations)
			}
		case "h":
			if value != t.offer.digest(t.family.hash) {
				return fmt.Errorf("%w: the logins that reached us are not those the server offered (XEP-0474)", ErrImpostor)
			}
		}
	}
	return nil
}

// digest is the hash of an offer (XEP-0474 §3): a server that sends its own shows that nobody shortened the list.
func (o offer) digest(h func() hash.Hash) string {
	text := strings.Join(slices.Sorted(slices.Values(o.mechanisms)), "\x1e")
	if len(o.bindings) > 0 {
		text += "\x1f" + strings.Join(slices.Sorted(slices.Values(o.bindings)), "\x1e")
	}
	sum := h()
	sum.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}
