package lab

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// furnish fills the folder of a server: certificate, key, configuration; all of it
// belongs to the user the server runs as.
func (s *Server) furnish(id *identity) error {
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o755); err != nil {
		return err
	}
	files, err := s.product.files(s)
	if err != nil {
		return err
	}
	files[s.certFile], files[s.keyFile] = id.cert, id.key
	for path, content := range files {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return s.handOver()
}

// handOver gives the folder to the user the server runs as.
func (s *Server) handOver() error {
	owner := s.product.owner()
	if owner == nil {
		return nil
	}
	if err := passable(filepath.Dir(s.dir)); err != nil {
		return err
	}
	return filepath.WalkDir(s.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
}

// passable fails when a folder on the way keeps other users out, as the home of
// root does: a server that is not root would not find its own configuration.
func passable(dir string) error {
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode()&0o001 == 0 {
			return fmt.Errorf("folder %s keeps other users out, and the server runs as one; set TMPDIR or Options.Dir to another folder", dir)
		}
	}
	return nil
}
