/** Where the stand-in finds things in the toolbox. */
export const standInPaths = {
  /** The real kubectl. */
  kubectl: '/image/kubectl/kubectl',
  /** nsenter with the right to enter the pods, whoever runs it. */
  enter: '/image/kubectl/nsenter',
  /** Folder of the cluster's pods: `<pod>/<container>` holds a process id. */
  pods: '/image/pods',
  /** Folder of one run, for what its commands write down. */
  state: '/image/state',
  /** Folder for what the API server has allowed; the Role does not change while a toolbox lives. */
  allowed: '/image/allowed',
} as const;

/**
 * A program to be named `kubectl`: it plays `exec` into the pods of an `NdbCluster`, and everything else is the real
 * kubectl's. Before an exec it asks the real API server whether this service account may get the pod and use `exec` with
 * `get` (WebSocket) and with `create` (SPDY), since clients and servers differ in which they take. As with the real one,
 * what runs in the pod lives on when the client is killed, sees the end of its input then, and gets input only with `-i`.
 */
export const kubectlStandIn = `#!/bin/bash
set -uo pipefail
real=${standInPaths.kubectl} pods=${standInPaths.pods} allowed=${standInPaths.allowed}
given=("$@") before=()
while (($# > 0)) && [[ $1 == -* ]]; do
  before+=("$1")
  case $1 in -n | --namespace | --request-timeout | --kubeconfig | --context | --token | -v) before+=("$2"); shift ;; esac
  shift
done
[[ \${1-} == exec ]] || exec "$real" "\${given[@]}"
shift
pod='' container='' interactive=false
while (($# > 0)); do
  case $1 in
    --) shift; break ;;
    -c | --container) container=$2; shift ;;
    --container=*) container=\${1#*=} ;;
    -i | --stdin | --stdin=true) interactive=true ;;
    -n | --namespace | --request-timeout | --pod-running-timeout) before+=("$1" "$2"); shift ;;
    -*) before+=("$1") ;;
    *) [[ -z $pod ]] || { echo "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead" >&2; exit 1; }
       pod=\${1#pod/} ;;
  esac
  shift
done
(($# > 0)) || { echo 'error: you must specify at least one command for the container' >&2; exit 1; }
for ask in "get pods/$pod" "get pods/$pod --subresource=exec" "create pods/$pod --subresource=exec"; do
  answered="$allowed/\${ask//[ \\/]/_}"
  [[ -e $answered ]] && continue
  # shellcheck disable=SC2086
  if answer=$("$real" "\${before[@]}" auth can-i $ask 2>&1); then
    : >"$answered"
  elif [[ \${answer##*$'\\n'} == no* ]]; then
    echo "Error from server (Forbidden): pods \\"$pod\\" is forbidden: User cannot $ask" >&2
    exit 1
  else
    printf '%s\\n' "$answer" >&2
    exit 1
  fi
done
[[ -d $pods/$pod ]] || { echo "Error from server (NotFound): pods \\"$pod\\" not found" >&2; exit 1; }
[[ -f $pods/$pod/$container ]] || { echo "Error from server (BadRequest): container $container is not valid for pod $pod" >&2; exit 1; }
if $interactive; then exec 3<&0; else exec 3</dev/null; fi
# A session of its own: who kills the toolbox does not reach into the pod.
/usr/bin/setsid ${standInPaths.enter} --target "$(<"$pods/$pod/$container")" --mount --pid --root --wd --setuid 1000 --setgid 1000 \\
  /image/enter "$@" <&3 3<&- &
child=$!
exec 3<&- </dev/null
trap 'exit 143' TERM
code=0
wait "$child" || code=$?
((code == 0)) || echo "command terminated with exit code $code" >&2
exit "$code"
`;
