package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// What LoadCredential= of releve.service gives: every file of this folder, under this name and the file's.
const (
	secretsFolder    = "/etc/releve/secrets"
	credentialPrefix = "secrets_"
)

// credential returns where a secret can be read: the file itself or, where that is root's alone, the copy that systemd
// has made for this service (systemd.exec(5), CREDENTIALS_DIRECTORY). What was changed in the file since the start counts
// only where the file can be read.
func credential(file string) string {
	given := os.Getenv("CREDENTIALS_DIRECTORY")
	if given == "" || filepath.Dir(file) != secretsFolder {
		return file
	}
	return readableOr(file, filepath.Join(given, credentialPrefix+filepath.Base(file)))
}

// readableOr is the file, or the copy of one that is not for us.
func readableOr(file, copied string) string {
	f, err := os.Open(file)
	if err == nil {
		f.Close()
	}
	if _, missing := os.Stat(copied); missing == nil && errors.Is(err, fs.ErrPermission) {
		return copied
	}
	return file
}
