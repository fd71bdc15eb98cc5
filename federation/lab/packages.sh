#!/bin/bash
# Installs the Debian packages the real servers need, if they are not there:
#
#   federation/lab/packages.sh                     ejabberd, prosody, lua-unbound
#   federation/lab/packages.sh gcc libc6-dev       these instead (the race detector's)
#   federation/lab/packages.sh --check [NAME…]     only says what is missing; status 1 if anything is
#
# Uses sudo when not root. The servers it installs are neither started nor, where
# systemd runs, left enabled; a server that was there before is not touched.
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf 'packages: %s\n' "$*"; }
has() { command -v "$1" >/dev/null 2>&1; }
exists() { compgen -G "$1" >/dev/null; }

# present NAME: looks for what the package brings, however it came to be there.
present() {
  case $1 in
    ejabberd) has erl && exists '/usr/lib/*/ejabberd-*/ebin/ejabberd.app' ;;
    prosody) has prosody && has prosodyctl ;;
    lua-unbound) exists '/usr/lib/*/lua/5.*/lunbound.so' ;;
    gcc | make | git | curl | shellcheck | chromium | npm) has "$1" ;;
    ser2net) has ser2net ;;
    libc6-dev) exists /usr/include/stdio.h && exists '/usr/lib*/*/crt1.o' ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
  esac
}

# unit_files: the services a server of ours may bring along, those that exist now.
unit_files() {
  local unit dir
  for unit in ejabberd.service prosody.service epmd.service epmd.socket ser2net.service postgresql.service zabbix-server.service; do
    for dir in /lib/systemd/system /usr/lib/systemd/system; do
      if [ -e "$dir/$unit" ]; then echo "$unit"; break; fi
    done
  done
}

# apt: quiet unless it fails; waits for another apt to finish.
apt() {
  local log
  log=$(mktemp)
  if DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 \
    apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  last_words=$(tail -n 15 "$log")
  rm -f "$log"
  return 1
}

update() {
  say "fetching the package lists"
  apt update || { say "apt-get update failed; check the network and /etc/apt/sources.list:"; echo "$last_words"; exit 1; }
}

# hold_back: asks Debian's own hook not to start services. A hook that is there stays.
policy=/usr/sbin/policy-rc.d
hold_back() {
  [ ! -e "$policy" ] || return 0
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\n# made by packages.sh, goes away when it ends\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

install() {
  local fresh=no name
  for name in "$@"; do
    if [ $fresh = no ] && ! apt-cache show "$name" >/dev/null 2>&1; then update; fresh=yes; fi
  done
  say "installing $*"
  if apt install --no-install-recommends "$@"; then return; fi
  if [ $fresh = no ]; then
    update # the lists may be too old to be of use
    if apt install --no-install-recommends "$@"; then return; fi
  fi
  say "apt-get install failed:"
  echo "$last_words"
  exit 1
}

# retire BEFORE: disables the services that came with the installation.
retire() {
  local unit
  [ "$(cat /proc/1/comm)" = systemd ] || return 0
  for unit in $(unit_files); do
    if ! grep -qx "$unit" <<<"$1"; then
      say "disabling $unit, which came with the installation"
      systemctl disable --now "$unit" >/dev/null 2>&1 || say "could not disable $unit; see: systemctl status $unit"
    fi
  done
}

check=no
if [ "${1-}" = --check ]; then check=yes; shift; fi
wanted=("$@")
[ $# -gt 0 ] || wanted=(ejabberd prosody lua-unbound)
missing=()
for name in "${wanted[@]}"; do present "$name" || missing+=("$name"); done

[ ${#missing[@]} -gt 0 ] || exit 0
say "missing: ${missing[*]}"
[ $check = no ] || exit 1
has apt-get || { say "there is no apt-get; install them by your system's own means"; exit 1; }
if [ "$(id -u)" != 0 ]; then
  has sudo || { say "run as root: apt-get install --no-install-recommends ${missing[*]}"; exit 1; }
  say "installing needs root; sudo may ask for your password"
  exec sudo -- "$(realpath "${BASH_SOURCE[0]}")" "${missing[@]}"
fi

before=$(unit_files)
hold_back
install "${missing[@]}"
retire "$before"
say "done"
