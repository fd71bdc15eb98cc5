package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"releve/buffer/statefile"
)

// Ask returns a request to cosign the checkpoint of now, for a witness that last cosigned old entries (C2SP
// tlog-witness, add-checkpoint): the proof that the first old entries are still what they were, and the checkpoint.
// A *Fork is under its error when there are fewer.
func (s *Snapshot) Ask(old int64) ([]byte, error) {
	if old < 0 || old > s.tree.size {
		return nil, fmt.Errorf("ask a witness: %w", &Fork{Checkpoint: Checkpoint{Origin: originOf(s.public), Size: old}, Size: s.tree.size})
	}
	out := fmt.Appendf(nil, "old %d\n", old)
	if old > 0 {
		hashes, err := tlog.ProveTree(s.tree.size, old, s.tree)
		if err != nil {
			return nil, fmt.Errorf("ask a witness: %w", err)
		}
		for _, h := range hashes {
			out = fmt.Appendf(out, "%s\n", h)
		}
	}
	return append(append(out, '\n'), s.Checkpoint()...), nil
}

// Witness cosigns checkpoints of other ledgers: only those that go on from the one it cosigned before. It keeps the
// last of each in a file.
type Witness struct {
	file   string // set once
	signer *formats.Signer
	public string

	mu   sync.Mutex // guards seen
	seen map[string]Checkpoint
}

// ErrStale is under the error of a request whose old size is not that of the checkpoint last cosigned, see Stale.
var ErrStale = errors.New("the request does not begin where the witness last cosigned")

// Stale says how many entries the witness last cosigned: ask again from there.
type Stale struct{ Size int64 }

// Error says from where to ask.
func (s *Stale) Error() string { return fmt.Sprintf("%v: ask from entry %d", ErrStale, s.Size) }

// Is makes it match ErrStale.
func (s *Stale) Is(target error) bool { return target == ErrStale }

// OpenWitness makes a witness that signs with the key of a ledger's folder and keeps what it has seen in a file. A
// file that cannot be understood is an error: a witness that forgot would let another history pass.
func OpenWitness(dir, file string) (*Witness, error) {
	text, err := os.ReadFile(keyName(dir))
	if err != nil {
		return nil, fmt.Errorf("open the witness: %w", err)
	}
	private, public, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	signer, err := formats.NewSignerForCosignatureV1(private)
	if err != nil {
		return nil, fmt.Errorf("open the witness: %w", err)
	}
	w := &Witness{file: file, signer: signer, seen: map[string]Checkpoint{}}
	if w.public, err = formats.VKeyToCosignatureV1(public); err != nil {
		return nil, fmt.Errorf("open the witness: %w", err)
	}
	text, err = os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return w, nil
	case err == nil:
		err = json.Unmarshal(text, &w.seen)
	}
	if err != nil {
		return nil, fmt.Errorf("open the witness: %s is not understood; restore it, or remove it to trust every ledger anew: %w", file, err)
	}
	return w, nil
}

// PublicKey returns the key that cosignatures are checked with (C2SP tlog-cosignature).
func (w *Witness) PublicKey() string { return w.public }

// Cosign answers a request of the owner of a public key with a signature line. A history that does not go on from the
// one last cosigned is a *Fork under its error and not cosigned; a request that begins elsewhere, a *Stale.
func (w *Witness) Cosign(request []byte, public string) (signature string, err error) {
	r, err := parseRequest(request)
	if err != nil {
		return "", fmt.Errorf("cosign: %w", err)
	}
	next, err := ParseCheckpoint(r.checkpoint, public)
	if err != nil {
		return "", fmt.Errorf("cosign: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := goesOn(w.seen[public], next, r); err != nil {
		return "", fmt.Errorf("cosign: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: next.text()}, w.signer)
	if err == nil {
		err = w.keep(public, next) // before it is told: a witness must not vouch for what it forgets
	}
	if err != nil {
		return "", fmt.Errorf("cosign: %w", err)
	}
	_, signature, _ = strings.Cut(string(signed), "\n\n")
	return signature, nil
}

// goesOn says whether a checkpoint goes on from the one last seen, which is zero for a new ledger.
func goesOn(last, next Checkpoint, r request) error {
	switch {
	case next.Size < last.Size:
		return &Fork{Checkpoint: last, Size: next.Size}
	case r.old != last.Size:
		return &Stale{Size: last.Size}
	case last.Size == 0:
		return nil
	case next.Size == last.Size && next.Root == last.Root:
		return nil
	case tlog.CheckTree(r.proof, next.Size, next.Root, last.Size, last.Root) != nil:
		return &Fork{Checkpoint: last, Size: next.Size}
	}
	return nil
}

// maxLedgers bounds whom a witness remembers.
const maxLedgers = 10_000

func (w *Witness) keep(public string, c Checkpoint) error {
	before, known := w.seen[public]
	if !known && len(w.seen) >= maxLedgers {
		return fmt.Errorf("this witness has %d ledgers to remember and takes no more", maxLedgers)
	}
	w.seen[public] = c
	err := statefile.Write(w.file, w.seen)
	if err != nil {
		delete(w.seen, public)
		if known {
			w.seen[public] = before
		}
	}
	return err
}

// request is what Ask makes.
//
//	Grammar: "old " size LF, hashes of the proof in base64 each with LF, LF, signed checkpoint
type request struct {
	old        int64
	proof      tlog.TreeProof
	checkpoint []byte
}

const maxProof = 63 // hashes: RFC 6962 needs one a doubling

func parseRequest(text []byte) (request, error) {
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !found || !isOld || err != nil || old < 0 || strconv.FormatInt(old, 10) != size {
		return request{}, errors.New(`a request begins with "old", a size, and ends with a checkpoint`)
	}
	if len(lines) > 1+maxProof {
		return request{}, fmt.Errorf("a proof has at most %d hashes", maxProof)
	}
	r := request{old: old, checkpoint: checkpoint}
	for i, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return request{}, fmt.Errorf("hash %d of the proof is not one", i)
		}
		r.proof = append(r.proof, tlog.Hash(h))
	}
	return r, nil
}

// Cosigned checks that a witness cosigned a checkpoint, and returns the note with that signature line added.
func Cosigned(checkpoint []byte, signature, public, witness string) ([]byte, error) {
	if _, err := ParseCheckpoint(checkpoint, public); err != nil {
		return nil, err
	}
	verifier, err := formats.NewVerifierForCosignatureV1(witness)
	if err != nil {
		return nil, fmt.Errorf("check a cosignature: %q is not a witness's public key: %w", witness, err)
	}
	both := append(bytes.Clone(checkpoint), signature...)
	if _, err := note.Open(both, note.VerifierList(verifier)); err != nil {
		return nil, fmt.Errorf("check a cosignature: %w", err)
	}
	return both, nil
}
