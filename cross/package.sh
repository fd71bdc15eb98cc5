#!/bin/bash
# Makes of the binaries in cross/out what is handed out: a .deb and a tarball for each machine, the list of what is in
# them (SBOM, CycloneDX), and SHA256SUMS over it all, signed where RELEASE_KEY names a key of gpg. The same commit
# makes the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

commit=${COMMIT:-HEAD}
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH
out=cross/out
dist=$out/dist
rm -rf "$dist"
mkdir -p "$dist"

# version: of a tag as it is; else what sorts before every release, and after the commit before.
version() {
  local tag
  if tag=$(git describe --tags --exact-match "$commit" 2>/dev/null); then
    echo "${tag#v}"
  else
    echo "0.0.0~$(git rev-list --count "$commit").g$(git rev-parse --short=9 "$commit")"
  fi
}
VERSION=$(version)
export VERSION

# tool NAME …: one of the programs pinned in tools/go.mod.
tool() { "${GO:-go}" tool -modfile=tools/go.mod "$@"; }

# debian NAME: the names Debian has for a target. The ARMv6 binary runs on every machine of armhf; of armel, which is all that
# Debian has for a Raspberry Pi 1 or Zero, on those with floating point: postinst says so to others.
debian() {
  case $1 in
    armv6) echo armhf armel ;;
    arm64 | amd64) echo "$1" ;;
  esac
}

# documents FOLDER: the README, the pages that it leads to and the files that these name, where their links find them.
documents() {
  git ls-files -z -- '*.md' agent/testdata/flows agent/testdata/commander.py agent/config/reference.toml agent/config/reference.fr.toml \
    agent/scenario/reference.toml agent/series/testdata/dictionary.golden agent/api/openapi.json cross/pi/user-data \
    ':!agent/rgpd' ':!agent/testdata/rgpd' | xargs -0 cp --parents -t "$1"
  chmod -R u=rwX,go=rX "$1"
}

tarball() {
  local name=$1 folder=releve-$VERSION-linux-$1 root
  root=$(mktemp -d)
  mkdir "$root/$folder"
  cp "$out/releve-linux-$name" "$root/$folder/releve"
  cp systemd/releve.service systemd/releve-backoff.conf systemd/70-releve-tic.rules systemd/allow-adjtimex.conf "$root/$folder"
  cp systemd/sysusers.conf "$root/$folder/sysusers-releve.conf"
  cp agent/config/reference.toml "$root/$folder/releve.toml"
  cp LICENSE agent/status/licences.txt "$root/$folder"
  documents "$root/$folder"
  chmod -R u=rwX,go=rX "$root/$folder"
  tar -C "$root" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
    -cf - "$folder" | xz -T1 -6 >"$dist/$folder.tar.xz"
  rm -rf "$root"
}

DOCUMENTS=$(mktemp -d)
export DOCUMENTS
documents "$DOCUMENTS"
cat LICENSE agent/status/licences.txt >"$DOCUMENTS/copyright"
while read -r name _; do
  case $name in '' | '#'*) continue ;; esac
  tarball "$name"
  export BINARY=$out/releve-linux-$name
  for ARCH in $(debian "$name"); do
    export ARCH
    tool nfpm package --config cross/nfpm.yaml --packager deb --target "$dist/releve_${VERSION}_$ARCH.deb" | sed -n "/using deb/!p" >&2
  done
done <cross/targets
rm -rf "$DOCUMENTS"

# bom: what is in the binary, which is the same for every machine: its modules, Go's own library, and what the page took from
# npm. Without what the tool says of itself and of the machine that it runs on.
made=$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)
tool cyclonedx-gomod bin -json -noserial -std -version "$VERSION" $out/releve-linux-arm64 2>/dev/null |
  jq --arg made "$made" --slurpfile npm agent/status/npm/package-lock.json '
    [$npm[0].packages | to_entries[] | select(.key != "") | (.key | sub(".*node_modules/"; "")) as $name |
      { "bom-ref": "pkg:npm/\($name)@\(.value.version)", type: "library", name: $name, version: .value.version, scope: "required",
        purl: "pkg:npm/\($name)@\(.value.version)", licenses: [{ license: { id: .value.license } }] }] as $page |
    .metadata.timestamp = $made | del(.metadata.tools) | .components += $page |
    .dependencies[0].dependsOn += [$page[]."bom-ref"] | .dependencies += [$page[] | { ref: ."bom-ref" }] |
    walk(if type == "string" then sub("&goos=[a-z]+&goarch=[a-z0-9]+"; "") else . end)' >"$dist/releve-$VERSION.cdx.json"

cp cross/pi/user-data "$dist/"
cd "$dist"
sha256sum -- * >SHA256SUMS
if [ -n "${RELEASE_KEY:-}" ]; then
  gpg --batch --yes --local-user "$RELEASE_KEY" --armor --detach-sign --output SHA256SUMS.asc SHA256SUMS
else
  echo "package: RELEASE_KEY is not set: SHA256SUMS is not signed" >&2
fi
stat -c '%s %n' -- * | awk '{ printf "%-48s %6.1f MB\n", $2, $1 / 1e6 }'
