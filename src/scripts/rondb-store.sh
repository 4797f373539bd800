#!/usr/bin/env bash
# Library of the RonDB scripts: the object store. It is sourced after rondb-run.sh, defines functions and runs nothing:
#   read_store_environment               checks the variables below
#   refuse_store FACT                    ends the run with 12
#   call_rclone ARGUMENTS…               with bounded waits and tries
#   check_store                          12 unless STORE_ROOT can be listed; 24 unless the key is the expected one; sets
#                                        `fingerprint`, empty without encryption
#   list_store PATH FILE                 JSON of what is directly in a folder; a folder that is not there is empty
#   list_sets PATH FILE                  lines `<id>/started.json` and `<id>/manifest.json`
#   settle_owner ADOPT NAME              10, 11, or owner.json names this cluster (written if nothing of ours is there)
#   check_owner PATH                     10 or 11 unless PATH/owner.json names this cluster; writes nothing
#   probe_store                          12 unless put, list, get and delete work below STORE_PATH
#   put_text FILE PATH                   puts a small file and reads it back
#   get_text PATH FILE                   gets a small file; empty if it is not there
#   read_back PATH                       prints the SHA-256 of what the store gives
# PATH is an rclone path. The remote `store` comes from RCLONE_CONFIG_STORE_*.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

read_store_environment() {
  : "${CLUSTER_ID:?UUID of this cluster}"
  : "${STORE_ROOT:?rclone path that must exist, such as store:bucket}"
  : "${STORE_PATH:?rclone path of this cluster, such as store:bucket/prefix/cluster}"
  : "${ENCRYPTION:?none or rclone-crypt}"
  : "${KEY_FINGERPRINT?fingerprint that the key must have, or empty}"
  check_name CLUSTER_ID
  check_input ENCRYPTION none rclone-crypt
  case $STORE_PATH in
    *//* | *[[:cntrl:]]* | */ | */. | */.. | */./* | */../*) ;;
    store:?*/?*) return 0 ;;
    store:?*) [[ $ENCRYPTION == none ]] || return 0 ;; # bucket and prefix are in the remote then
  esac
  refuse 2 "STORE_PATH is '$STORE_PATH'" 'Allowed: store:bucket/path, with encryption also store:path.'
}

refuse_store() {
  refuse 12 "$STORE_PATH $1" \
    'Check endpoint, region, bucket, credentials (list, read, write, delete), certificate authority and network policy.'
}

# --config '': a file in the image must not say what `store` is. The rest bounds waits and tries.
rclone_options=(--config '' --contimeout 10s --timeout 60s --retries 2 --retries-sleep 1s --low-level-retries 3)

call_rclone() { run_bounded rclone "${rclone_options[@]}" "$@"; }

# Only a list that succeeds shows that the bucket is there: many stores answer for a missing one as for an empty folder.
# The fingerprint is the one of the package's keyFingerprintCommand.
check_store() {
  call_rclone lsf --max-depth 1 "$STORE_ROOT" >/dev/null || refuse_store "is out of reach: $STORE_ROOT cannot be listed"
  fingerprint=''
  [[ $ENCRYPTION == rclone-crypt ]] || return 0
  call_rclone cryptdecode --crypt-filename-encryption standard --reverse store: chartwright-key-fingerprint \
    >"$work/fingerprint" || refuse_store 'has no usable key'
  fingerprint=$(<"$work/fingerprint")
  printf -v fingerprint %.16s "${fingerprint##*[[:space:]]}"
  [[ -z $KEY_FINGERPRINT || $fingerprint == "$KEY_FINGERPRINT" ]] ||
    refuse 24 "the key has the fingerprint $fingerprint and not $KEY_FINGERPRINT" 'Put the right key into the Secret.'
}

# rclone ends with 3 where a folder is not there, on stores that have real folders.
list_store() {
  local result=0
  call_rclone lsjson --no-modtime --no-mimetype "$1" >"$2" || result=$?
  ((result != 3)) || printf '[]' >"$2"
  ((result == 0 || result == 3))
}

# What makes a folder a set.
list_sets() {
  local result=0
  call_rclone lsf -R --files-only --max-depth 2 --include '/*/started.json' --include '/*/manifest.json' "$1" >"$2" ||
    result=$?
  ((result == 0 || result == 3))
}

# rclone prints nothing and succeeds where S3 has no such object, and ends with 3 or 4 elsewhere.
get_text() {
  local result=0
  call_rclone cat "$1" >"$2" || result=$?
  if ((result == 3 || result == 4)); then : >"$2"; fi
  ((result == 0 || result == 3 || result == 4))
}

put_text() {
  call_rclone copyto --ignore-times "$1" "$2" || return
  get_text "$2" "$work/returned" || return
  [[ $(<"$work/returned") == "$(<"$1")" ]]
}

check_owner() {
  local owner
  retry_command get_text "$1/owner.json" "$work/owner" || refuse_store 'does not give owner.json'
  [[ -s $work/owner ]] || refuse 10 "$1 has no owner.json" 'Check bucket, prefix and access key.'
  owner=$(jq -r '.clusterId | strings' "$work/owner") || owner='that cannot be read'
  [[ $owner == "$CLUSTER_ID" ]] || refuse 11 "$1 belongs to cluster $owner, this is $CLUSTER_ID" \
    'Give this cluster a prefix of its own, or the id of the cluster that it continues, or take the folder over.'
}

# A folder without an owner becomes ours only while there is nothing in it that a run of ours can have made: else
# somebody has lost owner.json, or looks at the wrong bucket. Sets of upstream do not count; they are left alone.
# ADOPT is true or false: whether a folder that names another owner, or none, becomes ours all the same.
settle_owner() {
  local owner
  retry_command list_store "$STORE_PATH" "$work/top" || refuse_store 'cannot be listed'
  call_jq 'any(.Path == "owner.json")' "$work/top" >"$work/answer"
  if [[ $(<"$work/answer") == true ]]; then
    [[ $1 == true ]] || {
      check_owner "$STORE_PATH"
      return 0
    }
    get_text "$STORE_PATH/owner.json" "$work/owner" || refuse_store 'does not give owner.json'
    owner=$(jq -r '.clusterId | strings' "$work/owner") || owner=''
    [[ $owner != "$CLUSTER_ID" ]] || return 0
    warn "taking $STORE_PATH over from cluster ${owner:-unknown}"
  else
    list_sets "$STORE_PATH" "$work/sets" || refuse_store 'cannot be listed'
    [[ ! -s $work/sets || $1 == true ]] || refuse 10 "$STORE_PATH has backups and no owner.json" \
      'Check bucket, prefix and access key; to go on in this folder, take it over.'
  fi
  printf '{"cluster":"%s","clusterId":"%s"}\n' "$2" "$CLUSTER_ID" >"$work/new-owner"
  put_text "$work/new-owner" "$STORE_PATH/owner.json" || refuse_store 'does not take owner.json'
  log_line "$STORE_PATH now belongs to cluster $CLUSTER_ID"
}

# Everything that the run will want of the store later, before anything is done. The name is no backup id, so retention
# leaves it alone, and always the same, so a killed run leaves one object at most.
probe_store() {
  local probe=$STORE_PATH/probe.txt
  printf '%s %s\n' "$CLUSTER_ID" "$EPOCHREALTIME" >"$work/probe"
  put_text "$work/probe" "$probe" || refuse_store 'does not give back what was just put there'
  list_store "$STORE_PATH" "$work/top" || refuse_store 'cannot be listed'
  call_jq 'any(.Path == "probe.txt" and .Size > 0)' "$work/top" >"$work/answer"
  [[ $(<"$work/answer") == true ]] || refuse_store 'does not list what was just put there'
  call_rclone deletefile "$probe" || refuse_store 'does not delete'
}

# hash_of COMMAND…: prints the SHA-256 of what it prints; a status of either side counts.
hash_of() {
  local sum
  sum=$("$@" | sha256sum) || return
  printf '%s\n' "${sum%% *}"
}

read_back() { hash_of call_rclone cat "$1"; }
