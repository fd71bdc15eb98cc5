#!/bin/bash
# Runs, on the CPU of each target of cross/targets that has an emulator: the short tests of the packages that are named, built for
# it, some of the port's and the buffer's, and its binary in cross/out as an emulated meter and as the decoder of one. What it
# decodes has to be what the binary of this machine decodes of its own meter.
#
#   cross/emulate.sh ./tic/... ./senml/...
set -euo pipefail
cd "$(dirname "$0")/.."

# Minutes each on an emulated ARM; make test-386 has them.
slow='^(TestDamage|TestCompactThenResolveIsTheSame|TestRefusedRequestsAreBounded)$|/too_many_records$'

# Of the port's: how it finds speed and mode, and sets a line. Of the buffer's: the bytes of each form, Badger's tables on 32 bits
# (TestManyBytes), and what a store is after it was closed, damaged or left unfolded. All would take minutes for each target, and
# some could not run: those that start themselves anew (kills, an unguarded child, another user) would start a program for
# another machine; and together they need more heap than the 512 MB that Go sets aside on 32 bits. What it takes then lies
# where Badger had files mapped, and is taken for damaged: see GODEBUG in systemd/releve.service. So one runs after the other.
kept='^Test(Reopen|Block(Keeps|Refuses)|Column(Example|arKeeps|arExample)|OlderForm|Envelope.*|Cell.*|Tens.*|Entry.*|IDSet|Keys|BadgerLog|CheckTable'
kept+='|ManyBytes|Cursor.*|ReadingDoesNotRemove|Journaled.*|Unfinished|Damaged(Pack|Block)|Date|ImportTwice|PeriodsBounds|Tuner.*|Count.*|Telnet|ListenSetsRawMode)$'

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
  tests=(env CGO_ENABLED=0 GOOS=linux GOARCH="$arch" "$variant" "${GO:-go}" test -trimpath -short -timeout 40m -exec "$emulator -cpu $cpu")
  "${tests[@]}" -skip "$slow" "$@"
  "${tests[@]}" -run "$kept" -parallel 1 ./buffer ./tic/port
  [ "$(decoded "$emulator" -cpu "$cpu" "cross/out/releve-linux-$name" | sha256sum)" = "$expected" ] ||
    { echo "emulate: releve-linux-$name decodes its meter otherwise than $own"; exit 1; }
  echo "emulate: $name on $cpu: tests, simulate | decode: good, $((SECONDS - began)) s"
done <cross/targets

# On an ARM without floating point, or older than ARMv6, the program ends as cross/deb/postinst knows it: by SIGILL.
for cpu in pxa250 arm926; do
  code=0
  { (ulimit -c 0 && exec qemu-arm-static -cpu $cpu cross/out/releve-linux-armv6 version); } >/dev/null 2>&1 || code=$?
  [ "$code" = 132 ] || { echo "emulate: armv6 on $cpu ends with $code, not by SIGILL"; exit 1; }
done
