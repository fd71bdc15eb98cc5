package xmpp

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"mellium.im/xmpp/jid"
)

// asked is the answer a query is waiting for.
type asked struct {
	payload *Element
	err     error
}

// query asks and returns the id that went over the wire.
func query(ctx context.Context, l *link, s *server, to string) (id string, answer <-chan asked) {
	result := make(chan asked, 1)
	go func() {
		q := IQ{Type: "get", Payload: NewElement("urn:x", "thing")}
		if to != "" {
			q.To = jid.MustParse(to)
		}
		payload, err := l.query(ctx, q, urgent)
		result <- asked{payload, err}
	}()
	return (<-s.sent).Attr("id"), result
}

// Anybody can send an answer; it counts from where the request went.
func TestQuerySettles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, to, from string
		settled        bool
	}{
		{"from the peer", peer, `from="` + peer + `"`, true},
		{"from another resource", peer, `from="conseil@other.example/x"`, false},
		{"from the peer's server", peer, `from="other.example"`, false},
		{"from our server for a peer", peer, "", false},
		{"our server without from", domain, "", true},
		{"our server by its name", domain, `from="` + domain + `"`, true},
		{"our server by our account", domain, `from="maison@` + domain + `"`, true},
		{"our account without from", "maison@" + domain, "", true},
		{"nobody in particular", "", `from="` + domain + `"`, true},
		{"a peer for our server", domain, `from="` + peer + `"`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, s, _ := serving(t, quietRouter())
				id, answer := query(context.Background(), l, s, tt.to)
				s.say(`<iq type="result" id="%s" %s><fine xmlns="urn:x"/></iq>`, id, tt.from)
				synctest.Wait()
				select {
				case a := <-answer:
					if !tt.settled || a.err != nil || a.payload.Name.Local != "fine" {
						t.Errorf("settled with %v, %v", a.payload, a.err)
					}
				default:
					if tt.settled {
						t.Error("not settled")
					}
				}
				if waiting := len(l.waiting) == 1; waiting == tt.settled {
					t.Errorf("waiting %t", waiting)
				}
			})
		})
	}
}

func TestQueryAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, attrs, inner, payload, err string }{
		{"payload", `type="result"`, `<fine xmlns="urn:x"/>`, `<fine xmlns="urn:x"/>`, ""},
		{"empty", `type="result"`, "", "", ""},
		{"error", `type="error"`, `<error type="cancel"><item-not-found xmlns="` + nsStanzas + `"/><text xmlns="` + nsStanzas + `">gone</text></error>`, "", "item-not-found: gone"},
		{"error that says nothing", `type="error"`, "", "", "undefined-condition: an error without an error element"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, s, _ := serving(t, quietRouter())
				id, answer := query(context.Background(), l, s, peer)
				s.say(`<iq from="%s" id="%s" %s>%s</iq>`, peer, id, tt.attrs, tt.inner)
				a := <-answer
				if got := text(a.err); got != tt.err {
					t.Errorf("got error %q, want %q", got, tt.err)
				}
				if (a.payload == nil) != (tt.payload == "") || a.payload != nil && a.payload.String() != tt.payload {
					t.Errorf("got %v, want %s", a.payload, tt.payload)
				}
			})
		})
	}
}

func TestQueryIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s, _ := serving(t, quietRouter())
		ctx, cancel := context.WithCancel(context.Background())
		id, answer := query(ctx, l, s, peer)
		cancel()
		if got, want := text((<-answer).err), "wait for an answer of "+peer+": context canceled"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if len(l.waiting) != 0 {
			t.Error("it is still waited for")
		}
		if _, err := l.query(ctx, IQ{Type: "get", To: jid.MustParse(peer)}, urgent); !errors.Is(err, context.Canceled) {
			t.Errorf("asked with an ended context: %v", err)
		}
		s.say(`<iq type="result" from="%s" id="%s"/>`, peer, id) // too late, and harmless
		synctest.Wait()
		if got := s.heard(); got != nil {
			t.Errorf("a late answer is answered: %v", got)
		}
	})
}

func TestQueryOverALostLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s, ended := serving(t, quietRouter())
		_, first := query(context.Background(), l, s, peer)
		_, second := query(context.Background(), l, s, domain)
		s.say(`</stream:stream>`)
		for _, answer := range []<-chan asked{first, second} {
			if a := <-answer; !errors.Is(a.err, errLinkLost) {
				t.Errorf("got %v", a.err)
			}
		}
		<-ended
		if _, err := l.query(context.Background(), IQ{Type: "get"}, urgent); !errors.Is(err, errLinkLost) {
			t.Errorf("asked afterwards: %v", err)
		}
	})
}

// What counts for confirm is that our server answered, not what.
func TestConfirm(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, format, err string }{
		{"pong", `<iq type="result" id="%s" from="` + domain + `"/>`, ""},
		{"unknown request", `<iq type="error" id="%s"><error type="cancel"><service-unavailable xmlns="` + nsStanzas + `"/></error></iq>`, ""},
		{"end of the link", `<unheard id="%s"/></stream:stream>`, "the link to the server was lost"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, s, _ := serving(t, quietRouter())
				confirmed := make(chan error, 1)
				go func() { confirmed <- l.confirm(context.Background()) }()
				ping := <-s.sent
				if ping.Attr("to") != domain || ping.Child(nsPing, "ping") == nil {
					t.Errorf("asked by %s", ping)
				}
				s.say(tt.format, ping.Attr("id"))
				if got := text(<-confirmed); got != tt.err {
					t.Errorf("got %q, want %q", got, tt.err)
				}
			})
		})
	}
}
