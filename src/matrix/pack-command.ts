import type { JobSpec } from './job-spec.ts';
import { quoteForShell } from './shell-quote.ts';

/** What begins a line that says how the trials of a pack stand: `[kube-toolbox/pack] [0,null,3]`. */
export const packMarker = '[kube-toolbox/pack] ';

/** Seconds after which that line is printed again, so that the end of a long log has one. */
export const markerInterval = 60;

/**
 * The bash text that runs trials side by side. Each line they print has their name in front. Whenever one ends,
 * the exit codes so far go, as a JSON list, into the log and to where Kubernetes reads a container's last words:
 * whatever becomes of the container then, they are known. Ends with 0 when all trials did. What a trial leaves
 * running is not waited for.
 *
 * @param envOf the variables of a trial
 */
export function packCommand(
  members: readonly JobSpec[],
  envOf: (spec: JobSpec) => Readonly<Record<string, string>>,
): string {
  const starts = members.map((member, index) => {
    const variables = Object.entries({ ...envOf(member), ...trialVariables(member) })
      .map(([key, value]) => `${key}=${quoteForShell(value)}`)
      .join(' ');
    return `start ${index} ${member.name} ${quoteForShell(member.command)} ${variables} &
pids+=($!)`;
  });
  return `names=(${members.map(({ name }) => name).join(' ')}) pids=() readers=()
codes=(${members.map(() => 'null').join(' ')}) left=${members.length} failed=0 told=$SECONDS
folder=$(mktemp -d 2>/dev/null || mktemp -d ./.pack.XXXXXX) || exit 1
mkfifo "$folder/ends" && exec 9<>"$folder/ends" || exit 1
prefixed() {
  trap '' TERM INT HUP
  while IFS= read -r line || [ -n "$line" ]; do printf '[%s] %s\\n' "$1" "$line"; done
}
start() {
  trap : TERM INT HUP
  index=$1 name=$2 text=$3
  shift 3
  env -- "$@" bash -c "$text" >"$folder/$index" 2>&1 9>&-
  printf '%s %s\\n' "$index" "$?" >&9
} 2>/dev/null
ended() {
  # What the trial has printed comes before its end; what it left running may hold the pipe for ever.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "\${readers[$1]}" 2>/dev/null || break
    sleep 0.1
  done
  printf '[%s] kube-toolbox: ended with exit code %s\\n' "\${names[$1]}" "$2"
  codes[$1]=$2 left=$((left - 1))
  [ "$2" -eq 0 ] || failed=1
  tell
}
tell() {
  list=$(IFS=,; printf '[%s]' "\${codes[*]}") told=$SECONDS
  printf '%s' "$list" 2>/dev/null >"\${TOOLBOX_LAST_WORDS:-/dev/termination-log}" || :
  printf '${packMarker}%s\\n' "$list"
}
# The trials get signals themselves; this waits for how they end.
trap : TERM INT HUP
for index in "\${!names[@]}"; do
  mkfifo "$folder/$index" || exit 1
  prefixed "\${names[$index]}" <"$folder/$index" 9>&- &
  readers+=($!)
done
${starts.join('\n')}
while [ $left -gt 0 ]; do
  if IFS=' ' read -r -t 2 index code <&9; then
    ended "$index" "$code"
    continue
  fi
  for index in "\${!pids[@]}"; do
    [ "\${codes[$index]}" = null ] && ! kill -0 "\${pids[$index]}" 2>/dev/null || continue
    # It may have said so between the two.
    if IFS=' ' read -r -t 1 first code <&9; then
      ended "$first" "$code"
      break
    fi
    # Killed before it could say how the trial ended.
    wait "\${pids[$index]}" 2>/dev/null
    ended "$index" $?
  done
  if [ $failed$left != 0\${#names[@]} ] && [ $((SECONDS - told)) -ge ${markerInterval} ]; then tell; fi
done
rm -rf "$folder"
exit $failed
`;
}

function trialVariables({ name, trial }: JobSpec): Readonly<Record<string, string>> {
  return {
    TOOLBOX_NAME: name,
    TOOLBOX_MODEL: trial.model,
    TOOLBOX_DATASET: trial.dataset,
    TOOLBOX_HPARAM: JSON.stringify(Object.fromEntries(trial.hparam.map(({ key, text }) => [key, text]))),
  };
}
