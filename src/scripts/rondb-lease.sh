#!/usr/bin/env bash
# Library of the RonDB scripts: a Kubernetes Lease, so that scheduled and manual runs never work at the same time. It is
# sourced after rondb-run.sh, defines functions and runs nothing:
#   read_lease_environment     checks the variables below
#   acquire_lease              takes the lease, or ends the run with 13 and has touched nothing
#   check_lease                a status: whether it is still ours; for a guard, which is a process of its own
#   hold_lease WHAT            ends the run with 13 unless it is still ours; to be called before each commit and delete
#   release_lease              frees it if it is still ours; to be called from end_run
#
# The holder is the pod's UID. The lease is not renewed: it lasts longer than the run may, so one that has expired
# belongs to nobody. Every change is made with the resourceVersion that was read, so of two that take over an expired
# lease the API server lets one win; whoever loses reads it again and sees another's UID.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

read_lease_environment() {
  : "${POD_NAME:?name of this pod}"
  : "${POD_UID:?UID of this pod}"
  : "${LEASE_NAME:?name of the Lease}"
  : "${LEASE_SECONDS:?seconds, more than a run with its grace period may take}"
  check_name POD_NAME
  check_name POD_UID
  check_name LEASE_NAME
  check_number LEASE_SECONDS 1
  lease_held=''
}

get_lease() { call_kubectl get lease "$LEASE_NAME" --ignore-not-found -o json >"$work/lease"; }

# read_lease: sets `lease_state` to none, free, expired, ours or other, and `lease_holder`.
read_lease() {
  lease_state=unknown lease_holder=''
  read_clock
  retry_command get_lease || return
  lease_state=none lease_holder=''
  [[ -s $work/lease ]] || return 0
  read -r lease_state lease_holder < <(jq -r --arg uid "$POD_UID" --argjson now "$now" '
    (.spec.acquireTime // "" | .[0:19] + "Z" | try fromdate catch 0) as $acquired
    | (.spec.leaseDurationSeconds // 0) as $seconds
    | if (.spec.holderIdentity // "") == "" then "free"
      elif $acquired + $seconds <= $now then "expired \(.spec.holderIdentity)"
      elif .spec.holderIdentity == $uid then "ours \($uid)"
      else "other \(.spec.holderIdentity)" end' "$work/lease") || return 1
}

# Prints the lease as it shall be; $1 is the holder, or empty.
print_lease() {
  # shellcheck disable=SC2016 # jq's variables
  call_jq -n --arg name "$LEASE_NAME" --arg pod "$POD_NAME" --arg uid "$1" --argjson seconds "$LEASE_SECONDS" \
    --argjson now "$now" --slurpfile old "$work/lease" '
    ($now | todate | sub("Z$"; ".000000Z")) as $time
    | {apiVersion: "coordination.k8s.io/v1", kind: "Lease",
       metadata: (($old[0].metadata // {}) | {name: $name, resourceVersion, labels, annotations}
         | .annotations["holder-pod"] = $pod | with_entries(select(.value != null))),
       spec: (if $uid == "" then {leaseDurationSeconds: 1, renewTime: $time}
         else {holderIdentity: $uid, leaseDurationSeconds: $seconds, acquireTime: $time, renewTime: $time} end
         + {leaseTransitions: (($old[0].spec.leaseTransitions // 0) + (if $uid == "" then 0 else 1 end))})}'
}

acquire_lease() {
  local verb=create
  read_lease || refuse 1 "the Lease $LEASE_NAME cannot be read" 'Look at the message above: API server, RBAC.'
  [[ $lease_state != other ]] || refuse_lease
  if [[ $lease_state != ours ]]; then
    if [[ $lease_state == expired ]]; then log_line "taking over the lease of $lease_holder, which has expired"; fi
    [[ $lease_state == none ]] || verb=replace
    print_lease "$POD_UID" >"$work/new-lease"
    # A failure can mean: another was faster, or ours went through and the answer got lost. The lease itself says which.
    call_kubectl "$verb" --validate=false -f "$work/new-lease" >/dev/null ||
      log_line "the lease was not taken at the first go: reading it again"
    read_lease || refuse 1 "the Lease $LEASE_NAME cannot be read" 'Look at the message above: API server, RBAC.'
  fi
  [[ $lease_state == ours ]] || refuse_lease
  lease_held=yes
}

refuse_lease() {
  refuse 13 "the lease $LEASE_NAME is not ours: $lease_state${lease_holder:+, held by the pod with UID $lease_holder}" \
    'Another run is at work: wait for its end. A killed run'\''s lease ends by itself after LEASE_SECONDS.'
}

check_lease() {
  read_lease || return 1
  [[ $lease_state == ours ]]
}

hold_lease() {
  if ! check_lease; then
    log_line "not done: $1"
    refuse_lease
  fi
}

# Freed and not deleted: that way the right to update this one Lease is enough.
release_lease() {
  if [[ -z $lease_held ]] || ! check_lease; then return 0; fi
  print_lease '' >"$work/new-lease"
  call_kubectl replace --validate=false -f "$work/new-lease" >/dev/null ||
    log_line 'warning: the lease was not released'
  lease_held=''
}
