import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sarifLog } from '../../problem/index.js';
import type { RuleFacts } from '../../values/index.js';
import type { Report } from '../report.js';
import { ruleMarkdown } from '../rule-page.js';
import { entryOf } from './entry.js';

const levels = { error: 'error', warning: 'warning', info: 'note' } as const;

/** The program that a report says it is from. */
export interface Reporter {
  readonly version: string;
  /** Address of the project. @default - rules get no link to their page */
  readonly homepage?: string;
}

/** A report as SARIF 2.1.0, with the rules that were broken. */
export function sarifReport({ findings, unreadable }: Report, { version, homepage }: Reporter): string {
  const rules = [...new Map(findings.map(({ rule }) => [rule.id, rule])).values()];
  return sarifLog({
    version,
    ...(homepage === undefined ? {} : { homepage }),
    rules: rules.map((rule) => describe(rule, homepage)),
    complete: unreadable.length === 0,
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => {
      const { rule, severity, file, line, column, endLine, endColumn, path, message, fix } = entryOf(finding);
      return {
        ruleId: rule,
        ruleIndex: rules.findIndex(({ id }) => id === rule),
        level: levels[severity],
        message: { text: `${message}. ${fix}` },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: uriOf(file) },
              region: { startLine: line, startColumn: column, endLine, endColumn },
            },
            ...(path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: path, kind: 'member' }] }),
          },
        ],
        // Stays when lines move, so that an alert is recognised after a change elsewhere in the file.
        partialFingerprints: { 'chartwright/v1': `${rule}:${file}:${path}` },
      };
    }),
  });
}

function describe(rule: RuleFacts, homepage: string | undefined): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.why },
    ...(homepage === undefined
      ? {}
      : { helpUri: `${homepage.replace(/#.*$/, '')}/blob/main/docs/rules/${rule.id}.md` }),
    help: { text: `${rule.why}\n\n${rule.fix}`, markdown: ruleMarkdown(rule) },
    defaultConfiguration: { level: levels[rule.severity] },
  };
}

const uriOf = (file: string): string =>
  isAbsolute(file) ? pathToFileURL(file).href : file.split(/[\\/]/).map(encodeURIComponent).join('/');
