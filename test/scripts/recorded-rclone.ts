import { execFileSync } from 'node:child_process';
import { programPath } from '../programs/find.js';
import type { S3Server } from '../programs/s3-server.js';

/**
 * A program to be named `rclone` that does what the scripts ask of a store in the folder that the server serves, as the
 * real one was recorded to do it through the server. To start the real one takes longer than all else that a command of a
 * script does, and a run has forty of them. Whatever is not an everyday question goes to the real one: other options, odd
 * names, a bucket that is not there, content that is not what a hash says. `recorded-rclone.test.ts` holds the two together.
 */
export function recordedRclone({ folder }: Pick<S3Server, 'folder'>): string {
  version ??= execFileSync(programPath('rclone'), ['--config', '', 'version'], { encoding: 'utf8' });
  return program
    .replaceAll('@rclone@', programPath('rclone'))
    .replaceAll('@store@', folder)
    .replaceAll('@version@', version.trimEnd());
}

let version: string | undefined;

const program = `#!/bin/bash
set -euo pipefail
given=("$@") found=$PATH
PATH=/usr/bin:/bin
ask_rclone() { PATH=$found exec '@rclone@' "\${given[@]}"; }
while [[ \${1-} == --* ]]; do shift 2; done # those before the verb all have a value
verb=$1 inside=''
shopt -s nullglob dotglob
# plain FOLDER: sets \`files\` to what is in it, which must be files with everyday names.
plain() {
  [[ -d $1 ]] || ask_rclone
  files=("$1"/*)
  ((\${#files[@]} > 0)) || ask_rclone
  local file
  for file in "\${files[@]}"; do
    [[ -f $file && ! -L $file && \${file##*/} =~ ^[A-Za-z0-9_-][A-Za-z0-9._-]*$ ]] || ask_rclone
  done
}
# check_sums SUMS FOLDER ONE-WAY: only what is right. What differs, the real one has to say.
check_sums() {
  plain "$2"
  [[ -s $1 ]] && (cd "$2" && sha256sum --strict --status -c "$1" 2>/dev/null) || ask_rclone
  mapfile -t lines <"$1"
  [[ -n $3 ]] || ((\${#lines[@]} == \${#files[@]})) || ask_rclone
}

case "$*" in
  version) cat <<'VERSION'
@version@
VERSION
    exit ;;
  "hashsum sha256 /"*) (($# == 3)) || ask_rclone
    plain "$3"
    cd "$3" && exec sha256sum "\${files[@]##*/}" ;;
  "checksum sha256 /"*) (($# == 4)) && [[ $4 == /* ]] || ask_rclone
    check_sums "$3" "$4" ''
    exit ;;
esac
for word; do [[ $word != store:* ]] || inside=\${word#store:}; done
[[ $inside =~ ^[A-Za-z0-9_-]+(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$ && -d @store@/\${inside%%/*} ]] || ask_rclone
shift
bucket=@store@/\${inside%%/*} path=@store@/$inside
[[ $inside == */* ]] || [[ "$verb $*" == "lsf --max-depth 1 store:"* ]] || ask_rclone
inside=\${inside#*/}

# put: stdin becomes the object, all of it at once.
put() {
  [[ -d \${path%/*} ]] || mkdir -p "\${path%/*}"
  cat >"@store@/.put.$$"
  [[ -z \${1-} || $(stat -c %s "@store@/.put.$$") == "$1" ]] || exit 1
  mv -T "@store@/.put.$$" "$path"
}
# A folder of the store is there as long as an object is in it.
remove_empty() { cd "$bucket" && rmdir -p --ignore-fail-on-non-empty "$1" 2>/dev/null || :; }
# list DEPTH TIME TESTS…: JSON as rclone lsjson prints it.
list() {
  local depth=$1 time=$2 text='' line
  shift 2
  local common="\\"Path\\":\\"%P\\",\\"Name\\":\\"%f\\",\\"Size\\":"
  [[ ! -d $path ]] || text=$(find "$path" -mindepth 1 -maxdepth "$depth" "$@" \\
    \\( -regex '.*[^A-Za-z0-9._/-].*' -printf '!\\n' -o -type d -printf "{\${common}0,\\"ModTime\\":\\"\\",\\"IsDir\\":true}\\n" \\
    -o -printf "{$common%s,\\"ModTime\\":\\"$time\\",\\"IsDir\\":false}\\n" \\) | LC_ALL=C sort)
  [[ $text != *'!'* ]] || ask_rclone
  text=\${text//$'\\n'/,$'\\n'}
  # S3 gives whole seconds.
  [[ -z $time ]] || text=$(sed -E 's/(T[0-9]{2}:[0-9]{2}:[0-9]{2})\\.[0-9]+Z"/\\1.000000000Z"/' <<<"$text")
  printf '[\\n%s]\\n' "\${text:+$text$'\\n'}"
}

case "$verb $*" in
  "cat store:"*) (($# == 1)) && [[ ! -d $path ]] || ask_rclone
    [[ ! -e $path ]] || exec cat "$path" ;;
  "copyto --ignore-times "*) (($# == 3)) && [[ -f $2 && ! -d $path ]] || ask_rclone
    put <"$2" ;;
  "copyto --ignore-existing /"*) (($# == 3)) && [[ -f $2 && ! -d $path ]] || ask_rclone
    [[ -e $path ]] || put <"$2" ;;
  "copyto --retries 3 --low-level-retries 10 store:"*) (($# == 6)) && [[ -f $path && $6 == /* && ! -d $6 ]] || ask_rclone
    cp -p "$path" "$6" ;;
  "copy --transfers "*) [[ $3 == --ignore-times ]] && shift
    (($# == 4)) && [[ $3 == /* ]] || ask_rclone
    plain "$3"
    mkdir -p "$path" "@store@/.put.$$"
    cp -t "@store@/.put.$$" "\${files[@]}" && mv -t "$path" "@store@/.put.$$"/* && rmdir "@store@/.put.$$" ;;
  "copy --ignore-checksum --retries 3 --low-level-retries 10 store:"*) (($# == 7)) && [[ $7 == /* ]] || ask_rclone
    plain "$path"
    mkdir -p "$7" && cp -p -t "$7" "\${files[@]}" ;;
  "copy --include /*/manifest.json --include /*/started.json store:"*) (($# == 6)) && [[ -d $path ]] || ask_rclone
    cd "$path"
    files=(*/manifest.json */started.json)
    ((\${#files[@]} > 0)) || ask_rclone
    mkdir -p "$6" && cp -p --parents -t "$6" "\${files[@]}" ;;
  "delete --exclude /started.json store:"*) (($# == 3)) && [[ -d $path ]] || ask_rclone
    find "$path" -mindepth 1 -type f ! -path "$path/started.json" -delete
    find "$path" -depth -type d -empty -delete
    remove_empty "$inside" ;;
  "checksum sha256 --download --checkers "*) (($# == 6)) && [[ $5 == /* ]] || ask_rclone
    check_sums "$5" "$path" '' ;;
  "checksum sha256 --download --one-way --checkers "*) (($# == 7)) && [[ $6 == /* ]] || ask_rclone
    check_sums "$6" "$path" yes ;;
  "lsf --use-server-modtime --format stp --separator ; store:"*) (($# == 6)) || ask_rclone
    # S3 knows no times of folders.
    [[ ! -d $path ]] || find "$path" -mindepth 1 -maxdepth 1 \\( -type d -printf '-1;2000-01-01 00:00:00;%f/\\n' \\
      -o -printf '%s;%TY-%Tm-%Td %TH:%TM:%TS;%f\\n' \\) | sed -E 's/\\.[0-9]+;/;/' | LC_ALL=C sort -t ';' -k 3 ;;
  "lsf -R --files-only --fast-list --use-server-modtime --format tsp --separator ; store:"*) (($# == 9)) || ask_rclone
    [[ ! -d $path ]] || find "$path" -mindepth 1 -type f -printf '%TY-%Tm-%Td %TH:%TM:%TS;%s;%P\\n' |
      sed -E 's/\\.[0-9]+;/;/' | LC_ALL=C sort -t ';' -k 3 ;;
  "rcat --size "*" --ignore-checksum store:"*) (($# == 4)) && [[ ! -d $path ]] || ask_rclone
    put "$2" ;;
  "deletefile store:"*) [[ -f $path ]] || ask_rclone
    rm "$path"
    remove_empty "\${inside%/*}" ;;
  "delete --files-from-raw "*) [[ -d $path ]] || ask_rclone
    while IFS= read -r name; do [[ -f $path/$name ]] || ask_rclone; done <"$2"
    while IFS= read -r name; do rm "$path/$name"; (remove_empty "$inside/$(dirname "$name")"); done <"$2" ;;
  "rmdirs store:"*) [[ ! -e $path ]] || ask_rclone ;;
  "copy --files-from-raw "*) (($# == 4)) || ask_rclone
    while IFS= read -r name; do [[ -f $path/$name ]] || ask_rclone; done <"$2"
    mkdir -p "$4"
    cd "$path" && xargs -r -d '\\n' cp -p --parents -t "$4" <"$2" ;;
  "lsf --max-depth 1 store:"*) [[ -d $path ]] || ask_rclone
    find "$path" -mindepth 1 -maxdepth 1 ! -name '.*' \\( -type d -printf '%f/\\n' -o -printf '%f\\n' \\) | LC_ALL=C sort ;;
  "lsf -R --files-only --max-depth 2 --include /*/started.json --include /*/manifest.json store:"*)
    [[ ! -d $path ]] || find "$path" -mindepth 2 -maxdepth 2 -type f \\( -name started.json -o -name manifest.json \\) \\
      -printf '%P\\n' | LC_ALL=C sort ;;
  "lsjson --no-modtime --no-mimetype store:"*) list 1 '' ;;
  "lsjson -R --files-only --no-modtime --no-mimetype store:"*) list 99 '' -type f ;;
  "lsjson -R --files-only --no-mimetype --use-server-modtime store:"*) list 99 '%TY-%Tm-%TdT%TH:%TM:%TSZ' -type f ;;
  *) ask_rclone ;;
esac
`;
