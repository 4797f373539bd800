/**
 * The last JSON object in a log, on one line or several: what a script prints as its result. Its other lines begin with
 * the script’s name.
 */
export function lastReport(log: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  for (let start = log.length - 1; start >= 0; start--) {
    if (!log[start]!.startsWith('{')) continue;
    for (let end = start + 1; end <= log.length; end++) {
      if (!log[end - 1]!.endsWith('}')) continue;
      try {
        return JSON.parse(log.slice(start, end).join('\n')) as Record<string, unknown>;
      } catch {
        // it goes on
      }
    }
  }
  return undefined;
}

/** The fact of a script’s refusal, and what to do: its lines `error: …` and `hint: …`. */
export function refusal(log: readonly string[]): { fact: string; hint: string } | undefined {
  const find = (word: string) => {
    const line = log.findLast((text) => text.includes(`: ${word}: `));
    return line?.slice(line.indexOf(`: ${word}: `) + word.length + 4);
  };
  const fact = find('error');
  return fact === undefined ? undefined : { fact, hint: find('hint') ?? 'Look at the log above.' };
}
