# SPDX-License-Identifier: EUPL-1.2
# shellcheck shell=bash
# What every script of the town says and how it waits: for an answer, never for a length of time.

now_ms() { printf '%s\n' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

say() {
  local passed=$(($(now_ms) - ${TOWN_STARTED_MS:-$(now_ms)}))
  printf 'town %3d.%03d s  %s\n' $((passed / 1000)) $((passed % 1000)) "$*"
}

die() {
  printf 'town: %s\n' "$*" >&2
  exit 1
}

# await SECONDS CMD...: true as soon as CMD succeeds. On a busy machine it is given longer than the seconds of one that
# does nothing else; only a failure takes so long. Where looking is dear, await_pause_s says how often.
patience=3
await() {
  local until=$(($(now_ms) + $1 * patience * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$(now_ms)" -ge "$until" ]; then return 1; fi
    sleep "${await_pause_s:-0.03}"
  done
}

# await_or_die SECONDS SENTENCE LOG CMD...: the sentence and the end of the log when it does not come.
await_or_die() {
  local seconds=$1 sentence=$2 log=$3
  shift 3
  if await "$seconds" "$@"; then return; fi
  printf 'town: %s (waited %s s)\n' "$sentence" "$((seconds * patience))" >&2
  if [ -f "$log" ]; then
    printf 'town: the end of %s:\n' "$log" >&2
    tail -n 20 "$log" >&2
  fi
  exit 1
}

listens() { [ -n "$(ss -Hltn "sport = :$1")" ]; }

# What a town leaves in its folder is logs, screens and paper.
throw_away() {
  rm -rf "${1:?}"/{hall,hall.new,places,locations,people,kept,plain,outside,called,krb5.conf,run,tls,hosts,secrets,keytabs}
}

is_outside() { grep -qx "$2" "$1/outside"; }
# In a place, which from now on reaches nothing of the house: broker, directories, session hosts, and a gateway with a proxy
# before it.
go_outside() {
  ip route replace blackhole 10.77.0.0/22
  if grep -q ' proxy ' "$1/places"; then ip route replace blackhole 10.77.8.1; fi
}

# Starts a daemon of a place, its output in a log. It stays in the foreground of its own session.
start_daemon() {
  local log=$1
  shift
  setsid -f "$@" >>"$log" 2>&1 </dev/null
}
