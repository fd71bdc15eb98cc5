package main

import (
	"crypto/tls"
	"errors"
	"fmt"

	"releve/agent/config"
)

// secretsOfRelays reads the files that recipients and sources outside the federation name, as they will be read once the
// agent runs: who checks a configuration wants to know of all of them.
func secretsOfRelays(c config.Config) error {
	var errs []error
	for _, r := range c.Recipients {
		errs = append(errs, about("recipient "+r.Name, wayFiles(r.Way)...)...)
	}
	for _, s := range c.Sources {
		errs = append(errs, about("source "+s.Name, originFiles(s.Origin)...)...)
	}
	return errors.Join(errs...)
}

// about names whose key each of its errors is of.
func about(whose string, errs ...error) (named []error) {
	for _, err := range errs {
		if err != nil {
			named = append(named, fmt.Errorf("%s: %w", whose, err))
		}
	}
	return named
}

func wayFiles(w config.Way) []error {
	switch way := w.(type) {
	case config.ToBMHS:
		return append(webFiles(way.TokenFile, way.CAFile), readableSecret("application_key_file", way.KeyFile))
	case config.ToLognact:
		return append(webFiles(way.TokenFile, way.CAFile), pairFiles(way))
	case config.ToPride:
		return webFiles(way.TokenFile, way.CAFile)
	}
	return nil
}

func originFiles(o config.Origin) []error {
	switch origin := o.(type) {
	case config.FromBMHS:
		return webFiles(origin.TokenFile, origin.CAFile)
	case config.FromLognact:
		return webFiles(origin.TokenFile, origin.CAFile)
	case config.FromPride:
		return webFiles(origin.TokenFile, origin.CAFile)
	}
	return nil
}

func webFiles(token, ca string) []error {
	_, err := authorities("ca_file", ca)
	return []error{readableSecret("token_file", token), err}
}

func readableSecret(key, file string) error {
	if file == "" {
		return nil
	}
	_, err := password(key, file)
	return err
}

// pairFiles are the certificate that a Zabbix knows us by, and its key.
func pairFiles(way config.ToLognact) error {
	if way.CertificateFile == "" {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(credential(way.CertificateFile), credential(way.KeyFile)); err != nil {
		return fmt.Errorf("certificate_file and key_file: %w", err)
	}
	return nil
}
