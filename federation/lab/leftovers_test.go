package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// holdVariable makes TestHold start servers and wait to be killed.
const holdVariable = "RELEVE_LAB_HOLD"

func requireServers(t *testing.T) {
	t.Helper()
	requirePackages(t, Missing(), os.Getenv("CI") != "")
}

// processesOf lists all processes of a federation, helper programs included.
func processesOf(t *testing.T, dir string) []int {
	t.Helper()
	var pids []int
	for _, domain := range []string{"breizh-sen1.example", "breizh-sen2.example"} {
		found, err := marked(filepath.Join(dir, domain))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, found...)
	}
	return pids
}

func awaitGone(t *testing.T, dir string) {
	t.Helper()
	for began := time.Now(); len(processesOf(t, dir)) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("processes %v of %s are still there", processesOf(t, dir), dir)
		}
	}
}

// TestNothingIsLeft looks at one federation from the outside, from its start to
// the end of the first server and of everything.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	fed := New(t, Options{})
	before := processesOf(t, fed.dir)
	if len(before) < 3 {
		t.Fatalf("found %v; two servers and Erlang's helper programs are expected", before)
	}
	for _, s := range fed.Servers() {
		if !slices.Contains(before, s.PID()) {
			t.Fatalf("process %d of %s is not among %v: the test sees nothing", s.PID(), s.Domain(), before)
		}
		onlyLoopbackListens(t, s)
	}
	if err := fed.Server("breizh-sen1.example").Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got, want := processesOf(t, fed.dir), []int{fed.Server("breizh-sen2.example").PID()}; !slices.Equal(got, want) {
		t.Errorf("after the first server was stopped: got %v, want %v", got, want)
	}
	if err := fed.Close(); err != nil {
		t.Fatal(err)
	}
	if after := processesOf(t, fed.dir); len(after) > 0 {
		t.Errorf("still there: %v", after)
	}
}

// TestServersDieWithTheirParent kills a process that holds a federation the way
// a test that runs too long is killed: it has no chance to clean up.
func TestServersDieWithTheirParent(t *testing.T) {
	t.Parallel()
	requireServers(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHold$", "-test.v")
	cmd.Env = append(os.Environ(), holdVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir := heldDir(t, bufio.NewScanner(out))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if len(processesOf(t, dir)) == 0 {
		t.Fatal("no process found: the test sees nothing")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	awaitGone(t, dir)
}

func heldDir(t *testing.T, lines *bufio.Scanner) string {
	t.Helper()
	for lines.Scan() {
		if _, dir, found := strings.Cut(lines.Text(), "holding "); found {
			return dir
		}
	}
	t.Fatal("the held process ended before its servers were up")
	return ""
}

// TestHold is the process that TestServersDieWithTheirParent kills.
func TestHold(t *testing.T) {
	if os.Getenv(holdVariable) == "" {
		t.Skip("runs only as a child of TestServersDieWithTheirParent")
	}
	fed := New(t, Options{})
	fmt.Printf("holding %s\n", fed.dir)
	select {}
}

// onlyLoopbackListens reads from the kernel where a server listens.
func onlyLoopbackListens(t *testing.T, s *Server) {
	t.Helper()
	want := []string{s.Addr(), s.DirectTLSAddr(), s.PeerAddr(), s.WebAddr()}
	if s.ports.api != 0 {
		want = append(want, address(s.ports.api))
	}
	slices.Sort(want)
	if got := listeners(t, s.PID()); !slices.Equal(got, want) {
		t.Errorf("%s listens on %v, want %v", s.Kind(), got, want)
	}
}

// listeners returns the TCP addresses a process listens on, in order; a line of
// /proc/net/tcp reads "0: 0100007F:4E20 00000000:0000 0A …", the tenth field being
// the inode of the socket. Anything in tcp6 is returned as it is written there.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	sockets := socketsOf(t, pid)
	var found []string
	for _, table := range []string{"tcp", "tcp6"} {
		content, err := os.ReadFile("/proc/net/" + table)
		if err != nil {
			continue // a kernel without IPv6
		}
		for line := range bytes.Lines(content) {
			fields := strings.Fields(string(line))
			if len(fields) > 9 && fields[3] == "0A" && sockets["socket:["+fields[9]+"]"] {
				found = append(found, readable(fields[1]))
			}
		}
	}
	slices.Sort(found)
	return found
}

func readable(hex string) string {
	var ip, port uint32
	if n, err := fmt.Sscanf(hex, "%8X:%X", &ip, &port); n != 2 || err != nil || ip != 0x0100007F {
		return hex
	}
	return address(int(port))
}

func socketsOf(t *testing.T, pid int) map[string]bool {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Fatalf("process %d has no files: %v", pid, err)
	}
	sockets := map[string]bool{}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			sockets[target] = true
		}
	}
	return sockets
}
