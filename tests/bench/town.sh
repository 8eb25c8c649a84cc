# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# For the benches that need a town: `. tests/bench/town.sh BUILD` from the top of the tree, BUILD "" for the release. The
# town ends with the script. The broker's journal lies on the disk that the build lies on: a town's own /srv is memory,
# where nothing needs to be waited for.
shopt -s inherit_errexit
build=$(readlink -f "${1:-.build/release}")
dir=$(mktemp -d /tmp/pult-bench.XXXXXX)
disk=$(mktemp -d "$build/bench.XXXXXX")
export PULT_DATA_DIR=$disk/broker
devices=$disk/devices

close_town() {
  tests/town/town down "$dir" >/dev/null 2>&1 || true
  rm -rf "$dir" "$disk"
}
trap close_town EXIT
trap 'exit 130' INT TERM

tell() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
open_town() {
  tell 'opening a town'
  tests/town/open "$dir" "$build" "$@" >"$dir/open.log" || { cat "$dir/open.log" >&2; return 1; }
}
in_place() { tests/town/town run "$dir" "$@"; }
pultctl() { in_place broker "$PWD/tests/town/pultctl" "$dir" "$build" "$@"; }
broker_pid() { in_place broker cat /run/pult-broker.pid; }
stop_broker() {
  in_place broker sh -c 'kill "$1"; while [ -e "/proc/$1" ]; do sleep 0.02; done' sh "$(broker_pid)"
}

# add_load KIND TENANT COUNT FIELDS: TENANT/load1 ... of the kind (devices or hosts). In FIELDS, the rest of each in
# YAML, # stands for its number.
add_load() {
  local kind=$1 tenant=$2 count=$3 fields=$4
  {
    echo "$kind:"
    for ((i = 1; i <= count; i++)); do echo "  - { id: $tenant/load$i, ${fields//#/$i} }"; done
  } >"$disk/$kind.yaml"
  pultctl apply -f "$disk/$kind.yaml" --yes >"$dir/logs/$kind.log"
}

# enrol_load KIND TENANT COUNT FOLDER: their certificates and keys, in FOLDER.
enrol_load() {
  tell "enrolling $3 $1"
  mkdir -p "$4"
  in_place broker "$build/tests/bench/bench_enrol" "$2" "$3" "$4" broker.pult.example "$dir/tls/ca.crt" \
    /run/administrator/pult/broker.pult.example_8443 "$1"
}

# enrol_devices TENANT COUNT: the devices TENANT/load1 ... with certificate and key in $devices.
enrol_devices() {
  add_load devices "$1" "$2" "site: $1/rathaus, room: 'Zimmer #'"
  enrol_load devices "$1" "$2" "$devices"
}
