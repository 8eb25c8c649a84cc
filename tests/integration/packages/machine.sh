# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# For stories on a machine of their own: it is made in a folder "dir", and gone when the story ends.
. "${BASH_SOURCE%/*}/../../town/await.sh"
machine=${BASH_SOURCE%/*}/machine
dir=$(mktemp -d)
tidy() {
  local code=$?
  if [ "$code" -ne 0 ]; then
    tail -n 30 "$dir"/*.log "$dir/console" >&2
    "$machine" run "$dir" journalctl --no-pager -q -n 60 >&2 || true
  fi
  "$machine" down "$dir"
  wait
  rm -rf --one-file-system "$dir"
}
trap tidy EXIT

there() { "$machine" run "$dir" "$@"; }
quietly() { there "$@" >>"$dir/commands.log" 2>&1; }
chapter() { printf '%3d s  %s\n' "$SECONDS" "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# is WHAT EXPECTED FOUND
is() { [ "$2" = "$3" ] || fail "$1: expected \"$2\", found \"$3\""; }
main_pids() { there systemctl show -P MainPID "$@" | xargs; }
await_port() { await 10 there sh -c "ss -Hltn | grep -q :$1" || fail "nobody listens at port $1"; }

# The broker is on the machine, too.
ctl() { there env PULT_BROKER=session-host pultctl "$@"; }
quietly_ctl() { ctl "$@" >>"$dir/commands.log" 2>&1; }
fit() { ctl --json host show neustadt/ts1 | jq -e '.agent == "linked" and .health == "ok"'; }
digest() { there openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1; }
fingerprint() { digest /etc/pult/rdp.crt; }
