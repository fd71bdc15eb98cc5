package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// Zabbix is a Zabbix server with its database and its frontend, from Debian's packages, in a temporary folder and on
// loopback. Hosts and items are made by [Zabbix.Call].
type Zabbix struct {
	dir     string
	log     *slog.Logger
	as      *syscall.Credential // nil unless the caller is root
	ports   ports
	trapper int
	web     int

	mu       sync.Mutex // guards everything below
	database *process
	server   *process
	frontend *process
	session  string // of the API, "" before the first call
}

// Where Debian puts what Zabbix is made of.
const (
	postgresPrograms = "/usr/lib/postgresql/*/bin"
	frontendFolder   = "/usr/share/zabbix"
	schemaFolder     = "/usr/share/zabbix-server-pgsql"
)

// NewZabbix starts a Zabbix for one test and closes it when the test ends. Without the Debian packages the test is
// skipped, with the reason; where the environment variable CI is not empty it fails instead.
func NewZabbix(t testing.TB) *Zabbix {
	t.Helper()
	requirePackages(t, MissingZabbix(), os.Getenv("CI") != "")
	z, err := StartZabbix(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(z.LogTail())
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	return z
}

// StartZabbix starts a Zabbix and returns when its server and its API answer. The context bounds the start only. On
// error nothing is left behind.
func StartZabbix(ctx context.Context, log *slog.Logger) (*Zabbix, error) {
	if missing := MissingZabbix(); len(missing) > 0 {
		return nil, fmt.Errorf("start Zabbix: Debian packages are missing; run: federation/lab/packages.sh %s", strings.Join(missing, " "))
	}
	began := time.Now()
	z := &Zabbix{log: log}
	for _, step := range []func(context.Context) error{z.furnish, z.build, z.startFrontend, z.Start} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start Zabbix: %w\n%s", err, z.LogTail()), z.Close())
		}
	}
	log.Info("Zabbix is up", "trapper", z.TrapperAddr(), "api", z.APIURL(), "took", time.Since(began).Round(time.Millisecond))
	return z, nil
}

// TrapperAddr returns host:port where values are sent to, in the clear and with TLS.
func (z *Zabbix) TrapperAddr() string { return address(z.trapper) }

// WebURL returns where the frontend is, ending in a slash. Its administrator is Admin, with the password zabbix.
func (z *Zabbix) WebURL() string { return "http://" + address(z.web) + "/" }

// APIURL returns where the API is.
func (z *Zabbix) APIURL() string { return z.WebURL() + "api_jsonrpc.php" }

// CAFile returns the certificate (PEM) of the authority that signs both sides' certificates.
func (z *Zabbix) CAFile() string { return filepath.Join(z.dir, "ca.pem") }

// ClientFiles returns a certificate and its key (PEM, RSA) with the subject CN=releve, for hosts that take certificates.
func (z *Zabbix) ClientFiles() (cert, key string) {
	return filepath.Join(z.dir, "releve.pem"), filepath.Join(z.dir, "releve.key")
}

// Start starts the server again, with the same data and ports, after [Zabbix.Kill] or [Zabbix.Stop].
func (z *Zabbix) Start(ctx context.Context) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.server != nil && z.server.running() {
		return errors.New("start the Zabbix server: it is running already")
	}
	var err error
	if z.server, err = z.spawn("server", exec.Command("/usr/sbin/zabbix_server", "-f", "-c", filepath.Join(z.dir, "server.conf"))); err != nil {
		return err
	}
	return probe{addr: z.TrapperAddr()}.await(ctx, z.server)
}

// Stop asks the server to end, which stores what it holds, and waits.
func (z *Zabbix) Stop(ctx context.Context) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.server.end(ctx)
}

// Kill ends the server at once (SIGKILL): what it has taken and not stored is lost.
func (z *Zabbix) Kill() error {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.server.kill()
}

// Close ends everything, removes the temporary folder and gives the ports back. A second Close does nothing.
func (z *Zabbix) Close() error {
	z.mu.Lock()
	defer z.mu.Unlock()
	var group errgroup.Group
	for _, child := range []*process{z.server, z.frontend} {
		if child != nil {
			group.Go(child.kill)
		}
	}
	errs := []error{group.Wait()}
	if z.database != nil {
		errs = append(errs, z.database.signal(syscall.SIGQUIT)) // at once, but giving its shared memory back
		select {
		case <-z.database.done:
		case <-time.After(stopPatience):
		}
		errs = append(errs, z.database.kill())
	}
	errs = append(errs, z.ports.release())
	if z.dir != "" {
		errs = append(errs, os.RemoveAll(z.dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close Zabbix: %w", err)
	}
	return nil
}

// LogTail returns the last lines that the parts wrote, for error messages.
func (z *Zabbix) LogTail() string {
	var lines strings.Builder
	for _, name := range []string{"build", "database", "server", "frontend"} {
		if text := tail(filepath.Join(z.dir, name+".log")); text != "" {
			fmt.Fprintf(&lines, "--- zabbix %s\n%s\n", name, text)
		}
	}
	return lines.String()
}

// furnish makes the folder, the ports and the configuration, all of it for the user that everything runs as.
func (z *Zabbix) furnish(context.Context) error {
	var err error
	if z.dir, err = os.MkdirTemp("", "releve-lab-"); err != nil {
		return fmt.Errorf("make temporary folder: %w", err)
	}
	if z.as, err = zabbixUser(); err != nil {
		return err
	}
	reserved, err := z.ports.reserve(2)
	if err != nil {
		return err
	}
	z.trapper, z.web = reserved[0], reserved[1]
	if err := z.writeFiles(); err != nil {
		return err
	}
	if z.as == nil {
		return nil
	}
	if err := passable(filepath.Dir(z.dir)); err != nil {
		return err
	}
	return filepath.WalkDir(z.dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, int(z.as.Uid), int(z.as.Gid)))
	})
}

// zabbixUser is whom everything runs as: PostgreSQL refuses to be root.
func zabbixUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("zabbix")
	if err != nil {
		return nil, fmt.Errorf("find the user that the package of Zabbix makes: %w", err)
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
}

// confine gives a command the folder, a small environment and the user it runs as.
func (z *Zabbix) confine(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = z.dir
	cmd.Env = append(cmd.Env, "HOME="+z.dir, "PATH="+searchPath, "LANG=C.UTF-8", "LOCPATH="+filepath.Join(z.dir, "locale"))
	if z.as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: z.as}
	}
	return cmd
}

// spawn starts a part that goes on; what it prints goes to a file of its name.
func (z *Zabbix) spawn(name string, cmd *exec.Cmd) (*process, error) {
	output, err := os.OpenFile(filepath.Join(z.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of the %s: %w", name, err)
	}
	defer func() { _ = output.Close() }()
	z.confine(cmd)
	cmd.Stdout, cmd.Stderr = output, output
	return launch(cmd, z.dir+"/"+name)
}
