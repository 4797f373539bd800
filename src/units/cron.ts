import { z } from 'zod';
import { isTraced } from './leaf.js';

/** What a field of a schedule may hold, in the order of the fields. */
const fields: readonly { name: string; least: number; most: number; names: readonly string[] }[] = [
  { name: 'minute', least: 0, most: 59, names: [] },
  { name: 'hour', least: 0, most: 23, names: [] },
  { name: 'day of the month', least: 1, most: 31, names: [] },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', least: 0, most: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** The macros that Kubernetes takes too, as five fields. */
export const cronMacros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** One field as it was read: its values, and whether it is open, which days of month and week are joined by. */
interface Field {
  readonly values: ReadonlySet<number>;
  readonly open: boolean;
}

/**
 * Reads five fields as Kubernetes does (robfig/cron’s standard parser), its leniencies included: `?` is `*`, `5/10` goes
 * on to the end, `007` and `+7` are 7, an empty place in a list is passed over.
 *
 * @returns the fields, or what is wrong
 */
function parse(schedule: string): readonly Field[] | string {
  const macro = cronMacros[schedule.trim()];
  if (macro) return `a macro instead of five fields: write "${macro}", with a minute that other jobs do not have`;
  if (schedule.trim().startsWith('@')) return 'a macro instead of five fields';
  if (schedule.includes('TZ')) return 'a time zone has no place in it: use timeZone';
  const texts = schedule.split(/[ \t]+/).filter((text) => text !== '');
  if (texts.length !== fields.length) return `${texts.length} fields, not five`;
  const read: Field[] = [];
  for (const [index, field] of fields.entries()) {
    const values = new Set<number>();
    let open = false;
    for (const part of texts[index]!.split(',').filter((text) => text !== '')) {
      const range = parseRange(part, field);
      if (typeof range === 'string') return `the ${field.name} ${range}`;
      for (let value = range.start; value <= range.end; value += range.step) values.add(value);
      open ||= range.open;
    }
    read.push({ values, open });
  }
  return read;
}

function parseRange(text: string, { least, most, names }: (typeof fields)[number]) {
  const [range = '', stepText, ...moreSteps] = text.split('/');
  const [startText = '', endText, ...moreEnds] = range.split('-');
  if (moreSteps.length > 0) return 'has two slashes';
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (step === undefined || step === 0) return 'has a step that is not a whole number from 1';
  // Whatever stands behind "*-" is passed over there.
  if (startText === '*' || startText === '?') return { start: least, end: most, step, open: step === 1 };
  if (moreEnds.length > 0) return 'has two hyphens';
  const numberOf = (word: string) => {
    const name = names.indexOf(word.toLowerCase());
    return name < 0 ? wholeNumber(word) : least + name;
  };
  const start = numberOf(startText);
  const last = endText === undefined ? start : numberOf(endText);
  if (start === undefined || last === undefined) return `is not from ${least} to ${most}`;
  const end = endText === undefined && stepText !== undefined ? most : last;
  if (start < least || end > most) return `is not from ${least} to ${most}`;
  if (start > end) return 'has a range that ends before it starts';
  return { start, end, step, open: false };
}

function wholeNumber(text: string): number | undefined {
  if (!/^\+?[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** What is wrong with a schedule of five fields, or undefined for one that {@link cronSchedule} takes. */
export function cronFault(schedule: string): string | undefined {
  const read = parse(schedule);
  return typeof read === 'string' ? read : undefined;
}

/**
 * A schedule of five fields, exactly as far as Kubernetes takes it. Stricter than Kubernetes in three places: macros
 * (`@daily`, `@every 1h`) are refused, because everybody’s jobs would start in the same minute; `TZ=` is refused, as it
 * is for every new CronJob; and fields are separated by spaces and tabs only.
 */
export const cronSchedule = () =>
  z.string().superRefine((schedule, context) => {
    const fault = isTraced(schedule) ? undefined : cronFault(schedule);
    if (fault === undefined) return;
    context.addIssue({
      code: 'custom',
      message: fault,
      params: { allowed: 'minute, hour, day of the month, month and day of the week, such as "17 2 * * *"' },
    });
  });

/** The times between two runs of a schedule, in seconds. */
export interface CronIntervals {
  readonly shortest: number;
  readonly longest: number;
}

const dayMinutes = 24 * 60;
/** After so many days the days of the week come back to the same dates. */
const calendarDays = 28 * 365 + 7;

/**
 * The shortest and the longest time between two runs of a schedule, or undefined for one that never runs, such as
 * `0 0 31 2 *`. Changes to and from daylight saving time are not counted.
 *
 * @param schedule what {@link cronSchedule} takes
 */
export function cronIntervals(schedule: string): CronIntervals | undefined {
  if (!known.has(schedule)) {
    if (known.size >= mostKnown) known.clear();
    known.set(schedule, intervalsOf(schedule));
  }
  return known.get(schedule);
}

/** A chart is made from thousands of runs over a few schedules, and going through the calendar takes 3 ms. */
const known = new Map<string, CronIntervals | undefined>();
const mostKnown = 1000;

function intervalsOf(schedule: string): CronIntervals | undefined {
  const read = parse(schedule);
  if (typeof read === 'string') return undefined;
  const [minute, hour, dayOfMonth, month, dayOfWeek] = read as [Field, Field, Field, Field, Field];
  const times = [...hour.values]
    .flatMap((hours) => [...minute.values].map((minutes) => hours * 60 + minutes))
    .sort((a, b) => a - b);
  // A field with a star does not count; with two restricted fields one of them suffices.
  const matches = (date: Date) => {
    const inMonth = dayOfMonth.values.has(date.getUTCDate());
    const inWeek = dayOfWeek.values.has(date.getUTCDay());
    const day = dayOfMonth.open || dayOfWeek.open ? inMonth && inWeek : inMonth || inWeek;
    return day && month.values.has(date.getUTCMonth() + 1);
  };
  const days = Array.from({ length: calendarDays }, (_, day) => day).filter((day) =>
    matches(new Date(Date.UTC(2000, 0, 1 + day))),
  );
  if (times.length === 0 || days.length === 0) return undefined;
  const overNight = times[0]! - times.at(-1)!;
  const withinDay = times.slice(1).map((time, index) => time - times[index]!);
  // The calendar repeats, so behind the last day comes the first one again.
  const dayGaps = new Set([...days.slice(1), days[0]! + calendarDays].map((day, index) => day - days[index]!));
  const between = [...withinDay, ...[...dayGaps].map((gap) => gap * dayMinutes + overNight)];
  return { shortest: Math.min(...between) * 60, longest: Math.max(...between) * 60 };
}

/** Names without a slash that every list of time zones has. */
const shortNames = ['UTC', 'GMT'];

/**
 * A time zone by its IANA name, as the API server takes it: letter by letter, no offsets, no abbreviations, not `Local`.
 */
export const timeZone = () =>
  z.string().refine((name) => isTraced(name) || isTimeZone(name), {
    error: 'not a time zone',
    params: { allowed: 'an IANA name, such as Etc/UTC or Europe/Stockholm' },
  });

function isTimeZone(name: string): boolean {
  if (shortNames.includes(name)) return true;
  if (!/^[A-Z][A-Za-z_]+(\/[A-Za-z0-9+_-]+)+$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
  } catch {
    return false;
  }
  // Here case does not count, in the cluster it does.
  const lower = name.toLowerCase();
  const known = Intl.supportedValuesOf('timeZone').find((other) => other.toLowerCase() === lower);
  return known === undefined || known === name;
}
