#!/bin/bash
# Installs, upgrades, removes and purges the package of this machine with real apt and dpkg, from the signed repository in
# cross/out/apt, in a Debian of its own in a temporary folder. Prints what it does; the first thing that is not as it
# should be ends it. Needs root, and cross/out/dist and cross/out/apt.
set -euo pipefail
cd "$(dirname "$0")/out"
release=${1:-bookworm}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
say() { printf '== %s\n' "$*"; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive HOME=/root "$@"; }
must() { "$@" || { say "not so: $*"; exit 1; }; }
mustnt() { ! "$@" || { say "not so: not $*"; exit 1; }; }

say "a Debian $release of its own"
mmdebstrap --quiet --variant=apt --include=systemd,init-system-helpers "$release" "$root"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp -r apt "$root/srv/apt"
cp apt/releve-archive-keyring.gpg "$root/usr/share/keyrings/"
echo 'deb [signed-by=/usr/share/keyrings/releve-archive-keyring.gpg] file:/srv/apt stable main' >"$root/etc/apt/sources.list.d/releve.list"

say "install from the signed repository"
inside apt-get -q -o Dir::Etc::SourceList=/dev/null update
inside apt-get -q -y --no-install-recommends install releve
must inside releve version
must inside getent passwd releve
must inside systemctl is-enabled releve.service
must test "$(stat -c '%a' "$root/etc/releve/releve.toml")" = 640
must test "$(inside stat -c '%U:%G' /etc/releve/releve.toml)" = root:releve
must inside setpriv --reuid=releve --regid=releve --init-groups releve config check

say "a secret that is root's alone is read as systemd hands it on"
printf '[federation]\njid = "maison@breizh-sen1.example"\npassword_file = "/etc/releve/secrets/xmpp"\n' >"$root/srv/federation.toml"
chmod 644 "$root/srv/federation.toml"
inside install -m 0600 /dev/stdin /etc/releve/secrets/xmpp <<<'not told'
inside install -d -o releve -m 0500 /srv/credentials
inside install -o releve -m 0400 /etc/releve/secrets/xmpp /srv/credentials/secrets_xmpp
check() { inside setpriv --reuid=releve --regid=releve --init-groups env "$@" releve config check --config /srv/federation.toml; }
mustnt check
must check CREDENTIALS_DIRECTORY=/srv/credentials

say "upgrade to a newer version: what was configured and measured stays"
echo '# mine' >>"$root/etc/releve/releve.toml"
inside install -d -o releve -m 0700 /var/lib/releve
echo readings >"$root/var/lib/releve/readings"
newer=$root/srv/newer.deb
repack() { # VERSION: the same package under a newer version
  rm -rf "$root/srv/tree"
  dpkg-deb -R "$root"/srv/apt/pool/releve_*_"$(dpkg --print-architecture)".deb "$root/srv/tree"
  sed -i "s/^Version: .*/Version: $1/" "$root/srv/tree/DEBIAN/control"
}
repack 99.0
dpkg-deb -b "$root/srv/tree" "$newer" >/dev/null
inside dpkg -i /srv/newer.deb
must grep -q '# mine' "$root/etc/releve/releve.toml"
must test "$(cat "$root/var/lib/releve/readings")" = readings

say "an upgrade whose program does not take the configuration is refused, and can be taken up again"
repack 99.1
printf '#!/bin/sh\necho "meter: no"; exit 78\n' >"$root/srv/tree/usr/bin/releve"
dpkg-deb -b "$root/srv/tree" "$newer" >/dev/null
mustnt inside dpkg -i /srv/newer.deb
must test "$(inside dpkg-query -W -f '${db:Status-Status}' releve)" = half-configured
repack 99.2
dpkg-deb -b "$root/srv/tree" "$newer" >/dev/null
inside dpkg -i /srv/newer.deb
must test "$(inside dpkg-query -W -f '${db:Status-Status}' releve)" = installed

say "an update that the agent has placed: refused unless the configured key has signed it, then installed, once"
export GNUPGHOME=$root/srv/gpg
mkdir -m 0700 "$GNUPGHOME"
key() { gpg --batch --quiet --passphrase '' --quick-generate-key "$1" ed25519 sign never; }
key ours && key theirs
gpg --batch --export ours >"$root/etc/releve/releve-archive-keyring.gpg"
mkdir "$root/etc/releve/conf.d"
printf '[update]\nfrom = "https://breizh-sen1.example/releve"\nkey_file = "/etc/releve/releve-archive-keyring.gpg"\n' >"$root/etc/releve/conf.d/update.toml"
rm -rf "$root/srv/tree"
dpkg-deb -R "$root"/srv/apt/pool/releve_*_"$(dpkg --print-architecture)".deb "$root/srv/tree"
sed -i "s/^Version: .*/Version: 99.3/" "$root/srv/tree/DEBIAN/control"
inside install -d -o releve -m 0700 /var/lib/releve/update
inside install -d -m 0700 /var/lib/releve-update
place() { # SIGNER: what the agent would have left
  local to=$root/var/lib/releve/update
  dpkg-deb -Znone -b "$root/srv/tree" "$to/package.deb" >/dev/null
  echo "$(sha256sum <"$to/package.deb" | cut -d ' ' -f 1)  releve_99.3_$(dpkg --print-architecture).deb" >"$to/SHA256SUMS"
  gpg --batch --yes --local-user "$1" --armor --detach-sign --output "$to/SHA256SUMS.asc" "$to/SHA256SUMS"
}
has() { test "$(inside dpkg-query -W -f '${db:Status-Status} ${Version}' releve)" = "installed $1"; }
place theirs
mustnt inside releve update 2>"$root/srv/refusal"
must grep 'is not signed by the key in /etc/releve/releve-archive-keyring.gpg' "$root/srv/refusal"
must has 99.2
place ours
must inside releve update
must has 99.3
must grep -q '# mine' "$root/etc/releve/releve.toml"
mustnt inside releve update
gpgconf --kill all
unset GNUPGHOME

say "remove: readings and configuration stay"
inside dpkg -r releve
mustnt test -e "$root/usr/bin/releve"
must test -e "$root/var/lib/releve/readings"
must test -e "$root/etc/releve/releve.toml"

say "purge: nothing stays but the user"
inside dpkg -P releve
mustnt test -e "$root/var/lib/releve"
mustnt test -e "$root/var/lib/releve-update"
mustnt test -e "$root/etc/releve"
say "done"
