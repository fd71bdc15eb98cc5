package lab

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// What the parts are told. The database is reached by a socket in the folder, so that it needs no port. New hosts and
// items are known to the server after a second; as shipped, after up to a minute.
const (
	postgresConf = `listen_addresses = ''
unix_socket_directories = '%[1]s'
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 60
`
	zabbixServerConf = `ListenIP=127.0.0.1
ListenPort=%[2]d
SocketDir=%[1]s
PidFile=%[1]s/server.pid
LogType=console
DBHost=%[1]s
DBName=zabbix
DBUser=zabbix
StartPollers=1
StartPollersUnreachable=1
StartPingers=0
StartDiscoverers=0
StartHTTPPollers=0
StartODBCPollers=0
StartTrappers=3
StartDBSyncers=2
StartPreprocessors=1
CacheUpdateFrequency=1
CacheSize=16M
AlertScriptsPath=%[1]s
FpingLocation=/bin/true
StatsAllowedIP=127.0.0.1
TLSCAFile=%[1]s/ca.pem
TLSCertFile=%[1]s/zabbix.pem
TLSKeyFile=%[1]s/zabbix.key
`
	frontendConf = `<?php
$DB['TYPE'] = 'POSTGRESQL';
$DB['SERVER'] = '%[1]s';
$DB['PORT'] = '5432';
$DB['DATABASE'] = 'zabbix';
$DB['USER'] = 'zabbix';
$DB['PASSWORD'] = '';
$DB['SCHEMA'] = '';
$DB['ENCRYPTION'] = false;
$DB['DOUBLE_IEEE754'] = true;
$ZBX_SERVER = '127.0.0.1';
$ZBX_SERVER_PORT = '%[2]d';
$ZBX_SERVER_NAME = 'lab';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
`
)

// writeFiles makes configuration and certificates. Debian's Zabbix takes RSA only (GnuTLS, TLS 1.2).
func (z *Zabbix) writeFiles() error {
	files := map[string][]byte{
		"postgres.conf":   fmt.Appendf(nil, postgresConf, z.dir),
		"server.conf":     fmt.Appendf(nil, zabbixServerConf, z.dir, z.trapper),
		"zabbix.conf.php": fmt.Appendf(nil, frontendConf, z.dir, z.trapper),
	}
	ca, err := newAuthorityOf(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	if err != nil {
		return err
	}
	files["ca.pem"] = ca.pem
	for _, name := range []string{"zabbix", "releve"} {
		id, err := ca.issue(name, longTerm())
		if err != nil {
			return err
		}
		files[name+".pem"], files[name+".key"] = id.cert, id.key
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(z.dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(z.dir, "sessions"), 0o700)
}

// build makes the database and the frontend, side by side.
func (z *Zabbix) build(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return z.copyFrontend(ctx) })
	group.Go(func() error { z.makeLocale(ctx); return nil })
	group.Go(func() error {
		if err := z.startDatabase(ctx); err != nil {
			return err
		}
		return z.load(ctx)
	})
	return group.Wait()
}

// once runs a program to its end.
func (z *Zabbix) once(ctx context.Context, in io.Reader, name string, args ...string) error {
	output, err := os.OpenFile(filepath.Join(z.dir, "build.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = output.Close() }()
	cmd := z.confine(exec.CommandContext(ctx, name, args...))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, output, output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", filepath.Base(name), err)
	}
	return nil
}

// copyFrontend makes a copy that reads our configuration: Debian's reads /etc/zabbix and nothing else.
func (z *Zabbix) copyFrontend(ctx context.Context) error {
	web := filepath.Join(z.dir, "web")
	// Links to what is not installed are no loss.
	_ = z.once(ctx, nil, "cp", "-rL", "--no-preserve=mode,ownership", frontendFolder, web)
	file := filepath.Join(web, "include/classes/core/CConfigFile.php")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("copy the frontend: %w", err)
	}
	const place = "'/etc/zabbix/zabbix.conf.php'"
	if !strings.Contains(string(text), place) {
		return fmt.Errorf("copy the frontend: %s does not name %s", file, place)
	}
	return os.WriteFile(file, []byte(strings.ReplaceAll(string(text), place, "'"+filepath.Join(z.dir, "zabbix.conf.php")+"'")), 0o644)
}

// makeLocale compiles the locale without which pages are not drawn. The API needs none, so that it may not be there.
func (z *Zabbix) makeLocale(ctx context.Context) {
	if hasFile("/usr/share/i18n/locales/en_US") && hasProgram("localedef") {
		folder := filepath.Join(z.dir, "locale")
		_ = z.once(ctx, nil, "mkdir", "-p", folder)
		_ = z.once(ctx, nil, "localedef", "-i", "en_US", "-f", "UTF-8", filepath.Join(folder, "en_US.utf8"))
	}
}

func (z *Zabbix) startDatabase(ctx context.Context) error {
	found, _ := filepath.Glob(postgresPrograms) // the pattern is right
	programs, data := slices.Max(found), filepath.Join(z.dir, "database")
	err := z.once(ctx, nil, filepath.Join(programs, "initdb"), "-D", data, "-U", "zabbix", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "-N")
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(programs, "postgres"), "-D", data, "-c", "config_file="+filepath.Join(z.dir, "postgres.conf"))
	if z.database, err = z.spawn("database", cmd); err != nil {
		return err
	}
	for {
		err := z.once(ctx, nil, "psql", "-q", "-h", z.dir, "-U", "zabbix", "-d", "postgres", "-c", "create database zabbix")
		if err == nil || ctx.Err() != nil || !z.database.running() {
			return err
		}
		time.Sleep(probePause)
	}
}

// load fills the database with what a fresh Zabbix has, but for its templates of other products: without them it takes a
// second in place of six.
func (z *Zabbix) load(ctx context.Context) error {
	read, write := io.Pipe()
	go func() {
		_, err := io.WriteString(write, "set session_replication_role=replica;\n")
		for _, name := range []string{"schema.sql.gz", "data.sql.gz"} {
			err = errors.Join(err, statements(write, filepath.Join(schemaFolder, name)))
		}
		_ = write.CloseWithError(err)
	}()
	return z.once(ctx, read, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", z.dir, "-U", "zabbix", "-d", "zabbix")
}

// templated are the tables that hold what comes with templates, and what hangs on it.
var templated = []string{
	"dashboard", "dashboard_page", "functions", "graphs", "graphs_items", "group_prototype", "host_discovery", "host_inventory",
	"host_tag", "hostmacro", "hosts", "hosts_groups", "hosts_templates", "httpstep", "httptest", "interface", "item_condition",
	"item_discovery", "item_parameter", "item_preproc", "item_rtdata", "item_tag", "items", "lld_macro_path", "lld_override",
	"lld_override_condition", "lld_override_opdiscover", "lld_override_operation", "lld_override_opstatus",
	"lld_override_optemplate", "media_type", "media_type_message", "media_type_param", "sysmap_shape", "sysmaps",
	"sysmaps_elements", "trigger_depends", "trigger_tag", "triggers", "valuemap", "valuemap_mapping", "widget", "widget_field",
}

// statements copies the statements of a compressed file but those that fill templated tables. A statement ends with a line
// that ends in a semicolon outside quotes.
func statements(out io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", file, err)
	}
	w, lines := bufio.NewWriter(out), bufio.NewReader(plain)
	begins, drop, quoted := true, false, false
	for {
		line, err := lines.ReadString('\n')
		if begins {
			table, _, _ := strings.Cut(strings.TrimPrefix(line, "INSERT INTO "), " ")
			drop = strings.HasPrefix(line, "INSERT INTO ") && slices.Contains(templated, table)
		}
		quoted = quoted != (strings.Count(line, "'")%2 == 1)
		begins = !quoted && strings.HasSuffix(strings.TrimSpace(line), ";")
		if !drop {
			_, _ = w.WriteString(line) // Flush tells
		}
		if err != nil {
			return errors.Join(w.Flush(), ignoreEOF(err))
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// startFrontend serves the frontend and its API, by one process: workers of PHP's would outlive it.
func (z *Zabbix) startFrontend(ctx context.Context) error {
	args := []string{"-S", address(z.web), "-t", filepath.Join(z.dir, "web")}
	for _, setting := range []string{
		"memory_limit=512M", "max_execution_time=300", "max_input_time=300", "post_max_size=32M", "upload_max_filesize=16M",
		"date.timezone=UTC", "display_errors=0", "log_errors=1", "error_reporting=22527", "opcache.enable_cli=1",
		"session.save_path=" + filepath.Join(z.dir, "sessions"),
	} {
		args = append(args, "-d", setting)
	}
	cmd := exec.Command("php", args...)
	var err error
	if z.frontend, err = z.spawn("frontend", cmd); err != nil {
		return err
	}
	return probe{addr: address(z.web)}.await(ctx, z.frontend)
}
