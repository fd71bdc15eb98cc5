#!/bin/bash
# Runs a static test binary in a Debian 13 of its own, in a temporary folder, with packages of Debian's: what this machine
# has are other versions. Needs root and mmdebstrap.
#   debian13.sh BINARY 'PACKAGE…' [ARGUMENT…]
set -euo pipefail
binary=$1 packages=$2
shift 2

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mmdebstrap --quiet --skip=check/qemu --variant=essential --aptopt='Apt::Install-Recommends "false"' \
  --include="ca-certificates ${packages}" trixie "$root"
install "$binary" "$root/srv/test"
# The mounts are seen in here alone, and end with it.
unshare --mount --pid --fork bash -euc '
  mount -t proc proc "$0/proc"
  mount --bind /dev "$0/dev"
  mount -t tmpfs -o mode=1777 shm "$0/dev/shm"
  exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp CI=1 /srv/test "$@"
' "$root" "$@"
