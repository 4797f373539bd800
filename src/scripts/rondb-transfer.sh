#!/usr/bin/env bash
# Library of the RonDB scripts: files on their way between data nodes and the store. It is sourced after rondb-run.sh,
# rondb-cluster.sh and rondb-store.sh, defines functions and runs nothing:
#   read_transfer_environment            checks the variables below
#   transfer_in POD FILE SIZE PATH RESULT  from a data node (FILE in the folder of native backups) into the store, read
#                                        back and compared; RESULT gets the SHA-256. A status, tries included
#   transfer_out POD PATH FILE SHA256    from the store to a data node, hashed there and compared. A status
#   transfer_text FILE PATH RESULT       a file of this container into the store, like transfer_in
# Streams through exec can end early and look like success: nothing counts but equal hashes at both ends.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

read_transfer_environment() {
  : "${WAY:?stream or sidecar}"
  : "${SIDECAR_CONTAINER:?container with rclone beside a data node, for sidecar}"
  : "${SIDECAR_BACKUP_FOLDER:?folder of native backups in that container}"
  : "${TRANSFERS:?files at once}"
  : "${TRANSFER_RETRIES:?further tries for each file}"
  : "${TRANSFER_TIMEOUT_SECONDS:?seconds for all files together}"
  check_input WAY stream sidecar
  check_name SIDECAR_CONTAINER
  check_number TRANSFERS 1
  check_number TRANSFER_RETRIES 0
  check_number TRANSFER_TIMEOUT_SECONDS 1
}

# What runs beside a file. tee reads it once, for the stream and for the hash, which goes to stderr.
# shellcheck disable=SC2016 # it is the pod's shell that expands them
send_program='set -euo pipefail
exec 3>&1
tee /dev/fd/4 <"$1" 4>&1 >&3 | sha256sum >&2'
# Environment on stdin, each with a NUL at its end: nothing of it is in an argument or on the pod's disk.
# shellcheck disable=SC2016
sidecar_program='set -euo pipefail
while IFS= read -r -d "" pair; do export "$pair"; done
sha256sum <"$1" >&2 &
shift
rclone "$@" </dev/null
wait "$!"'
# shellcheck disable=SC2016
sidecar_receive_program='set -euo pipefail
while IFS= read -r -d "" pair; do export "$pair"; done
mkdir -p "${1%/*}"
file=$1
shift
rclone "$@" "$file" </dev/null
sha256sum <"$file"'
# shellcheck disable=SC2016
receive_program='set -euo pipefail
mkdir -p "${1%/*}"
cat >"$1"
sha256sum <"$1"'

# The remote's variables for the sidecar. What is a file here is sent as its content, as it is not there.
print_remote() {
  local name value
  for name in "${!RCLONE_CONFIG_STORE_@}"; do
    value=${!name}
    if [[ $name == *_SERVICE_ACCOUNT_FILE && -n $value ]]; then
      value=$(<"$value") || return
      name=${name%_FILE}_CREDENTIALS
    fi
    printf '%s=%s\0' "$name" "$value"
  done
}

send_stream() {
  exec_in "$1" "$DATA_CONTAINER" bash -c "$send_program" send "$BACKUP_FOLDER/$2" 2>"$5.said" |
    call_rclone rcat --size "$3" --ignore-checksum "$4"
}

send_sidecar() {
  print_remote | feed_in "$1" "$SIDECAR_CONTAINER" bash -c "$sidecar_program" send "$SIDECAR_BACKUP_FOLDER/$2" \
    "${rclone_options[@]}" copyto --ignore-times --ignore-checksum "$SIDECAR_BACKUP_FOLDER/$2" "$4" 2>"$5.said"
}

# try_transfer_in POD FILE SIZE PATH RESULT: what counts is that the bytes that the store gives back have the hash that
# the bytes had when they were read on the node, and that these were all.
try_transfer_in() {
  local back source=''
  if [[ $WAY == stream ]]; then
    send_stream "$@" || return
  else
    send_sidecar "$@" || return
  fi
  if [[ $(<"$5.said") =~ (^|$'\n')([0-9a-f]{64})\ \ - ]]; then source=${BASH_REMATCH[2]}; fi
  back=$(read_back "$4") || return
  if [[ -z $source || $back != "$source" ]]; then
    log_line "$4: the store gives back $back, on the node it was ${source:-not read to its end}"
    return 1
  fi
  printf '%s\n' "$source" >"$5"
}

transfer_in() {
  local try
  for ((try = 0; try <= TRANSFER_RETRIES && EPOCHSECONDS < deadline; try++)); do
    ((try == 0)) || run_bounded sleep "$((try < 10 ? try : 10))" || :
    if try_transfer_in "$@"; then return 0; fi
    log_line "${2##*/}: try $((try + 1)) of $((TRANSFER_RETRIES + 1)) failed$(tail_of "$5.said")"
  done
  return 1
}

transfer_text() {
  local try
  hash_of cat "$1" >"$3" || return
  for ((try = 0; try <= TRANSFER_RETRIES && EPOCHSECONDS < deadline; try++)); do
    ((try == 0)) || run_bounded sleep "$((try < 10 ? try : 10))" || :
    if call_rclone copyto --ignore-times "$1" "$2" && [[ $(read_back "$2") == "$(<"$3")" ]]; then return 0; fi
    log_line "${2##*/}: try $((try + 1)) of $((TRANSFER_RETRIES + 1)) failed"
  done
  return 1
}

# tail_of FILE: its last line after a colon, without hashes; nothing if there is none.
tail_of() {
  local line last=''
  [[ -s $1 ]] || return 0
  while IFS= read -r line; do [[ $line =~ ^[0-9a-f]{64}\  || -z $line ]] || last=$line; done <"$1"
  [[ -z $last ]] || printf ': %s' "$last"
}

# try_transfer_out POD PATH FILE
try_transfer_out() {
  if [[ $WAY == stream ]]; then
    call_rclone cat "$2" | feed_in "$1" "$DATA_CONTAINER" bash -c "$receive_program" receive "$BACKUP_FOLDER/$3"
  else
    print_remote | feed_in "$1" "$SIDECAR_CONTAINER" bash -c "$sidecar_receive_program" receive \
      "$SIDECAR_BACKUP_FOLDER/$3" "${rclone_options[@]}" copyto --ignore-times "$2"
  fi
}

transfer_out() {
  local try got
  for ((try = 0; try <= TRANSFER_RETRIES && EPOCHSECONDS < deadline; try++)); do
    ((try == 0)) || run_bounded sleep "$((try < 10 ? try : 10))" || :
    if got=$(try_transfer_out "$1" "$2" "$3") && [[ ${got%% *} == "$4" ]]; then return 0; fi
    log_line "${3##*/}: try $((try + 1)) of $((TRANSFER_RETRIES + 1)) failed${got:+: on the node it is ${got%% *}}"
  done
  return 1
}
