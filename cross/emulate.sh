#!/bin/bash
# Runs, on the CPU of each target of cross/targets that has an emulator: the short tests of the packages that are named, built for
# it, and its binary in cross/out as an emulated meter and as the decoder of one. What it decodes has to be what the binary
# of this machine decodes of its own meter.
#
#   cross/emulate.sh ./tic/... ./senml/...
set -euo pipefail
cd "$(dirname "$0")/.."

# Minutes each on an emulated ARM; make test-386 has them.
slow='^(TestDamage|TestCompactThenResolveIsTheSame|TestRefusedRequestsAreBounded)$|/too_many_records$'

# decoded RUN…: what the binary that RUN starts decodes of the meter that it plays.
decoded() {
  "$@" simulate --mode standard --frames 40 --speed max | "$@" decode -
  "$@" simulate --mode historic --frames 40 --speed max --parity | "$@" decode -
}

own=cross/out/releve-linux-$(${GO:-go} env GOHOSTARCH)
expected=$(decoded "$own" | sha256sum)
while read -r name arch variant emulator cpu _; do
  case $name in '' | '#'*) continue ;; esac
  [ "$emulator" != - ] || continue
  [ "$variant" != - ] || variant=GOARM=
  began=$SECONDS
  env CGO_ENABLED=0 GOOS=linux GOARCH="$arch" "$variant" \
    "${GO:-go}" test -short -timeout 40m -skip "$slow" -exec "$emulator -cpu $cpu" "$@"
  [ "$(decoded "$emulator" -cpu "$cpu" "cross/out/releve-linux-$name" | sha256sum)" = "$expected" ] ||
    { echo "emulate: releve-linux-$name decodes its meter otherwise than $own"; exit 1; }
  echo "emulate: $name on $cpu: tests, simulate | decode: good, $((SECONDS - began)) s"
done <cross/targets
