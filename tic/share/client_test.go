package share

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// takeAll empties the queue as a client that reads again does.
func (c *client) takeAll() string {
	var got strings.Builder
	for {
		select {
		case chunk := <-c.queue:
			got.Write(chunk)
		default:
			return got.String()
		}
	}
}

func TestOffer(t *testing.T) {
	t.Parallel()
	noise := strings.Repeat("x", maxSearch)
	for _, test := range []struct {
		name   string
		chunks []string
		want   string
	}{
		{"begins with a frame", []string{"\x02ab", "c\x03"}, "\x02abc\x03"},
		{"joined in the middle", []string{"bc\x03", "\x03\x02a", "b"}, "\x02ab"},
		{"with parity", []string{"bc\x82a"}, "\x82a"},
		{"nothing but noise", []string{noise[1:], "yz"}, "z"},
		{"noise in one piece", []string{noise + "z"}, "z"},
		{"nothing", []string{"", "abc"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(nil, patience)
			for _, chunk := range test.chunks {
				if n := c.offer([]byte(chunk)); n != 0 {
					t.Errorf("%d bytes are counted as skipped: a client that has just come misses nothing", n)
				}
			}
			if got := c.takeAll(); got != test.want {
				t.Errorf("client gets %q, want %q", got, test.want)
			}
		})
	}
}

// Whatever the pieces and whenever the client reads: what it gets and what it misses add up to what was said, what it
// gets is in order, and after every gap it goes on with the beginning of a frame.
func TestOfferLosesWholeStretches(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := newClient(nil, patience)
		said, got, skipped := &bytes.Buffer{}, &strings.Builder{}, 0
		letter := byte('a')
		for range 20 * maxQueue {
			chunk := make([]byte, 1+random.IntN(6))
			for i := range chunk {
				chunk[i] = letter
				if random.IntN(8) == 0 || said.Len() == 0 {
					chunk[i], letter = startOfText, 'a'+(letter-'a'+1)%26
				}
			}
			said.Write(chunk)
			skipped += c.offer(chunk)
			if random.IntN(2*maxQueue) == 0 {
				got.WriteString(c.takeAll())
			}
		}
		got.WriteString(c.takeAll())
		if got.Len()+skipped != said.Len() {
			t.Fatalf("seed %d: of %d bytes the client got %d and missed %d", seed, said.Len(), got.Len(), skipped)
		}
		if skipped == 0 {
			continue
		}
		// Each frame is of one letter: whatever follows a gap belongs to the frame it begins.
		for frame := range strings.SplitSeq(got.String()[1:], string(rune(startOfText))) {
			if strings.Trim(frame, frame[:min(1, len(frame))]) != "" {
				t.Fatalf("seed %d: a frame is put together from two: %q", seed, frame)
			}
		}
	}
}
