package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mellium.im/xmpp/jid"

	"releve/federation"
	"releve/federation/peer"
	"releve/federation/xmpp"
	"releve/senml"
)

// service answers as a server does, in memory, and notes what it was asked.
type service struct {
	list      []string            // components of the server
	kinds     map[string]string   // identity type of those that are of category pubsub, by address
	deaf      map[string]bool     // addresses that refuse to make nodes
	stubborn  string              // access model of every node whatever it is told
	most      int                 // records an item may have; 0 for any number, -1 for none
	published []int               // records of each item that was taken
	nodes     map[string]settings // by "address node"
	log       []string            // what was done to nodes
	asked     map[string]int      // questions, by what they are about
}

type settings map[string]string

func refusal(condition string) error { return &xmpp.StanzaError{Type: "cancel", Condition: condition} }

func (s *service) Query(_ context.Context, typ string, to xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	s.asked[payload.Name.Space]++
	switch payload.Name.Space {
	case nsDiscoItems:
		answer := xmpp.NewElement(nsDiscoItems, "query")
		for _, one := range s.list {
			answer.Add(xmpp.NewElement("", "item", "jid", one))
		}
		return answer, nil
	case nsDiscoInfo:
		kind, ok := s.kinds[to.String()]
		if !ok {
			return nil, refusal("service-unavailable")
		}
		return xmpp.NewElement(nsDiscoInfo, "query").Add(xmpp.NewElement("", "identity", "category", "pubsub", "type", kind)), nil
	}
	return s.about(typ, to.String(), payload.Children[0], payload)
}

func (s *service) about(typ, to string, first, payload *xmpp.Element) (*xmpp.Element, error) {
	key := to + " " + first.Attr("node")
	if typ == "set" {
		s.log = append(s.log, first.Name.Local)
	}
	now, exists := s.nodes[key]
	switch {
	case first.Name.Local == "create" && s.deaf[to]:
		return nil, refusal("forbidden")
	case first.Name.Local == "create":
		s.nodes[key] = settings{}
		s.set(s.nodes[key], payload.Child("", "configure"))
		return nil, nil
	case !exists:
		return nil, refusal("item-not-found")
	case first.Name.Local == "delete":
		delete(s.nodes, key)
		return nil, nil
	case first.Name.Local == "configure" && typ == "set":
		s.set(now, first)
		return nil, nil
	case first.Name.Local == "configure":
		f := xmpp.Form{Type: "form"}
		for option, value := range now {
			f.Fields = append(f.Fields, xmpp.Field{Var: option, Values: []string{value}})
		}
		return parsed(xmpp.NewElement(nsOwner, "pubsub").Add(xmpp.NewElement("", "configure").Add(f.Element())))
	}
	return parsed(xmpp.NewElement(nsOwner, "pubsub").Add(xmpp.NewElement("", first.Name.Local)))
}

func (s *service) set(now settings, configure *xmpp.Element) {
	for _, field := range xmpp.ParseForm(configure.Child("", "x")).Fields {
		now[field.Var] = field.Values[0]
	}
	if s.stubborn != "" {
		now[accessModel] = s.stubborn
	}
}

// parsed is an element as it comes out of the wire.
func parsed(x *xmpp.Element) (*xmpp.Element, error) { return xmpp.ParseElement([]byte(x.String())) }

func (s *service) Deliver(_ context.Context, _ xmpp.JID, payload *xmpp.Element) (*xmpp.Element, error) {
	x, err := parsed(payload)
	if err != nil {
		return nil, err
	}
	p, err := peer.Parse(x.Children[0].Children[0].Children[0])
	if err != nil {
		return nil, err
	}
	if s.most != 0 && len(p) > s.most {
		return nil, &xmpp.StanzaError{Type: "modify", Condition: "not-acceptable", App: xmpp.NewElement(nsErrors, "payload-too-big")}
	}
	s.published = append(s.published, len(p))
	return nil, nil
}

// newService is a server with a component that lets us make nodes.
func newService() *service {
	return &service{
		list:  []string{"upload.breizh-sen1.example", "pubsub.breizh-sen1.example"},
		kinds: map[string]string{"pubsub.breizh-sen1.example": "service", "maison@breizh-sen1.example": "pep"},
		deaf:  map[string]bool{}, nodes: map[string]settings{}, asked: map[string]int{},
	}
}

func (s *service) recipient(members ...string) *Recipient {
	return &Recipient{
		Name: "tableau", Session: s, Account: maison.Bare(), Circle: &circle{members: members}, Log: quiet,
		Devices: func() []string { return []string{device} },
	}
}

func many(n int) (p senml.Pack) {
	for i := range n {
		p = append(p, pack(float64(i))...)
	}
	return p
}

func TestSend(t *testing.T) {
	t.Parallel()
	const component, account = "pubsub.breizh-sen1.example " + device, "maison@breizh-sen1.example " + device
	for _, tt := range []struct {
		name      string
		change    func(s *service)
		records   int
		published []int
		nodes     []string
		err       string
		is        error
	}{
		{"at the server's service", func(*service) {}, 2000, []int{1500, 500}, []string{component}, "", nil},
		{"where nobody else may make nodes", func(s *service) { s.deaf["pubsub.breizh-sen1.example"] = true }, 1, []int{1}, []string{account}, "", nil},
		{
			"nowhere", func(s *service) { s.kinds = nil }, 1, nil, nil,
			"stopped until somebody mends it: our server has no publish-subscribe service (XEP-0060), neither for all nor for each account", federation.ErrStopped,
		},
		{
			"nowhere for us", func(s *service) {
				s.deaf = map[string]bool{"pubsub.breizh-sen1.example": true, "maison@breizh-sen1.example": true}
			}, 1, nil, nil,
			"stopped until somebody mends it: no publish-subscribe service of breizh-sen1.example lets this account make a node: forbidden", federation.ErrStopped,
		},
		{
			"never on an open node", func(s *service) { s.stubborn = "open" }, 1, nil, []string{component},
			"stopped until somebody mends it: node " + device + ` has access model "open" and publish model "publishers" whatever it is told; nothing is published on it`, federation.ErrStopped,
		},
		{"fewer at once where the service says so", func(s *service) { s.most = 4 }, 10, []int{2, 2, 2, 2, 2}, []string{component}, "", nil},
		{
			"one is too large for the service", func(s *service) { s.most = -1 }, 1, nil, []string{component},
			"stopped until somebody mends it: too large for the service: not-acceptable", federation.ErrStopped,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService()
			tt.change(s)
			err := s.recipient("alice@breizh-sen2.example").Send(t.Context(), many(tt.records))
			if got := fmt.Sprint(err); err != nil && got != tt.err || err == nil && tt.err != "" || !errors.Is(err, tt.is) && tt.is != nil {
				t.Errorf("got %v, want %s", err, tt.err)
			}
			if diff := cmp.Diff(tt.published, s.published); diff != "" {
				t.Errorf("records of each item (-want +got):\n%s", diff)
			}
			var nodes []string
			for key := range s.nodes {
				nodes = append(nodes, key)
			}
			if diff := cmp.Diff(tt.nodes, nodes); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
		})
	}
}

// A node is closed before anything else, emptied before anybody new is let in, and not touched while nothing changes.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := newService()
	r := s.recipient("alice@breizh-sen2.example")
	send := func() {
		t.Helper()
		if err := r.Send(t.Context(), many(1)); err != nil {
			t.Fatal(err)
		}
		s.log = append(s.log, "published")
	}
	send()
	send()
	r.Circle.(*circle).set("alice@breizh-sen2.example", "bob@breizh-sen2.example")
	send()
	want := "create purge configure affiliations published published purge configure affiliations affiliations published"
	if got := strings.Join(s.log, " "); got != want {
		t.Errorf("done to the node:\n%s, want\n%s", got, want)
	}
	s.log = nil
	if err := r.care(t.Context()); err != nil || len(s.log) > 0 {
		t.Errorf("nothing has changed, and was done: %v, %v", s.log, err)
	}
	erased := 0
	r.Erased = func() int { return erased }
	if err := r.care(t.Context()); err != nil || len(s.log) > 0 {
		t.Errorf("nothing was erased, and was done: %v, %v", s.log, err)
	}
	erased++
	for range 2 {
		if err := r.care(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(s.log, " "); got != "purge configure affiliations affiliations" {
		t.Errorf("once readings were erased: %s", got)
	}
}

// former is names that were given up, in memory.
type former struct{ names []string }

func (f *former) Nodes() []string { return slices.Clone(f.names) }
func (f *former) Gone(node string) error {
	f.names = slices.DeleteFunc(f.names, func(name string) bool { return name == node })
	return nil
}

// A node whose name was given up is deleted before anything is published under another, and is not made again by what was
// under way under the old name.
func TestFormerNodes(t *testing.T) {
	t.Parallel()
	s := newService()
	r := s.recipient("alice@breizh-sen2.example")
	r.Former = &former{}
	if err := r.Send(t.Context(), many(1)); err != nil {
		t.Fatal(err)
	}
	s.log = nil
	r.Former = &former{names: []string{device, "urn:dev:ow:never-made"}}
	if err := r.SendWhile(t.Context(), many(1), func() error { return federation.ErrWithdrawn }); !errors.Is(err, federation.ErrWithdrawn) {
		t.Errorf("under the old name: %v", err)
	}
	if diff := cmp.Diff([]string{"delete"}, s.log); diff != "" || len(s.nodes) > 0 || len(r.Former.Nodes()) > 0 {
		t.Errorf("nodes %v, still to be deleted %v; done (-want +got):\n%s", s.nodes, r.Former.Nodes(), diff)
	}
	renamed := many(1)
	renamed[0].Name = "urn:dev:ow:another_current/1"
	if err := r.Send(t.Context(), renamed); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.log, " "); !strings.HasPrefix(got, "delete create") || len(s.nodes) != 1 {
		t.Errorf("nodes %v; done: %s", s.nodes, got)
	}
}

// Nodes that were never made are not made to be looked after.
func TestCareMakesNothing(t *testing.T) {
	t.Parallel()
	s := newService()
	r := s.recipient()
	r.Greet(t.Context())
	if err := r.care(t.Context()); err != nil || len(s.nodes) > 0 || slices.Contains(s.log, "create") {
		t.Errorf("%v, %v, %v", s.nodes, s.log, err)
	}
}

// Where nodes may be is asked once a login, however many devices there are, and once a minute while there is no such place.
func TestServiceIsLookedForOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		kinds map[string]string
		asked map[string]int
		err   string
	}{
		{"there is one", newService().kinds, map[string]int{nsDiscoItems: 1, nsDiscoInfo: 3, nsOwner: 2 * 20}, ""},
		{"there is none", nil, map[string]int{nsDiscoItems: 1, nsDiscoInfo: 3}, errNoService.Error()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService()
			s.kinds = tt.kinds
			r := s.recipient("alice@breizh-sen2.example")
			r.Devices = func() (devices []string) {
				for i := range 20 {
					devices = append(devices, fmt.Sprint(device, i))
				}
				return devices
			}
			if err := r.care(t.Context()); err != nil && err.Error() != tt.err || err == nil && tt.err != "" {
				t.Errorf("got %v, want %s", err, tt.err)
			}
			if diff := cmp.Diff(tt.asked, s.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	n := node{service: jid.MustParse("pubsub.breizh-sen1.example"), name: "n"}
	for condition, want := range map[string]error{
		"forbidden": federation.ErrStopped, "policy-violation": errTooLarge, "item-not-found": nil, "conflict": nil,
		"internal-server-error": nil, "remote-server-timeout": nil, "bad-request": federation.ErrStopped,
	} {
		err := n.verdict(refusal(condition))
		for _, kind := range []error{federation.ErrStopped, federation.ErrRefused, errTooLarge} {
			if errors.Is(err, kind) != (kind == want) { //nolint:errorlint // which of them
				t.Errorf("%s: %v", condition, err)
			}
		}
	}
}
