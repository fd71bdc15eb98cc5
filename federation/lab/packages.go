package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// luaUnbound matches the library of every version of Lua and architecture.
const luaUnbound = "/usr/lib/*/lua/5.*/lunbound.so"

// Missing names the Debian packages without which servers of these kinds cannot
// run, in alphabetical order; without an argument, of all kinds. It looks for the
// programs and files themselves, so that what was installed otherwise counts too.
func Missing(kinds ...Kind) []string {
	if len(kinds) == 0 {
		kinds = []Kind{Ejabberd, Prosody}
	}
	var missing []string
	if slices.Contains(kinds, Ejabberd) && !(hasProgram("erl") && hasFile(ejabberdLibs)) {
		missing = append(missing, "ejabberd")
	}
	if slices.Contains(kinds, Prosody) && !hasFile(luaUnbound) {
		missing = append(missing, "lua-unbound")
	}
	if slices.Contains(kinds, Prosody) && !(hasProgram("prosody") && hasProgram("prosodyctl")) {
		missing = append(missing, "prosody")
	}
	return missing
}

func hasProgram(name string) bool {
	_, err := program(name)
	return err == nil
}

func hasFile(pattern string) bool {
	found, err := filepath.Glob(pattern)
	return err == nil && len(found) > 0
}

// program finds a program where Debian puts programs; /usr/sbin is often missing
// from the path of an ordinary user.
func program(name string) (string, error) {
	for _, dir := range filepath.SplitList(searchPath) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("find program %s: not in %s", name, searchPath)
}

// zabbixPrograms are what a Zabbix needs, with where each is looked for and the package that brings it.
var zabbixPrograms = []struct{ pattern, name string }{
	{"/usr/bin/php-cgi", "php-cgi"}, // named first, it keeps apache2 out
	{"/usr/bin/php", "php-cli"},
	{"/usr/lib/php/20*/pgsql.so", "php-pgsql"},
	{postgresPrograms + "/initdb", "postgresql"},
	{frontendFolder + "/api_jsonrpc.php", "zabbix-frontend-php"},
	{"/usr/sbin/zabbix_server", "zabbix-server-pgsql"},
}

// MissingZabbix names the Debian packages without which a Zabbix cannot run, in the order in which to install them.
func MissingZabbix() []string {
	var missing []string
	for _, p := range zabbixPrograms {
		if !hasFile(p.pattern) {
			missing = append(missing, p.name)
		}
	}
	return missing
}
