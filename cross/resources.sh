#!/bin/bash
# Lets the binary of each target, the ARMs emulated, read the same meter at its full pace, side by side, and prints what each
# takes: its size, the memory of the agent (of an emulated one what is the guest's), and its processor time as a multiple of what
# `releve decode` takes on the same processor for the same bytes, since seconds of an emulator say nothing of a board. Only
# those of this machine are also given as a share of a processor.
#
#   cross/resources.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."

window=${1:-180}
guest=0x10000000000 # where an emulated program's memory begins; the emulator's own is above 0x550000000000
here=$PWD/cross/out/releve-linux-$(${GO:-go} env GOHOSTARCH)
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
port=$((20000 + RANDOM % 10000))

# agent NAME PORT RUN…: an agent in a folder of its own, which RUN starts, with the meter's line in $meter.
agent() {
  local name=$1 page=$2
  shift 2
  mkdir "$work/$name"
  printf '[agent]\nstate = "%s"\n[[meter]]\nname = "linky"\n%s\n[status]\nlisten = "127.0.0.1:%d"\n' "$work/$name/state" "$meter" "$page" >"$work/$name/releve.toml"
  "$@" run --config "$work/$name/releve.toml" 2>"$work/$name/log" &
  pids+=($!)
}

# spent PID: its processor time in ticks.
spent() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# memory PID BASE: "resident anonymous" of what lies at BASE or above it and is not the emulator's, in MB.
memory() {
  local resident=0 anonymous=0 counted=false first second _
  while read -r first second _; do
    case $first in
      Rss:) ! $counted || resident=$((resident + second)) ;;
      Anonymous:) ! $counted || anonymous=$((anonymous + second)) ;;
      *-*)
        counted=true
        [ $(($2)) = 0 ] || { [ $((16#${first%-*})) -ge $(($2)) ] && [ $((16#${first%-*})) -lt $((0x550000000000)) ]; } || counted=false
        ;;
    esac
  done <"/proc/$1/smaps"
  awk "BEGIN { printf \"%.0f %.0f\", $resident * 1.024e-3, $anonymous * 1.024e-3 }"
}

"$here" simulate --start now --pty "$work/line" 2>"$work/meter.log" &
pids+=($!)
# until_it CONDITION…: waits for what a process brings about, as long as all of them live.
until_it() {
  until "$@"; do
    kill -0 "${pids[@]}" || { echo "resources: a program has ended: $(cat "$work"/*.log "$work"/*/log)" >&2; exit 1; }
    sleep 0.5
  done
}
listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
stores() {
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:%d\r\n\r\n' "$1" >&3
  grep -q '^releve_buffer_packs [1-9]' <&3
}

until_it test -e "$work/line"
meter="port = \"$work/line\"
share = \"127.0.0.1:$port\""
agent shared $((port + 1)) "$here"
until_it listens "$port"

meter="port = \"tcp://127.0.0.1:$port\""
names=() agents=() decoders=() bases=() page=$((port + 2))
while read -r name _ _ emulator cpu _; do
  case $name in '' | '#'*) continue ;; esac
  run=("$PWD/cross/out/releve-linux-$name") base=0
  if [ "$emulator" != - ]; then
    run=("$emulator" -B "$guest" -cpu "$cpu" "${run[@]}") base=$guest
  elif [ "${run[0]}" != "$here" ]; then
    continue # neither this machine's nor emulated
  fi
  agent "$name" $page "${run[@]}"
  names+=("$name") agents+=("${pids[-1]}") bases+=("$base") page=$((page + 1))
  "${run[@]}" decode "tcp://127.0.0.1:$port" >/dev/null 2>"$work/$name/decoder.log" &
  pids+=($!) decoders+=($!)
done <cross/targets

# What is compiled or translated once is over when packs are stored.
for i in "${!names[@]}"; do until_it stores $((port + 2 + i)); done
sleep 75
before=() decoded=()
for i in "${!names[@]}"; do before+=("$(spent "${agents[i]}")") decoded+=("$(spent "${decoders[i]}")"); done
sleep "$window"
printf '%-8s %9s %12s %13s %14s %10s\n' target 'binary MB' 'resident MB' 'anonymous MB' 'times decode' 'processor'
for i in "${!names[@]}"; do
  ticks=$(($(spent "${agents[i]}") - before[i])) reference=$(($(spent "${decoders[i]}") - decoded[i])) share=-
  [ "${bases[i]}" != 0 ] || share=$(awk "BEGIN { printf \"%.1f %%\", 100 * $ticks / $(getconf CLK_TCK) / $window }")
  read -r resident anonymous <<<"$(memory "${agents[i]}" "${bases[i]}")"
  printf '%-8s %9s %12s %13s %14s %10s\n' "${names[i]}" "$(awk "BEGIN { printf \"%.1f\", $(stat -c %s "cross/out/releve-linux-${names[i]}") / 1e6 }")" \
    "$resident" "$anonymous" "$(awk "BEGIN { print $reference ? sprintf(\"%.1f\", $ticks / $reference) : \"-\" }")" "$share"
done
