#!/usr/bin/env bash
# Proves that the backups can still be read: compares the listing of every committed set with its manifest, and reads
# back one share of all bytes. Input: the environment, see read_environment. Output: a report as JSON on stdout, lines
# on stderr, the key `verify` of the status ConfigMap. Exit: 0 all is right; 1 a command failed; 2 wrong input; 10 to 24
# refused or damaged, see refuse's callers and end_verify; 143 stopped by a signal.
#
# It never writes to the store, and needs no lease: a set that retention removes meanwhile is no damage. It may be
# killed anywhere; what it has not finished counts as not read. Which share a file belongs to depends on its set's
# manifest alone, so each is read once while all shares are, whatever sets come and go.
# shellcheck disable=SC2016,SC2034,SC2153,SC2154 # programs of jq; variables are shared with the libraries
set -euo pipefail

script=rondb-verify
scripts=${BASH_SOURCE[0]%/*}
for library in run store metrics set; do
  # shellcheck source=/dev/null
  . "$scripts/rondb-$library.sh"
done

read_environment() {
  read_run_environment
  read_store_environment
  read_metrics_environment
  : "${VERIFY_SHARE:?into how many shares the bytes are divided}"
  : "${PREFLIGHT_TIMEOUT_SECONDS:?seconds for listings and manifests}"
  : "${TRANSFER_TIMEOUT_SECONDS:?seconds for reading the share}"
  : "${TRANSFERS:?files at once}"
  : "${PACKAGE_VERSION:?version of the package that this script came with}"
  local name
  for name in VERIFY_SHARE PREFLIGHT_TIMEOUT_SECONDS TRANSFER_TIMEOUT_SECONDS TRANSFERS; do check_number "$name" 1; done
  ((VERIFY_SHARE <= 366)) || refuse 2 "VERIFY_SHARE is '$VERIFY_SHARE'" 'Allowed: a whole number from 1 to 366.'
}

# The share that was read longest ago; of those never read, the day's first. A day alone would not do: with a weekly
# schedule and seven shares it would always be the same one.
choose_share() {
  read_status verify "$work/previous" || {
    warn "the ConfigMap $STATUS_CONFIGMAP cannot be read: reading the share of the day"
    printf '{}' >"$work/previous"
  }
  share=$(call_jq --argjson count "$VERIFY_SHARE" --argjson day "$((began / 86400))" '
    (if .count == $count then .shares // {} else {} end) as $shares
    | [range($count)] | min_by([$shares["\(.)"].read // "", (. - $day % $count + $count) % $count])' "$work/previous")
}

# damage ID PATH FACT
damage() {
  log_line "damaged: $STORE_PATH/$1/$2 $3"
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$work/damaged"
}

# is_gone ID: whether the set was removed since it was listed: then it has lost its manifest first.
is_gone() {
  retry_command get_text "$STORE_PATH/$1/manifest.json" "$work/again-$BASHPID" ||
    refuse_store "does not give $1/manifest.json"
  [[ ! -s $work/again-$BASHPID ]]
}

# The largest files first, each into the share that has least so far; which one is first depends on the content, so that
# not all sets have their largest file in the same one.
shares_program='(.files | sort_by(-.size, .path)) as $files | .backupId as $id
  | ((.files[0].sha256[0:7] | explode | map(if . > 57 then . - 87 else . - 48 end)
      | reduce .[] as $digit (0; . * 16 + $digit)) % $count) as $first
  | reduce $files[] as $file ({load: [range($count) | 0], chosen: []};
      .load as $load | (reduce range(1; $count) as $i (0; if $load[$i] < $load[.] then $i else . end)) as $least
      | .load[$least] += $file.size
      | if ($least + $first) % $count == $share then .chosen += [$file] else . end)
  | .chosen[] | [$id, .path, .size, .sha256] | @tsv'

# check_set ID: its manifest and listing; adds its files of this share to the queue.
check_set() {
  local id=$1 code=0 facts encryption key line
  get_manifest "$STORE_PATH/$id" "$id" "$work/manifest" || code=$?
  ((code != 12)) || refuse_store "does not give $id/manifest.json"
  if ((code != 0)); then
    [[ ! -s $work/manifest ]] || damage "$id" manifest.json "$fault"
    return 0
  fi
  facts=$(call_jq -r '"\(.encryption.type) \(.encryption.keyFingerprint // "-") \(.bytes) \(.files | length)"' \
    "$work/manifest")
  read -r encryption key line <<<"$facts"
  if [[ ! ($encryption == "$ENCRYPTION" && ($encryption == none || $key == "$fingerprint"*)) ]]; then
    log_line "backup $id was encrypted with another key: $encryption $key, here is $ENCRYPTION $fingerprint"
    wrong_keys+=("$id")
  fi
  retry_command list_set "$STORE_PATH/$id" "$work/listing" || refuse_store "cannot be listed at $id"
  compare_set "$work/manifest" "$work/listing" >"$work/differences"
  if [[ -s $work/differences ]] && is_gone "$id"; then return 0; fi
  while IFS=$'\t' read -r key line; do damage "$id" "$key" "$line"; done <"$work/differences"
  printf '%s %s\n' "$id" "${facts#* * }" >>"$work/checked"
  call_jq -r --argjson count "$VERIFY_SHARE" --argjson share "$share" "$shares_program" "$work/manifest" >>"$work/queue"
}

check_sets() {
  local line ids=()
  retry_command list_sets "$STORE_PATH" "$work/sets" || refuse_store 'cannot be listed'
  while IFS= read -r line; do
    [[ ! $line =~ ^([1-9][0-9]{0,9})/manifest\.json$ ]] || ids+=("${BASH_REMATCH[1]}")
  done <"$work/sets"
  ((${#ids[@]} > 0)) || refuse 19 "$STORE_PATH has no committed set" 'Look at the backups: there is nothing to restore.'
  for line in "${ids[@]}"; do check_set "$line"; done
  log_line "${#ids[@]} sets are listed; reading share $((share + 1)) of $VERIFY_SHARE"
}

# read_file LINE: a difference is looked at twice, since a broken connection looks like one, and a missing file whose
# listing was right has gone since.
read_file() {
  local id path size sum got try
  IFS=$'\t' read -r id path size sum <<<"$1"
  for try in 1 2; do
    got=$(read_back "$STORE_PATH/$id/$path") || got=''
    if [[ $got == "$sum" ]]; then
      printf '%s\n' "$size" >>"$work/read"
      return 0
    fi
    ((EPOCHSECONDS < deadline)) || return 1
  done
  if is_gone "$id"; then return 0; fi
  if [[ -z $got ]]; then
    # What the listing has and the store does not give is out of reach now: nobody knows whether it is damaged.
    log_line "$STORE_PATH/$id/$path cannot be read"
    return 1
  fi
  damage "$id" "$path" 'has another content than its manifest says'
}

read_share() {
  limit=$TRANSFER_TIMEOUT_SECONDS
  set_deadline "$TRANSFER_TIMEOUT_SECONDS"
  # A file that the listing has shown to be missing is damaged already.
  call_jq -rR --rawfile damaged "$work/damaged" '($damaged | split("\n")[:-1] | map(split("\t")[0:2])) as $known
    | . as $line | (. / "\t")[0:2] as $file | select(any($known[]; . == $file) | not) | $line' \
    "$work/queue" >"$work/todo"
  run_parallel "$TRANSFERS" "$work/todo" read_file ||
    refuse_store "does not give its files in $TRANSFER_TIMEOUT_SECONDS seconds"
  whole=yes
}

# print_state CODE: what the status ConfigMap and stdout get. A share counts as read if all of it was, right or not, so
# that a damaged file does not keep the others from being read; the last whole pass counts only what was right.
print_state() {
  local warning
  for warning in "${warnings[@]}"; do printf '%s\n' "$warning"; done >"$work/warnings"
  read_clock
  call_jq -n -c --argjson code "$1" --argjson count "$VERIFY_SHARE" --argjson share "${share:-null}" \
    --arg whole "$whole" --argjson began "$began" --argjson now "$now" --arg version "$PACKAGE_VERSION" \
    --slurpfile old "$work/previous" --rawfile checked "$work/checked" --rawfile damaged "$work/damaged" \
    --rawfile read "$work/read" \
    --rawfile warnings "$work/warnings" '
    def lines: split("\n")[:-1];
    ($damaged | lines | map(split("\t") | {backupId: (.[0] | tonumber), path: .[1], fact: .[2]})) as $damage
    | ($read | lines | map(tonumber)) as $sizes | ($now | todate) as $time
    | (if $old[0].count == $count then $old[0].shares // {} else {} end) as $shares
    | (if $whole == "" then $shares
       else $shares + {"\($share)": ({read: $time, right: $shares["\($share)"].right}
         | if $code == 0 then .right = $time else . end)} end) as $shares
    | ([range($count) | $shares["\(.)"].right] | if any(.[]; . == null) then null else min end) as $pass
    | {state: (if $code == 0 then "right" elif $damage != [] then "damaged" else "failed" end), exitCode: $code,
       time: $time, seconds: ($now - $began), version: $version, count: $count, share: $share,
       sets: [$checked | lines[] | split(" ") | {backupId: (.[0] | tonumber), bytes: (.[1] | tonumber),
         files: (.[2] | tonumber)}],
       read: {files: ($sizes | length), bytes: ($sizes | add // 0)}, damaged: $damage,
       lastWholePass: ($pass // (if $old[0].count == $count then null else $old[0].lastWholePass end)),
       lastRight: (if $code == 0 then $time else $old[0].lastRight end), shares: $shares,
       warnings: ($warnings | lines)}' >"$work/state"
}

# The ConfigMap has no room for thousands of names; the report has them all.
end_run() {
  local code=$1
  [[ -s $work/previous ]] || return 0
  print_state "$code"
  call_jq -c '.damaged |= .[0:50]
    | .sets |= {count: length, bytes: (map(.bytes) | add // 0), newest: (map(.backupId) | max)}' \
    "$work/state" >"$work/short"
  patch_status verify "$work/short"
  push_metrics chartwright_verification "$metrics_program"
  call_jq . "$work/state"
}

metrics_program='(.time | fromdate) as $now | def moment: if . == null then null else fromdate end;
  {last_attempt_timestamp_seconds: $now, last_attempt_duration_seconds: .seconds,
   last_attempt_success: (if .exitCode == 0 then 1 else 0 end), last_success_timestamp_seconds: (.lastRight | moment),
   last_whole_pass_timestamp_seconds: (.lastWholePass | moment)}'

end_verify() {
  if [[ -s $work/damaged ]]; then
    refuse 20 'files are damaged in the store, see above' \
      'Bring back earlier versions of these objects. A set that stays damaged cannot be restored: take a backup now.'
  fi
  ((${#wrong_keys[@]} == 0)) || refuse 24 "backups ${wrong_keys[*]} were encrypted with another key" \
    'Keep each key as long as sets that were written with it; these cannot be restored with this one.'
  log_line 'all is right'
}

main() {
  read_environment
  start_run
  check_programs cat date jq kubectl mktemp rclone rm sha256sum sleep timeout
  read_clock
  began=$now share='' whole='' fault='' wrong_keys=()
  : >"$work/damaged"
  : >"$work/checked"
  : >"$work/queue"
  : >"$work/read"
  set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
  choose_share
  check_store
  check_owner "$STORE_PATH"
  check_sets
  read_share
  end_verify
}

main "$@"
