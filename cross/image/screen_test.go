package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// display is what a program has written to a screen.
type display struct {
	mu   sync.Mutex // guards everything below
	text strings.Builder
}

func (d *display) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

// last is what was drawn since the screen was cleared.
func (d *display) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.text.String()
	return all[strings.LastIndex(all, "\033c")+1:]
}

// startScreen runs the program on a root, where the file "name" is what systemd-resolved says over D-Bus.
func startScreen(t *testing.T, root string) *display {
	t.Helper()
	bin := t.TempDir()
	must(t, os.WriteFile(filepath.Join(bin, "busctl"), []byte("#!/bin/sh\nexec cat '"+root+"/name'\n"), 0o700))
	shown := &display{}
	screen := exec.CommandContext(t.Context(), "sh", "files/usr/lib/releve/screen", root, "0.05")
	screen.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	screen.Stdout, screen.Stderr = shown, shown
	must(t, screen.Start())
	t.Cleanup(func() { _ = screen.Wait() }) // it is killed
	return shown
}

const (
	notJoined = "Wi-Fi : pas rejoint (nom, mot de passe ou portée ?). Reposez releve-wifi.toml sur la carte.\n" +
		"Wi-Fi: not joined (name, password or reach?). Put releve-wifi.toml on the card once more.\n"
	noNetwork = "Pas encore de réseau. / No network yet.\n"
)

// The screen follows what becomes of the network, of what was put on the card, and of the code.
func TestScreen(t *testing.T) {
	t.Parallel()
	const (
		wlan  = "run/systemd/netif/links/3"
		wifi  = "# This is private data. Do not parse.\nADMIN_STATE=configured\nOPER_STATE=NOW\nCARRIER_STATE=NOW\nNETWORK_FILE=/etc/systemd/network/25-wifi.network\n"
		cable = "CARRIER_STATE=carrier\nNETWORK_FILE=/etc/systemd/network/20-cable.network\n"
		lease = "ADDRESS=192.0.2.7\nNETMASK=255.255.255.0\nSERVER_ADDRESS=192.0.2.1\n"
	)
	root := t.TempDir()
	change(t, filepath.Join(root, "etc/hostname"), "maison\n")
	shown := startScreen(t, root)
	for _, step := range []struct{ what, file, text, want string }{
		{"a link that is nobody's", "run/systemd/netif/links/1", "CARRIER_STATE=carrier\n", noNetwork},
		{"Wi-Fi that is not set up", wlan, strings.ReplaceAll(wifi, "NOW", "no-carrier"), "Wi-Fi : pas réglé (releve-wifi.toml) / not set up\n" + noNetwork},
		{"a wrong password", "etc/releve/wpa_supplicant.conf", "x", notJoined + noNetwork},
		{"an address of before", "run/systemd/netif/leases/3", lease, notJoined + noNetwork},
		{"joined", wlan, strings.ReplaceAll(wifi, "NOW", "carrier"), "Wi-Fi : 192.0.2.7\n"},
		{"a cable", "run/systemd/netif/links/2", cable, "Câble / cable : pas encore d'adresse / no address yet\nWi-Fi : 192.0.2.7\n"},
		{"its address", "run/systemd/netif/leases/2", strings.ReplaceAll(lease, ".7", ".8"), "Câble / cable : 192.0.2.8\nWi-Fi : 192.0.2.7\n"},
		{"something wrong on the card", "boot/firmware/releve-error.txt", "pas repris :\r\n\x1b[2Ja\u009bé\r\n", "Câble / cable : 192.0.2.8\nWi-Fi : 192.0.2.7\n\npas repris :\n[2Jaé\n"},
		{"a code", "var/lib/releve/code.txt", "Code : 1\n", "Câble / cable : 192.0.2.8\nWi-Fi : 192.0.2.7\n\npas repris :\n[2Jaé\n\nCode : 1\n"},
		{"nothing wrong any more", "boot/firmware/releve-error.txt", "", "Câble / cable : 192.0.2.8\nWi-Fi : 192.0.2.7\n\nCode : 1\n"},
		{"an owner", "var/lib/releve/code.txt", "", "Câble / cable : 192.0.2.8\nWi-Fi : 192.0.2.7\n"},
	} {
		change(t, filepath.Join(root, step.file), step.text)
		awaitScreen(t, shown, step.what, "cRelève : maison.local\n"+step.want)
	}
	change(t, filepath.Join(root, "name"), "s \"maison2\"\n")
	awaitScreen(t, shown, "another has the name", "cRelève : maison2.local\nCâble / cable : 192.0.2.8\nWi-Fi : 192.0.2.7\n")
}

// change writes a file whole, as who writes those does; one without a text goes.
func change(t *testing.T, name, text string) {
	t.Helper()
	if text == "" {
		must(t, os.Remove(name))
		return
	}
	must(t, os.MkdirAll(filepath.Dir(name), 0o700))
	must(t, os.WriteFile(name+".new", []byte(text), 0o600))
	must(t, os.Rename(name+".new", name))
}

func awaitScreen(t *testing.T, shown *display, what, want string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); shown.last() != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: the screen shows %q, want %q", what, shown.last(), want)
		}
	}
}

// What the agent has turned into a link to another's file is not shown.
func TestScreenFollowsNoLink(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	change(t, filepath.Join(root, "etc/hostname"), "maison\n")
	change(t, filepath.Join(root, "etc/shadow"), "secret\n")
	must(t, os.MkdirAll(filepath.Join(root, "var/lib/releve"), 0o700))
	must(t, os.Symlink(filepath.Join(root, "etc/shadow"), filepath.Join(root, "var/lib/releve/code.txt")))
	shown := startScreen(t, root)
	awaitScreen(t, shown, "a link", "cRelève : maison.local\n"+noNetwork)
}

// The networks that the screen knows are those of the image.
func TestScreenKnowsNetworks(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("files/usr/lib/releve/screen")
	must(t, err)
	networks, err := filepath.Glob("files/etc/systemd/network/*.network")
	must(t, err)
	for _, network := range networks {
		if name := filepath.Base(network); !strings.Contains(string(script), " "+name+") ") {
			t.Errorf("%s is not told", name)
		}
	}
}
