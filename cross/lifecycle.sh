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
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"; rm -rf "$root"' EXIT
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
repack() { # VERSION: the same package under a newer version, with other defaults, about which dpkg would ask
  rm -rf "$root/srv/tree"
  dpkg-deb -R "$root"/srv/apt/pool/releve_*_"$(dpkg --print-architecture)".deb "$root/srv/tree"
  [ ! -e "$root/srv/tree/DEBIAN/conffiles" ] || sed "s|^|$root/srv/tree|" "$root/srv/tree/DEBIAN/conffiles" | xargs sed -i '$a# newer'
  sed -i "s/^Version: .*/Version: $1/" "$root/srv/tree/DEBIAN/control"
}
repack 99.0
dpkg-deb -Znone -b "$root/srv/tree" "$newer" >/dev/null
inside dpkg -i /srv/newer.deb
must grep -q '# mine' "$root/etc/releve/releve.toml"
must test "$(cat "$root/var/lib/releve/readings")" = readings

say "an upgrade whose program does not take the configuration is refused, and can be taken up again"
repack 99.1
printf '#!/bin/sh\necho "meter: no"; exit 78\n' >"$root/srv/tree/usr/bin/releve"
dpkg-deb -Znone -b "$root/srv/tree" "$newer" >/dev/null
mustnt inside dpkg -i /srv/newer.deb
must test "$(inside dpkg-query -W -f '${db:Status-Status}' releve)" = half-configured
repack 99.2
dpkg-deb -Znone -b "$root/srv/tree" "$newer" >/dev/null
inside dpkg -i /srv/newer.deb
must test "$(inside dpkg-query -W -f '${db:Status-Status}' releve)" = installed

say "an update that the agent has placed: refused unless the configured key has signed it"
export GNUPGHOME=$root/srv/gpg
mkdir -m 0700 "$GNUPGHOME"
key() { gpg --batch --quiet --passphrase '' --quick-generate-key "$1" ed25519 sign never; }
key ours && key theirs
gpg --batch --export ours >"$root/etc/releve/releve-archive-keyring.gpg"
port=$((20000 + RANDOM % 20000))
inside install -g releve -m 0640 /dev/stdin /etc/releve/releve.toml <<END
# mine
[[meter]]
name = "linky"
port = "tcp://127.0.0.1:$port"
[status]
listen = "127.0.0.1:$((port + 1))"
[update]
from = "https://breizh-sen1.example/releve"
key_file = "/etc/releve/releve-archive-keyring.gpg"
END
inside install -d /var/lib/releve-update
has() { test "$(inside dpkg-query -W -f '${db:Status-Status} ${Version}' releve)" = "installed $1"; }
now() { inside dpkg-query -W -f '${Version}' releve; }
place() { # VERSION SIGNER NEED: what the agent would have left
  local to=$root/var/lib/releve/update after
  after=$(jq -r .at "$root/var/lib/releve-update/outcome.json" 2>/dev/null) || after=0001-01-01T00:00:00Z
  inside install -d -o releve -m 0700 /var/lib/releve/update
  sed -i "s/^Version: .*/Version: $1/" "$root/srv/tree/DEBIAN/control"
  dpkg-deb -Znone -b "$root/srv/tree" "$to/package.deb" >/dev/null
  echo "$(sha256sum <"$to/package.deb" | cut -d ' ' -f 1)  releve_$1_$(dpkg --print-architecture).deb" >"$to/SHA256SUMS"
  gpg --batch --yes --local-user "$2" --armor --detach-sign --output "$to/SHA256SUMS.asc" "$to/SHA256SUMS"
  printf '{"by":"alice@breizh-sen1.example","at":"%s","after":"%s","from":"%s","to":"%s","need":%s}' "$(date -u +%FT%TZ)" "$after" "$(now)" "$1" "$3" >"$root/srv/update.json"
  inside chown releve /srv/update.json
  inside mv /srv/update.json /var/lib/releve/update.json # whole, and after the package: an agent that begins would give it up
}
update() { # FLAGS: as releve-update.service does
  local program=/var/lib/releve-update/releve
  [ -x "$root$program" ] || program=/usr/bin/releve
  inside "$program" update --config /etc/releve/releve.toml "$@"
}
repack 99.3
place 99.3 theirs '[]'
mustnt update 2>"$root/srv/refusal"
must grep 'is not signed by the key in /etc/releve/releve-archive-keyring.gpg' "$root/srv/refusal"
must test "$(jq .refused "$root/var/lib/releve-update/outcome.json")" = true
must has 99.2

say "a machine that runs it: a systemd that knows one service, and a meter"
cp "$root/usr/bin/releve" "$root/srv/simulate"
cat >"$root/srv/service" <<'END'
#!/bin/sh
# Restart=always, RestartPreventExitStatus=78
for n in $(seq 0 1000); do
  echo "$n" >/srv/restarts
  setpriv --reuid=releve --regid=releve --init-groups /usr/bin/releve run --config /etc/releve/releve.toml >>/srv/log 2>&1
  [ $? != 78 ] || break
  sleep 1
done
echo failed >/srv/condition
END
cat >"$root/srv/systemctl" <<'END'
#!/bin/sh
read -r condition </srv/condition
case "$*" in
  show*) echo "ActiveState=$condition"; echo "NRestarts=$(cat /srv/restarts)"; exit ;;
  *try-restart\ releve.service) [ "$condition" = active ] || exit 0 ;;
  *restart\ releve.service | *stop\ *releve.service) ;;
  *) exit 0 ;;
esac
# Whoever asked may be killed: the job goes on.
setsid /srv/job "$*" </dev/null >/dev/null 2>&1 &
wait $!
END
cat >"$root/srv/job" <<'END'
#!/bin/sh
exec 9>/srv/jobs
flock 9 # one after the other
# here GROUP: some process of it has not ended; a zombie has.
here() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v "group=$1" '{ sub(/.*\) /, "") } $3 == group && $1 != "Z" { found = 1 } END { exit !found }'; }
if [ -s /srv/group ]; then
  group=$(cat /srv/group)
  kill -- "-$group" 2>/dev/null
  # What stops still has the store and the page's port.
  while here "$group"; do sleep 0.1; done
fi
case "$1" in *stop*) echo inactive >/srv/condition; exit ;; esac
echo active >/srv/condition
setsid /srv/service </dev/null >/dev/null 2>&1 9>&- &
echo $! >/srv/group
END
cat >"$root/srv/meter" <<'END'
use IO::Socket::INET;
$SIG{CHLD} = "IGNORE";
my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => shift, ReuseAddr => 1) or die $@;
while (my $c = $s->accept) {
  next if fork;
  open STDOUT, ">&", $c;
  exec "/srv/simulate", "simulate", "--start", "now";
}
END
chmod +x "$root/srv/service" "$root/srv/systemctl" "$root/srv/job"
echo 0 >"$root/srv/restarts"
echo inactive >"$root/srv/condition"
inside dpkg-divert --quiet --local --rename --divert /usr/bin/systemctl.real /usr/bin/systemctl
cp "$root/srv/systemctl" "$root/usr/bin/systemctl"
mkdir -p "$root/run/systemd/system"
rm "$root/usr/sbin/policy-rc.d"
setsid chroot "$root" perl /srv/meter "$port" &
meter=$!
trap 'inside systemctl stop releve.service || true; kill -- "-$meter" 2>/dev/null || true; umount "$root/var/lib/releve" 2>/dev/null || true; umount "$root/proc" || true; rm -rf "$root"' EXIT
outcome() { jq -r .why "$root/var/lib/releve-update/outcome.json"; }
inside systemctl restart releve.service

say "signed, newer, and it does what the one before did: it stays"
place 99.3 ours '["meter linky"]'
must update --prove 5m
must has 99.3
must grep -q '# mine' "$root/etc/releve/releve.toml"
mustnt update

fault() { # VERSION NEED PROVE WHY 'what it does instead of running': the version before returns, and runs
  local before
  before=$(now)
  say "version $1, which $5: $before returns"
  rm -rf "$root/srv/tree/usr/lib/releve"
  mkdir "$root/srv/tree/usr/lib/releve"
  cp "$root/srv/simulate" "$root/srv/tree/usr/lib/releve/real"
  printf '#!/bin/sh\n[ "$1" != run ] || %s\nexec /usr/lib/releve/real "$@"\n' "$6" >"$root/srv/tree/usr/bin/releve"
  place "$1" ours "$2"
  mustnt update --prove "$3"
  must test "$(outcome)" = "$4"
  must has "$before"
  must test "$(<"$root/srv/condition")" = active
  must cmp -s "$root/usr/bin/releve" "$root/srv/simulate"
  mustnt test -e "$root/usr/lib/releve"
  must grep -q '# mine' "$root/etc/releve/releve.toml"
  must test "$(cat "$root/var/lib/releve/readings")" = readings
  mustnt test -e "$root/var/lib/releve-update/progress.json"
}
works='["meter linky"]'
fault 99.4 "$works" 5m 'it ended again and again' 'crashes at once' 'exit 1'
fault 99.5 "$works" 30s 'it did not prove itself within 30s; missing: all of it' 'hangs before it is ready' 'exec sleep 1000'
fault 99.6 '["federation","meter linky"]' 90s 'it did not prove itself within 1m30s; missing: federation' 'is ready, without the federation' true
fault 99.7 "$works" 5m 'it stopped for good' 'refuses to run' 'exit 78'

say "version 99.8, whose program does not take the configuration: 99.3 returns"
printf '#!/bin/sh\necho "meter: no"; exit 78\n' >"$root/srv/tree/usr/bin/releve"
place 99.8 ours "$works"
mustnt update --prove 5m
must test "$(outcome)" = 'install releve_99.8_'"$(dpkg --print-architecture)"'.deb: dpkg: exit status 1'
must has 99.3

say "the power fails within dpkg, and while a version proves itself: it is gone on with"
cp "$root/srv/simulate" "$root/srv/tree/usr/bin/releve"
rm -rf "$root/srv/tree/usr/lib/releve"
place 99.9 ours "$works"
stage() { # STAGE: waits for it, and cuts the power
  until grep -q "\"stage\": \"$1\"" "$root/var/lib/releve-update/progress.json" 2>/dev/null; do sleep 0.1; done
  kill -9 -- "-$updating"
  wait "$updating" || true
}
begin() {
  setsid chroot "$root" "$1" update --config /etc/releve/releve.toml --prove 5m &
  updating=$!
}
begin /usr/bin/releve
stage installing
begin /var/lib/releve-update/releve
stage proving
must update --prove 5m
must has 99.9
must test "$(<"$root/srv/condition")" = active
mustnt test -e "$root/var/lib/releve-update/releve"

must test "$(inside stat -c '%a %U:%G' /etc/releve)" = '750 root:releve'

gpgconf --kill all
unset GNUPGHOME

say "remove while it runs: it stops; readings and configuration stay"
inside dpkg -r releve
must test "$(<"$root/srv/condition")" = inactive
mustnt test -e "$root/usr/bin/releve"
must test -e "$root/var/lib/releve/readings"
must grep -q '# mine' "$root/etc/releve/releve.toml"

say "install again, after the configuration was deleted: there is a new one, and the readings are there"
rm "$root/etc/releve/releve.toml"
inside apt-get -q -y --no-install-recommends install releve
must inside systemctl.real --root=/ is-enabled releve.service
must test -e "$root/var/lib/releve/readings"
must test "$(inside stat -c '%a %U:%G' /etc/releve/releve.toml)" = '640 root:releve'

say "purge, with the readings on a partition of their own: nothing stays but the user and that"
mount --bind "$root/var/lib/releve" "$root/var/lib/releve"
inside dpkg -P releve
must test -z "$(ls -A "$root/var/lib/releve")"
umount "$root/var/lib/releve"
mustnt test -e "$root/var/lib/releve-update"
mustnt test -e "$root/etc/releve"
mustnt inside dpkg-query -W releve

say "install where somebody has put a configuration before: it stays, and the service can read it"
install -D -m 0600 <(echo '# mine') "$root/etc/releve/releve.toml"
inside apt-get -q -y --no-install-recommends install releve
must grep -q '# mine' "$root/etc/releve/releve.toml"
must inside setpriv --reuid=releve --regid=releve --init-groups releve config check
say "done"
