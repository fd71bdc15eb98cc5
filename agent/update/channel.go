package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Channel is where releases come from.
type Channel struct {
	From   string // address of the folder, without a slash at its end
	Key    Key
	Client *http.Client
}

// Offer is a release that is newer than what is installed, with the signed list that names it.
type Offer struct {
	Release
	sums, signature []byte
}

// Look asks what there is. An error says why that cannot be installed.
func (c Channel) Look(ctx context.Context, has Installed) (o Offer, err error) {
	if o.sums, err = c.text(ctx, sumsFile); err != nil {
		return o, err
	}
	if o.signature, err = c.text(ctx, signatureFile); err != nil {
		return o, err
	}
	if err := c.Key.check(o.sums, o.signature); err != nil {
		return o, err
	}
	o.Release, err = newest(o.sums, has)
	return o, err
}

// Place downloads the package into dir and, once it is whole and verified, the list and then the signature: with that one
// there, root may install. A download that fails leaves none of them.
func (c Channel) Place(ctx context.Context, o Offer, dir string) error {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return fmt.Errorf("place the update: %w", err)
	}
	err := c.download(ctx, o.Release, filepath.Join(dir, packageFile))
	if err == nil {
		err = renameio.WriteFile(filepath.Join(dir, sumsFile), o.sums, 0o600)
	}
	if err == nil {
		err = renameio.WriteFile(filepath.Join(dir, signatureFile), o.signature, 0o600)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("place the update: %w", err), os.RemoveAll(dir))
	}
	return nil
}

// Waits says whether a package that was placed is not taken yet.
func Waits(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, signatureFile))
	return err == nil
}

func (c Channel) download(ctx context.Context, r Release, to string) error {
	body, err := c.get(ctx, r.File)
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = r.copy(f, body)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// copy copies the package, and fails unless it is the one that the list names.
func (r Release) copy(to io.Writer, from io.Reader) error {
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, digest), io.LimitReader(from, maxPackage+1))
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", r.File, err)
	case n > maxPackage:
		return fmt.Errorf("read %s: %w", r.File, errTooLong(maxPackage))
	case [32]byte(digest.Sum(nil)) != r.sum:
		return fmt.Errorf("%s is not what %s says: its checksum differs", r.File, sumsFile)
	}
	return nil
}

func (c Channel) text(ctx context.Context, name string) ([]byte, error) {
	body, err := c.get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	text, err := readText(body)
	if err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", c.From, name, err)
	}
	return text, nil
}

func (c Channel) get(ctx context.Context, name string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.From+"/"+name, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", name, err)
	}
	answer, err := c.Client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", name, err)
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, fmt.Errorf("ask for %s/%s: the server says %s", c.From, name, answer.Status)
	}
	return answer.Body, nil
}
