#!/usr/bin/env bash
# A Millrace worker that needs bash 4.4 or newer, curl and jq: one job at a time, over plain HTTP. Its handlers are programs: see the README.
set -euo pipefail

api=${MILLRACE_URL:?where the API is}/v1/leases
key=${MILLRACE_API_KEY:?an API key with the scope jobs:work}
queues=${MILLRACE_QUEUES:-default}
handlers=${MILLRACE_HANDLERS:-$(dirname "$0")/handlers}
name=${MILLRACE_WORKER_NAME:-bash-$HOSTNAME-$$}
lease_ms=${MILLRACE_LEASE_MS:-30000}
wait_ms=30000

folder=$(mktemp -d)
token='' handler='' waiting='' stopping=''
trap 'rm -rf "$folder"' EXIT

log() { echo "$name: $*" >&2; }

# post VERB SECONDS [CURL'S OPTIONS] <body >answer: one request. It replaces the shell that it runs in, so run it in one of its own.
post() {
  exec curl --silent --show-error --fail-with-body --max-time "$2" "${@:3}" --header "Authorization: Bearer $key" \
    --header 'Content-Type: application/json' --data-binary @- "$api/$1"
}

# write VERB [JQ'S OPTIONS] FIELDS: an owner's write. It is sent again until it is taken: a repeated one changes nothing. Fails when the job is still
# ours and the write can't be stored.
write() {
  local outcome
  outcome=$(jq -n --arg token "$token" "${@:2:$#-2}" "{items: [{leaseToken: \$token} + ${*: -1}]}" |
    (post "$1" 30 --retry 3 --retry-connrefused) | jq -c '.items[0]') || return 0
  [[ $(jq .ok <<<"$outcome") == true ]] && return
  log "refused $1: $(jq -c .problem <<<"$outcome")"
  [[ $(jq -r .problem.code <<<"$outcome") == LEASE_LOST ]]
}

# Extends the lease beside the handler, and ends the handler when its job is cancelled or its lease is lost.
beat() {
  local outcome pause
  pause=$(jq -n "$lease_ms / 3000")
  # A beat that outlives its worker would keep the job from everybody else.
  while sleep "$pause" && kill -0 $$ 2>/dev/null; do
    outcome=$(jq -n --arg token "$token" "{leaseMs: $lease_ms, items: [{leaseToken: \$token}]}" |
      (post heartbeat 10) | jq -c '.items[0]') || continue
    [[ $(jq .ok <<<"$outcome") == true ]] && continue
    jq -r 'if .cancelRequested then "cancelled" else "lease lost" end' <<<"$outcome" >"$folder/over"
    kill -- "-$handler" 2>/dev/null || true
    return
  done
}

# wait_for PID: its exit status. A signal for this shell interrupts a wait, and means no end of it.
wait_for() {
  local status=0 again=0
  while
    wait "$1" 2>/dev/null || status=$?
    ((status > 128)) && kill -0 "$1" 2>/dev/null
  do status=0; done
  ((status <= 128)) || wait "$1" 2>/dev/null || again=$?
  ((status <= 128 || again == 127)) || status=$again
  return "$status"
}

work() {
  local item=$1 beating status=0
  token=$(jq -r .leaseToken <<<"$item")
  jq -c .job.payload <<<"$item" >"$folder/payload"
  log "working on $(jq -r '"\(.job.id) (\(.job.type), attempt \(.job.attempts))"' <<<"$item")"
  rm -f "$folder/over"
  # A group of its own: what the handler has started ends with it.
  set -m
  MILLRACE_JOB=$(jq -c '.job | del(.payload)' <<<"$item") "$handlers/$(jq -r .job.type <<<"$item")" \
    <"$folder/payload" >"$folder/result" 2>"$folder/message" &
  handler=$!
  beat &
  beating=$!
  set +m
  wait_for "$handler" || status=$?
  handler=''
  if [[ -e $folder/over ]]; then
    log "$(cat "$folder/over")"
    [[ $(cat "$folder/over") != 'handed back' ]] || write release '{}' || true
  elif ((status != 0)); then
    write fail --rawfile message "$folder/message" --arg status "$status" '{message: ($message + "exit status " + $status)}' || true
  elif jq -e -s 'length <= 1' "$folder/result" >/dev/null 2>&1; then
    # The work is done, and its result can't be kept: doing it again would end the same.
    write complete --slurpfile result "$folder/result" '{result: $result[0]}' ||
      write fail '{message: "The result was refused.", retryable: false}' || true
  else
    write fail --rawfile result "$folder/result" '{message: ("The result is no JSON: " + $result), retryable: false}' || true
  fi
  # Only now: the lease has to hold until the end is written.
  kill -- "-$beating" 2>/dev/null || true
  wait "$beating" 2>/dev/null || true
}

# The first signal lets the job that runs end, a second one hands it back.
stop() {
  if [[ -n $stopping && -n $handler ]]; then
    echo 'handed back' >"$folder/over"
    kill -- "-$handler" 2>/dev/null || true
  fi
  stopping=yes
  # Whoever hangs up while it waits gets no jobs.
  [[ -z $waiting ]] || kill "$waiting" 2>/dev/null || true
}
trap stop TERM INT

log started
while [[ -z $stopping ]]; do
  claim=$(jq -n --arg queues "$queues" --arg worker "$name" '{
    queues: ($queues | split(",")), types: $ARGS.positional, worker: $worker,
    limit: 1, leaseMs: '"$lease_ms"', waitMs: '"$wait_ms"'
  }' --args $(ls "$handlers"))
  post claim $((wait_ms / 1000 + 10)) <<<"$claim" >"$folder/claimed" &
  waiting=$!
  [[ -z $stopping ]] || kill "$waiting"
  if wait_for "$waiting"; then
    waiting=''
    item=$(jq -c '.items[0] // empty' "$folder/claimed")
    [[ -z $item ]] || work "$item"
  elif [[ -z $stopping ]]; then
    log "can't claim: $(cat "$folder/claimed")"
    sleep 1
  fi
  waiting=''
done
log stopped
