/** The one run that a SARIF report is of. */
export interface SarifRun {
  /** Version of this program. */
  readonly version: string;
  /** Address of the project. @default - none */
  readonly homepage?: string;
  /** The rules that results refer to, as SARIF has them. */
  readonly rules: readonly object[];
  readonly results: readonly object[];
  /** Whether everything was looked at. @default true */
  readonly complete?: boolean;
  /** What columns count, where results have some. */
  readonly columnKind?: 'utf16CodeUnits';
}

/** A report as SARIF 2.1.0, as code scanning reads it. */
export function sarifLog({ version, homepage, rules, results, complete = true, columnKind }: SarifRun): string {
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'chartwright',
            version,
            semanticVersion: version,
            ...(homepage === undefined ? {} : { informationUri: homepage }),
            rules,
          },
        },
        // What could not be read says that the run has not seen everything.
        invocations: [{ executionSuccessful: complete }],
        ...(columnKind ? { columnKind } : {}),
        results,
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
